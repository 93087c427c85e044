"""The event log in a SQLite file, for a laptop. Several programs may write to it at once."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING
from zlib import crc32

from training_events.errors import Conflict, NoSuchLog
from training_events.stores.admission import is_admitted
from training_events.stores.damage import audited_or_damaged, event_or_damaged, undamaged
from training_events.stores.dynamodb.item import to_item
from training_events.stores.event_log import Alteration, Appended, Moment, Page, RecordedPage
from training_events.stores.sqlite.database import PAGE_BYTES, weight
from training_events.stores.sqlite.row import (
    COLUMNS,
    DATA,
    ENTRY_COLUMNS,
    ENTRY_DATA,
    audit_row,
    from_row,
    to_bytes,
    to_entries,
    to_row,
    to_text,
)
from training_events.times import TEXT_LENGTH, now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from training_events.event import Event, LogEntry, RecordedEvent
    from training_events.stores.event_log import AuditedEvent, Damaged
    from training_events.stores.sqlite.database import Database

# Keys are given as bytes and cast to text, so that a key that is not UTF-8 (only an altered log has one) can be asked for too.
_STREAM = "FROM events WHERE stream = CAST(? AS TEXT) AND position > CAST(? AS TEXT) AND position < ? ORDER BY position"
_EVENTS = f"SELECT {', '.join(COLUMNS)} {_STREAM}"
_EVENT = f"SELECT {', '.join(COLUMNS)} FROM events WHERE stream = CAST(? AS TEXT) AND position = CAST(? AS TEXT)"  # noqa: S608
_DIGEST = "SELECT digest FROM events WHERE stream = ? AND position = ?"
_ENTRIES = f"SELECT {', '.join(ENTRY_COLUMNS)} {_STREAM}"
_MOMENTS = f"SELECT position, recorded_at {_STREAM}"
_POSITION = COLUMNS.index("position")
_COUNT_EARLIER = "SELECT count(*) FROM events WHERE stream = CAST(? AS TEXT) AND NOT recorded_at > ?"
_ABOVE_ALL_TEXT = b""
"""SQLite: any text is less than any blob, and this is the least blob."""
_ARRIVALS = (
    f"SELECT number, stream, {', '.join(ENTRY_COLUMNS)} FROM arrivals CROSS JOIN events USING (stream, position)"  # noqa: S608
    " ORDER BY number LIMIT ?"  # CROSS JOIN: SQLite keeps this order, with one look-up for each arrival
)
# The first note of an event has the digest with which it was recorded (SQLite takes what is no aggregate from the row of the
# min: https://www.sqlite.org/lang_select.html#bareagg). What is done to an event is told whatever its digest is now: its
# content or the time at which the log took it may be another one, with the same digest beside it. An event that is gone was
# removed, whatever was done to it before: the last note says when.
_ALTERATIONS = """
    SELECT stream, position, digest, what, at,
      (SELECT at FROM alterations WHERE stream = noted.stream AND position = noted.position ORDER BY number DESC LIMIT 1),
      EXISTS (SELECT 1 FROM events WHERE stream = noted.stream AND position = noted.position)
    FROM (SELECT *, min(number) FROM alterations WHERE {} AND stream < X'' AND position < X'' GROUP BY stream, position
      ORDER BY stream, position LIMIT 1000) AS noted
    ORDER BY stream, position
"""
_OF_ALL = _ALTERATIONS.format("(stream, position) > (CAST(? AS TEXT), CAST(? AS TEXT))")
_OF_STREAM = _ALTERATIONS.format("stream = CAST(? AS TEXT) AND position > CAST(? AS TEXT)")


class SqliteLog:
    """An EventLog in one database. `arrivals` are the events that are still to be projected."""

    def __init__(self, database: Database, clock: Callable[[], str] = now) -> None:
        self.database = database
        self._clock = clock

    def append(self, event: Event, *, account: str | None = None, accept_future: bool = False) -> Appended:  # noqa: ARG002
        recorded_at = self._clock()
        to_item(event, recorded_at)  # raises TooLarge as on AWS: a laptop's log can always be moved there
        row = to_row(event, recorded_at)
        if not is_admitted(event, recorded_at, row, from_row, audit_row, accept_future=accept_future, has=self._has):
            return Appended.REPEATED
        with self.database.transaction() as connection:
            current = connection.execute(_DIGEST, row[:2]).fetchone()
            if current is None:
                marks = ", ".join("?" * len(COLUMNS))
                connection.execute(f"INSERT INTO events ({', '.join(COLUMNS)}) VALUES ({marks})", row)  # noqa: S608
                return Appended.RECORDED
        if current == (event.digest,):
            return Appended.REPEATED
        key = f"{event.stream} {event.position}"
        raise Conflict(f"{event.digest} at {key!a}", f"the content recorded there, {current[0]}")

    def _has(self, event: Event) -> bool:
        with suppress(NoSuchLog):
            return self.database.rows(_DIGEST, (event.stream, event.position)) == [(event.digest,)]
        return False

    def read(self, stream: str, *, after: str = "") -> Iterator[RecordedEvent]:
        return undamaged(self._records(stream, after))

    def fetch(self, keys: Iterable[tuple[str, str]]) -> Iterator[RecordedEvent | Damaged | None]:
        for stream, position in keys:
            rows = self.database.rows(_EVENT, (to_bytes(stream), to_bytes(position)), large=DATA)
            yield event_or_damaged(stream, position, rows[0], from_row) if rows else None

    def audit(self, stream: str) -> Iterator[AuditedEvent | Damaged]:
        return self._audited(stream, _STREAM)

    def recorded_after(self, stream: str, time: str) -> Iterator[RecordedPage]:
        [(earlier,)] = self.database.rows(_COUNT_EARLIER, (to_bytes(stream), time))
        yield RecordedPage(earlier, self._audited(stream, _STREAM.replace("WHERE", "WHERE recorded_at > ? AND"), time))

    def _audited(self, stream: str, where: str, *values: str) -> Iterator[AuditedEvent | Damaged]:
        for row in self._rows(f"SELECT * {where}", stream, "", *values):  # also what was added to the table
            yield audited_or_damaged(stream, to_text(row[_POSITION]), row, audit_row, from_row)

    def _records(self, stream: str, after: str) -> Iterator[RecordedEvent | Damaged]:
        for row in self._rows(_EVENTS, stream, after):
            yield event_or_damaged(stream, to_text(row[_POSITION]), row, from_row)

    def _rows(self, events: str, stream: str, after: str | bytes, *values: str) -> Iterator[tuple[Any, ...]]:
        while rows := self.database.rows(events, (*values, to_bytes(stream), to_bytes(after), _ABOVE_ALL_TEXT), large=DATA):
            yield from rows
            if weight(rows, DATA) < PAGE_BYTES:
                return  # it was the last page: most streams have only one
            after = rows[-1][_POSITION]

    def entries(self, stream: str, *, after: str = "", until: str | None = None) -> Iterator[LogEntry]:
        return chain.from_iterable(page for page, _ in self._pages(stream, after, until))

    def _pages(self, stream: str, after: str | bytes, until: str | None = None) -> Iterator[tuple[list[LogEntry], bytes]]:
        """Pages of entries, each with the key of its last one."""
        end = _ABOVE_ALL_TEXT if until is None else until + "$"  # sorts behind '#', which follows the time in every position
        while rows := self.database.rows(_ENTRIES, (to_bytes(stream), to_bytes(after), end), large=ENTRY_DATA):
            after = to_bytes(rows[-1][0])
            yield to_entries(rows), after

    def moments(self, stream: str) -> Iterator[Moment]:
        after: str | bytes = ""
        while rows := self.database.rows(_MOMENTS, (to_bytes(stream), to_bytes(after), _ABOVE_ALL_TEXT)):
            after = rows[-1][0]
            for position, recorded_at in rows:
                yield Moment(to_text(position)[:TEXT_LENGTH], to_text(recorded_at))

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
                size += weight(page, ENTRY_DATA)
                if size >= PAGE_BYTES:
                    yield Page(entries, json.dumps((stream, to_text(last))))
                    entries, size = [], 0
        yield Page(entries, None)

    def arrivals(self, limit: int) -> list[tuple[int, str, LogEntry]]:
        """Appended events that are not forgotten yet, in the order of their arrival, as (number, stream, entry).

        They are at most `limit`. The list is empty only when no event waits.
        """
        rows = self.database.rows(_ARRIVALS, (limit,), large=ENTRY_DATA)
        entries = to_entries([row[2:] for row in rows])
        return [(number, to_text(stream), entry) for (number, stream, *_), entry in zip(rows, entries, strict=True)]

    def arrived(self) -> int:
        """A number that grows with every event that is appended to this file, and costs nothing to ask for."""
        rows = self.database.rows("SELECT seq FROM main.sqlite_sequence WHERE name = 'arrivals'")
        return rows[0][0] if rows else 0

    def altered(self) -> int:
        """The number of the newest alteration; 0 if there is none."""
        rows = self.database.rows("SELECT seq FROM main.sqlite_sequence WHERE name = 'alterations'")
        return int(rows[0][0]) if rows else 0

    def arrivals_left(self) -> int:
        """How many arrivals there are at most: their numbers have gaps where a transaction was taken back."""
        [(first, last)] = self.database.rows("SELECT min(number), max(number) FROM arrivals")
        return 0 if first is None else int(last - first) + 1

    def forget_arrivals(self, up_to: int) -> None:
        """Forget the arrivals up to this number: they are projected."""
        with self.database.transaction(durable=False) as connection:  # if this is lost, they are projected once more
            connection.execute("DELETE FROM arrivals WHERE number <= ?", (up_to,))

    def alterations(self, stream: str | None = None) -> Iterator[Alteration]:
        query, last = (_OF_ALL, ("", "")) if stream is None else (_OF_STREAM, (stream, ""))
        while rows := self.database.rows(query, tuple(map(to_bytes, last)), large=0):
            last = rows[-1][:2]
            for of, position, digest, what, at, last_at, is_there in rows:
                done = (at, "replace" if what == "delete" else what) if is_there else (last_at, "delete")
                yield Alteration(*map(to_text, (*done, of, position, digest)))

    def close(self) -> None:
        self.database.close()
