"""The events of this process that the log may not have yet: MLflow reads at once what it has just written."""

from __future__ import annotations

from collections import OrderedDict, deque
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from training_events.event import LogEntry

MAX_BYTES = 32 * 2**20
"""Of all that is kept, about. Points of metrics are forgotten first: a training over a bus may never read any."""
_ENTRY_BYTES = 500
"""Of an entry without its data, about."""


class _Own(NamedTuple):
    number: int  # counted from 1 in the order in which they were spooled
    entry: LogEntry


class OwnEvents:
    """One thread adds, any thread reads. To add never waits for a reader, whom a signal may have interrupted."""

    def __init__(self) -> None:
        self._arrived: deque[tuple[str, LogEntry]] = deque()
        self._inherited: OrderedDict[tuple[str, str], _Own] = OrderedDict()
        self._points: OrderedDict[tuple[str, str], _Own] = OrderedDict()
        self._others: OrderedDict[tuple[str, str], _Own] = OrderedDict()
        self._of_streams: dict[str, dict[str, LogEntry]] = {}
        self._bytes = self._count = 0
        self._lock = Lock()

    def add(self, stream: str, entry: LogEntry, unsent: Callable[[], int] | None = None) -> None:
        """An event that is in the spool. `unsent` is as in `forget_sent`; None where a bus takes its time with what is sent."""
        self._arrived.append((stream, entry))
        if self._lock.acquire(blocking=False):  # else whoever has it takes this in as well, or the next one does
            try:
                self._take_in()
                if unsent is not None:
                    self._forget_up_to(self._count - unsent())
            finally:
                self._lock.release()

    def forget_sent(self, unsent: Callable[[], int]) -> None:
        """The log has what was sent: all but the newest `unsent` events of the spool."""
        with self._lock:
            self._take_in()
            self._forget_up_to(self._count - unsent())  # asked last: what is spooled meanwhile is not among those counted

    def forget(self, stream: str, positions: Iterable[str]) -> None:
        """The log has these events of a stream."""
        with self._lock:
            self._take_in()
            for position in positions:
                for kept in (self._inherited, self._points, self._others):
                    if (own := kept.pop((stream, position), None)) is not None:
                        self._drop(stream, own)

    def of(self, stream: str) -> list[LogEntry]:
        """Those of a stream, in key order."""
        with self._lock:
            self._take_in()
            entries = self._of_streams.get(stream, {})
            return [entries[position] for position in sorted(entries)]

    def streams(self, kind: str) -> set[str]:
        """The streams of a kind that have any."""
        with self._lock:
            self._take_in()
            return {stream for stream in self._of_streams if stream.startswith(f"{kind}/")}

    def reset_after_fork(self) -> None:
        """In a child, these are the events of its parent: whether they are sent is not known here."""
        self._lock = Lock()  # the parent may have held its own
        self._take_in()
        for kept in (self._others, self._points):
            self._inherited.update(kept)
            kept.clear()
        self._count = 0

    def _take_in(self) -> None:
        while self._arrived:
            stream, entry = self._arrived.popleft()
            self._count += 1
            kept = self._points if entry.type == "MetricsRecorded" else self._others
            kept[stream, entry.position] = _Own(self._count, entry)
            self._of_streams.setdefault(stream, {})[entry.position] = entry
            self._bytes += len(entry.data) + _ENTRY_BYTES
        while self._bytes > MAX_BYTES:
            self._drop_oldest(next(kept for kept in (self._points, self._inherited, self._others) if kept))

    def _forget_up_to(self, number: int) -> None:
        for kept in (self._points, self._others):
            while kept and next(iter(kept.values())).number <= number:
                self._drop_oldest(kept)

    def _drop_oldest(self, kept: OrderedDict[tuple[str, str], _Own]) -> None:
        (stream, _), own = kept.popitem(last=False)
        self._drop(stream, own)

    def _drop(self, stream: str, own: _Own) -> None:
        self._bytes -= len(own.entry.data) + _ENTRY_BYTES
        of_stream = self._of_streams[stream]
        del of_stream[own.entry.position]
        if not of_stream:
            del self._of_streams[stream]
