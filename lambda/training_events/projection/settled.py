"""Folds a stream to its newest event, and leaves a settled state behind: one that lacks the newest events.

An event that comes late is folded from there, so it costs a fold of the newest events and not of the stream. The settled
state stays so far behind that what has just been late would find its place behind it again. The distance is counted in events
and not in time: the rate of a stream does not matter, nor does any clock. An event from years ahead is one event behind it.

The settled state is a cache: without it the stream is folded from its beginning. What it holds follows from the log, and it
ends with a whole instant.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from training_events import folds
from training_events.folds.instant import instants
from training_events.times import TEXT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from training_events.event import LogEntry
    from training_events.folds import State

WINDOW = 256
"""How many events the settled state is behind, beside those that were late. To fold so many takes about a millisecond."""
MAX_HELD, MAX_HELD_BYTES = 10_000, 16 * 2**20
"""The most events that are held in memory while those before them are folded, and about how many bytes of them."""


class Folded(NamedTuple):
    """The state after all events, and the settled one as canonical JSON; None if the window has all of them."""

    state: State
    settled: bytes | None


class Late(NamedTuple):
    """When the earliest late event occurred, and the newest event that was there before it."""

    earliest: str
    newest: str


def fold_with_settled(state: State, entries: Iterable[LogEntry], *, window: int, late: Late | None = None) -> Folded:
    """Fold all entries into the state.

    The settled one lacks the last `window` of them, and as many more as late events went before.
    """
    newest = _Newest(entries, window, late)
    folds.fold(state, newest.before())
    settled = folds.encode(state) if state.position else None
    return Folded(folds.fold(state, newest.held()), settled)


def position_behind(state: State) -> str:
    """The position behind the last instant of the state: what the log has after it, the state lacks."""
    return max(state.position, state.last_at + "$") if state.position else ""  # "$" sorts behind "#", which follows a time


class _Newest:
    """The newest entries of a stream, held while those before them are given out. An instant stays whole."""

    def __init__(self, entries: Iterable[LogEntry], window: int, late: Late | None) -> None:
        self._entries, self._late = entries, late
        self._wanted, self._count, self._bytes = window, 0, 0
        self._instants: deque[list[LogEntry]] = deque()

    def before(self) -> Iterator[LogEntry]:
        for instant in instants(self._entries):
            self._instants.append(instant)
            self._count += len(instant)
            self._bytes += _bytes(instant)
            if self._late is not None and self._late.earliest <= instant[0].position[:TEXT_LENGTH] <= self._late.newest:
                self._wanted += len(instant)
            while self._has_more_than_enough():
                oldest = self._instants.popleft()
                self._count -= len(oldest)
                self._bytes -= _bytes(oldest)
                yield from oldest

    def held(self) -> Iterator[LogEntry]:
        for instant in self._instants:
            yield from instant

    def _has_more_than_enough(self) -> bool:
        if len(self._instants) == 1:
            return False
        rest = self._count - len(self._instants[0])
        return rest >= min(self._wanted, MAX_HELD) or self._bytes > MAX_HELD_BYTES


def _bytes(instant: list[LogEntry]) -> int:
    return sum(len(entry.data) for entry in instant)
