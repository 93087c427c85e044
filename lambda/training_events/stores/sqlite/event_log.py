"""The event log in a SQLite file, for a laptop. Several programs may write to it at once."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING
from zlib import crc32

from training_events.errors import Conflict
from training_events.stores.damage import event_or_damaged, undamaged
from training_events.stores.dynamodb.item import to_item
from training_events.stores.event_log import Alteration, Appended, Page
from training_events.stores.sqlite.database import PAGE_BYTES, weight
from training_events.stores.sqlite.row import COLUMNS, DATA, ENTRY_COLUMNS, from_row, to_bytes, to_entries, to_row, to_text
from training_events.times import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training_events.event import Event, LogEntry, RecordedEvent
    from training_events.stores.event_log import Damaged
    from training_events.stores.sqlite.database import Database

# Keys are given as bytes and cast to text, so that a key that is not UTF-8 (only an altered log has one) can be asked for too.
_STREAM = "FROM events WHERE stream = CAST(? AS TEXT) AND position > CAST(? AS TEXT) AND position < ? ORDER BY position"
_EVENTS = f"SELECT {', '.join(COLUMNS)} {_STREAM}"
_ENTRIES = f"SELECT {', '.join(ENTRY_COLUMNS)} {_STREAM}"
_ABOVE_ALL_TEXT = b""
"""SQLite: any text is less than any blob, and this is the least blob."""
_ARRIVALS = (
    f"SELECT number, stream, {', '.join(ENTRY_COLUMNS)} FROM arrivals CROSS JOIN events USING (stream, position)"  # noqa: S608
    " ORDER BY number LIMIT ?"  # CROSS JOIN: SQLite keeps this order, with one look-up for each arrival
)
# The first alteration of an event has the digest with which it was recorded
_ALTERATIONS = (
    "SELECT number, at, what, stream, position, digest FROM alterations AS first WHERE number > ?"
    " AND number = (SELECT min(number) FROM alterations WHERE stream = first.stream AND position = first.position)"
    " AND NOT EXISTS (SELECT 1 FROM events WHERE stream = first.stream AND position = first.position AND digest = first.digest)"
    " ORDER BY number"
)


class SqliteLog:
    """An EventLog in one database. `arrivals` are the events that are still to be projected."""

    def __init__(self, database: Database, clock: Callable[[], str] = now) -> None:
        self.database = database
        self._clock = clock

    def append(self, event: Event) -> Appended:
        recorded_at = self._clock()
        to_item(event, recorded_at)  # raises TooLarge as on AWS: a laptop's log can always be moved there
        row = to_row(event, recorded_at)
        with self.database.transaction() as connection:
            current = connection.execute("SELECT digest FROM events WHERE stream = ? AND position = ?", row[:2]).fetchone()
            if current is None:
                marks = ", ".join("?" * len(COLUMNS))
                connection.execute(f"INSERT INTO events ({', '.join(COLUMNS)}) VALUES ({marks})", row)  # noqa: S608
                return Appended.RECORDED
        if current == (event.digest,):
            return Appended.REPEATED
        key = f"{event.stream} {event.position}"
        raise Conflict(f"{event.digest} at {key!a}", f"the content recorded there, {current[0]}")

    def read(self, stream: str, *, after: str = "") -> Iterator[RecordedEvent]:
        return undamaged(self._records(stream, after))

    def audit(self, stream: str) -> Iterator[RecordedEvent | Damaged]:
        return self._records(stream, "")

    def _records(self, stream: str, after: str | bytes) -> Iterator[RecordedEvent | Damaged]:
        while rows := self.database.rows(_EVENTS, (to_bytes(stream), to_bytes(after), _ABOVE_ALL_TEXT)):
            for row in rows:
                yield event_or_damaged(stream, to_text(row[1]), row, from_row)
            after = rows[-1][1]

    def entries(self, stream: str, *, after: str = "", until: str | None = None) -> Iterator[LogEntry]:
        return chain.from_iterable(page for page, _ in self._pages(stream, after, until))

    def _pages(self, stream: str, after: str | bytes, until: str | None = None) -> Iterator[tuple[list[LogEntry], bytes]]:
        """Pages of entries, each with the key of its last one."""
        end = _ABOVE_ALL_TEXT if until is None else until + "$"  # sorts behind '#', which follows the time in every position
        while rows := self.database.rows(_ENTRIES, (to_bytes(stream), to_bytes(after), end), large=DATA):
            after = to_bytes(rows[-1][0])
            yield to_entries(rows), after

    def streams(self) -> Iterator[str]:
        return self._streams("")

    def _streams(self, after: str) -> Iterator[str]:
        # the index leads from each stream to the next one, without reading its events
        next_stream = "SELECT min(stream) FROM events WHERE stream > CAST(? AS TEXT) AND stream < X''"
        while (stream := self.database.rows(next_stream, (to_bytes(after),))[0][0]) is not None:
            yield (after := to_text(stream))

    def scan(self, part: int, parts: int, after: str | None = None) -> Iterator[Page]:
        resumed, position = json.loads(after) if after else ("", "")
        mine = (stream for stream in self._streams(resumed) if crc32(to_bytes(stream)) % parts == part)
        entries: list[tuple[str, LogEntry]] = []
        size = 0
        for stream in chain([resumed] if resumed else [], mine):
            for page, last in self._pages(stream, position if stream == resumed else ""):
                entries += ((stream, entry) for entry in page)
                size += weight(page, DATA)
                if size >= PAGE_BYTES:
                    yield Page(entries, json.dumps((stream, to_text(last))))
                    entries, size = [], 0
        yield Page(entries, None)

    def arrivals(self, limit: int) -> list[tuple[int, str, LogEntry]]:
        """Appended events that are not forgotten yet, in the order of their arrival, as (number, stream, entry).

        They are at most `limit`. The list is empty only when no event waits.
        """
        rows = self.database.rows(_ARRIVALS, (limit,), large=DATA)
        entries = to_entries([row[2:] for row in rows])
        return [(number, to_text(stream), entry) for (number, stream, *_), entry in zip(rows, entries, strict=True)]

    def forget_arrivals(self, up_to: int) -> None:
        """Forget the arrivals up to this number: they are projected."""
        with self.database.transaction(durable=False) as connection:  # if this is lost, they are projected once more
            connection.execute("DELETE FROM arrivals WHERE number <= ?", (up_to,))

    def alterations(self, stream: str | None = None) -> Iterator[Alteration]:
        number = 0
        while rows := self.database.rows(_ALTERATIONS, (number,)):
            number = rows[-1][0]
            alterations = (Alteration(*map(to_text, row[1:])) for row in rows)
            yield from (alteration for alteration in alterations if stream in (None, alteration.stream))
