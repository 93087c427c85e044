"""The event log in a SQLite file, for a laptop; several programs may write to it at once."""

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
from training_events.stores.sqlite.row import COLUMNS, ENTRY_COLUMNS, from_row, to_bytes, to_entries, to_row, to_text
from training_events.times import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training_events.event import Event, LogEntry, RecordedEvent
    from training_events.stores.event_log import Damaged
    from training_events.stores.sqlite.database import Database

# Keys are given as bytes and cast, so that also one that is not UTF-8 (as only an altered log has) can be asked for.
# Any text is below X'', the least blob.
_STREAM = "FROM events WHERE stream = CAST(? AS TEXT) AND position > CAST(? AS TEXT) AND position < ? ORDER BY position"
_EVENTS = f"SELECT {', '.join(COLUMNS)} {_STREAM}"
_ENTRIES = f"SELECT {', '.join(ENTRY_COLUMNS)} {_STREAM}"
_END = b""
_ARRIVALS = (
    f"SELECT number, stream, {', '.join(ENTRY_COLUMNS)} FROM arrivals CROSS JOIN events USING (stream, position)"  # noqa: S608
    " ORDER BY number LIMIT ?"  # CROSS JOIN: in this order, by one look-up for each arrival
)
# The first thing done to an event tells the digest it was recorded with
_ALTERATIONS = (
    "SELECT number, at, what, stream, position, digest FROM alterations AS one WHERE number > ?"
    " AND number = (SELECT min(number) FROM alterations WHERE stream = one.stream AND position = one.position)"
    " AND NOT EXISTS (SELECT 1 FROM events WHERE stream = one.stream AND position = one.position AND digest = one.digest)"
    " ORDER BY number"
)


class SqliteLog:
    """EventLog on one database, and what follows it: `arrivals` to project, `alterations` to tell of."""

    def __init__(self, database: Database, clock: Callable[[], str] = now) -> None:
        self.database = database
        self._clock = clock

    def append(self, event: Event) -> Appended:
        recorded_at = self._clock()
        to_item(event, recorded_at)  # too large for AWS is too large here: a log can always be taken there
        row = to_row(event, recorded_at)
        with self.database.transaction() as connection:
            there = connection.execute("SELECT digest FROM events WHERE stream = ? AND position = ?", row[:2]).fetchone()
            if there is None:
                marks = ", ".join("?" * len(COLUMNS))
                connection.execute(f"INSERT INTO events ({', '.join(COLUMNS)}) VALUES ({marks})", row)  # noqa: S608
                return Appended.RECORDED
        if there == (event.digest,):
            return Appended.REPEATED
        key = f"{event.stream} {event.position}"
        raise Conflict(f"{event.digest} at {key!a}", f"the content recorded there, {there[0]}")

    def read(self, stream: str, *, after: str = "") -> Iterator[RecordedEvent]:
        return undamaged(self._found(stream, after))

    def audit(self, stream: str) -> Iterator[RecordedEvent | Damaged]:
        return self._found(stream, "")

    def _found(self, stream: str, after: str | bytes) -> Iterator[RecordedEvent | Damaged]:
        while rows := self.database.rows(_EVENTS, (to_bytes(stream), to_bytes(after), _END)):
            for row in rows:
                yield event_or_damaged(stream, to_text(row[1]), row, from_row)
            after = rows[-1][1]

    def entries(self, stream: str, *, after: str = "", until: str | None = None) -> Iterator[LogEntry]:
        return chain.from_iterable(page for page, _ in self._pages(stream, after, until))

    def _pages(self, stream: str, after: str | bytes, until: str | None = None) -> Iterator[tuple[list[LogEntry], bytes]]:
        """Entries, and the key they end at."""
        end = _END if until is None else until + "$"  # follows '#', which follows the time in every position
        while rows := self.database.rows(_ENTRIES, (to_bytes(stream), to_bytes(after), end)):
            after = to_bytes(rows[-1][0])
            yield to_entries(rows), after

    def streams(self) -> Iterator[str]:
        return self._streams("")

    def _streams(self, after: str) -> Iterator[str]:
        # from each to the next by the index: its events are not read
        next_one = "SELECT min(stream) FROM events WHERE stream > CAST(? AS TEXT) AND stream < X''"
        while (stream := self.database.rows(next_one, (to_bytes(after),))[0][0]) is not None:
            yield (after := to_text(stream))

    def scan(self, part: int, parts: int, after: str | None = None) -> Iterator[Page]:
        resumed, position = json.loads(after) if after else ("", "")
        mine = (stream for stream in self._streams(resumed) if crc32(to_bytes(stream)) % parts == part)
        entries: list[tuple[str, LogEntry]] = []
        size = 0
        for stream in chain([resumed] if resumed else [], mine):
            for page, last in self._pages(stream, position if stream == resumed else ""):
                entries += ((stream, entry) for entry in page)
                size += weight(page)
                if size >= PAGE_BYTES:
                    yield Page(entries, json.dumps((stream, to_text(last))))
                    entries, size = [], 0
        yield Page(entries, None)

    def arrivals(self, limit: int) -> list[tuple[int, str, LogEntry]]:
        """Events that were appended and not forgotten, in the order of their arrival: (number, stream, entry), at most `limit`.

        None are given only when none wait.
        """
        rows = self.database.rows(_ARRIVALS, (limit,))
        entries = to_entries([row[2:] for row in rows])
        return [(number, to_text(stream), entry) for (number, stream, *_), entry in zip(rows, entries, strict=True)]

    def forget_arrivals(self, up_to: int) -> None:
        """Those up to this number were taken."""
        with self.database.transaction(durable=False) as connection:  # what is lost with it is taken once more
            connection.execute("DELETE FROM arrivals WHERE number <= ?", (up_to,))

    def alterations(self, stream: str | None = None) -> Iterator[Alteration]:
        number = 0
        while rows := self.database.rows(_ALTERATIONS, (number,)):
            number = rows[-1][0]
            found = (Alteration(*map(to_text, row[1:])) for row in rows)
            yield from (one for one in found if stream in (None, one.stream))
