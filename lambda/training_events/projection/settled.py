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
from training_events.times import TEXT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from training_events.event import LogEntry
    from training_events.folds import State

WINDOW = 128
"""How many events the settled state is behind, beside those that were late. To fold so many takes about a millisecond."""
AT_ONCE, BYTES_AT_ONCE = 256, 2**20
"""How many entries, or bytes of them, are gathered before some are released."""
MAX_HELD, MAX_HELD_BYTES = 10_000, 16 * 2**20
"""The most events that are held in memory while those before them are folded, and about how many bytes of them. Only an instant
that has more is held whole."""


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
    return Folded(folds.fold(state, newest.held), settled)


def position_behind(state: State) -> str:
    """The position behind the last instant of the state: what the log has after it, the state lacks."""
    return max(state.position, state.last_at + "$") if state.position else ""  # "$" sorts behind "#", which follows a time


class _Newest:
    """The newest entries of a stream, held while those before them are given out, whole instants only."""

    def __init__(self, entries: Iterable[LogEntry], window: int, late: Late | None) -> None:
        self._entries, self._wanted, self._late = entries, window, late
        self._bytes = 0
        self.held: deque[LogEntry] = deque()

    def before(self) -> Iterator[LogEntry]:
        held, late = self.held, self._late
        limit, limit_bytes = min(self._wanted, MAX_HELD) + AT_ONCE, MAX_HELD_BYTES
        for entry in self._entries:
            held.append(entry)
            self._bytes += len(entry.data)
            if late is not None and late.earliest <= entry.position[:TEXT_LENGTH] <= late.newest:
                self._wanted += 1
            if len(held) >= limit or self._bytes > limit_bytes:
                yield from self._released()
                # more than wanted is held where it is all of one instant
                limit = max(min(self._wanted, MAX_HELD), len(held)) + AT_ONCE
                limit_bytes = max(MAX_HELD_BYTES, self._bytes) + BYTES_AT_ONCE
        yield from self._released()

    def _released(self) -> list[LogEntry]:
        """The oldest entries, which are no longer held."""
        kept = len(self.held) // 2 if self._bytes > MAX_HELD_BYTES else min(self._wanted, MAX_HELD)
        released = [self.held.popleft() for _ in range(len(self.held) - kept)]
        while released and self.held and released[-1].position[:TEXT_LENGTH] == self.held[0].position[:TEXT_LENGTH]:
            self.held.appendleft(released.pop())
        if released and not self.held:  # the newest instant is never released
            newest = released[-1].position[:TEXT_LENGTH]
            while released and released[-1].position[:TEXT_LENGTH] == newest:
                self.held.appendleft(released.pop())
        self._bytes -= sum(len(entry.data) for entry in released)
        return released
