"""All events of the log, in the order in which the log took them.

Where the log has a tree, that is the order of its leaves. Without one, no store keeps such an order, so events are sorted here,
outside of memory: it takes reading the log, of which only the streams with something new are read in full.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from training_events.errors import Misused
from training_events.event import RecordedEvent
from training_events.proof.tree.leaf import read_leaf
from training_events.stores.damage import undamaged
from training_events.stores.sqlite.row import from_row, to_row
from training_events.times import TEXT_LENGTH, is_utc_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from training_events.proof.tree.leaf import Leaf
    from training_events.proof.tree.store import LeafIndex
    from training_events.stores.event_log import EventLog

_FETCHED_AT_ONCE = 100
"""As many as DynamoDB gives at once. A log holds events of up to 400 KB."""


class IndexedEvent(RecordedEvent, frozen=True, kw_only=True):
    """An event of the log, and its `index`: its place in the order in which the log took all of its events.

    The index is the number of its leaf in the log's tree, from 0. Where the log has no tree it is a text, which begins with the
    time at which the log took the event. Indexes of one kind compare as such.
    """

    index: int | str


def index_of(recorded_at: str, stream: str, position: str) -> str:
    """The place of an event in the order of recording. Of one microsecond, streams and their positions tell the order."""
    return f"{recorded_at} {stream} {position}"


def in_order(log: EventLog, leaves: LeafIndex | None, after: int | str) -> Iterator[IndexedEvent]:
    """All events behind an index, or from a 27-character time on.

    Raises Misused for a number where the log has no tree, and for a text that is neither: nothing would ever be behind it.
    """
    if isinstance(after, str) and after and not is_utc_text(after[:TEXT_LENGTH]):
        raise Misused(
            f"{after!a} is no place in a log: give the index of one of its events, or a 27-character time such as"
            " 2026-11-22T17:04:43.378205Z"
        )
    if leaves is not None and (size := leaves.size):
        return _in_order_of_leaves(log, leaves, size, after)
    if not isinstance(after, int):
        return in_order_of_recording(log, after)
    if after >= 0:
        raise Misused(
            f"{after} is the number of an event in a log's tree, and this log has none: give an index of this log, or a time"
        )
    return in_order_of_recording(log)


def _in_order_of_leaves(log: EventLog, leaves: LeafIndex, size: int, after: int | str) -> Iterator[IndexedEvent]:
    """Those of the first `size` leaves that are behind a number, or that the log took from a time on or behind a text.

    An event that is gone from the log is left out: `verify` names it. Raises DamagedEvent at a record that is no event.
    """
    start = max(after + 1, 0) if isinstance(after, int) else 0
    numbered: Iterator[tuple[int, Leaf]] = enumerate(map(read_leaf, leaves.leaves(start, size)), start)
    if isinstance(after, str) and after:
        numbered = _behind(after, numbered)
    while some := list(islice(numbered, _FETCHED_AT_ONCE)):
        records = log.fetch((leaf.stream, leaf.position) for _, leaf in some)
        for (number, _), record in zip(some, records, strict=True):
            if record is not None:
                [recorded] = undamaged([record])
                yield IndexedEvent(recorded.event, recorded.recorded_at, recorded.digest, recorded.account, index=number)


def _behind(after: str, numbered: Iterable[tuple[int, Leaf]]) -> Iterator[tuple[int, Leaf]]:
    return ((number, leaf) for number, leaf in numbered if index_of(leaf.recorded_at, leaf.stream, leaf.position) > after)


def in_order_of_recording(
    log: EventLog,
    after: str = "",
    on_progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
) -> Iterator[IndexedEvent]:
    """The events behind an index, or from a 27-character time on. Memory does not grow with the log.

    `on_progress` gets how many streams were read, and of how many. Raises DamagedEvent where an altered log holds no event.
    """
    with sorted_on_disk() as events:
        streams = streams_recorded_since(log, after[:TEXT_LENGTH])
        for done, stream in enumerate(streams):
            on_progress(done, len(streams))
            for recorded in log.read(stream):
                index = index_of(recorded.recorded_at, stream, recorded.event.position)
                if index > after:
                    row = to_row(recorded.event, recorded.recorded_at)
                    events.add(index, msgspec.json.encode((recorded.account, row)))
        for index, kept in events:
            account, row = msgspec.json.decode(kept)
            recorded = from_row(tuple(row))
            yield IndexedEvent(recorded.event, recorded.recorded_at, recorded.digest, account, index=index)


def streams_recorded_since(log: EventLog, time: str) -> list[str]:
    """The streams of which the log took an event at this 27-character time or later, by name; without a time, all."""
    if not time:
        return sorted(log.streams())
    return sorted({stream for page in log.scan(0, 1) for stream, entry in page.entries if entry.recorded_at >= time})


class SortedOnDisk:
    """Texts with a value each, which come back in the order of the texts."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("CREATE TABLE kept (place TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID")

    def add(self, place: str, value: bytes) -> None:
        self._connection.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (place, value))

    def __len__(self) -> int:
        [count] = self._connection.execute("SELECT count(*) FROM kept").fetchone()
        return int(count)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        return iter(self._connection.execute("SELECT place, value FROM kept ORDER BY place"))


@contextmanager
def sorted_on_disk() -> Iterator[SortedOnDisk]:
    with closing(sqlite3.connect("")) as connection:  # without a name it is a file of SQLite's own, gone with the connection
        yield SortedOnDisk(connection)
