"""Keeps the read models in step with the log: newer events are applied to the state, late ones to the settled state before it.

Every kind of delivery is safe: a batch may come twice, late, in pieces, or to two workers at once. Each write names the
revision that it replaces, so no worker undoes what another has written; a worker that was overtaken reads again. Every event in
the log is delivered here in the end, so the read models agree with the log once everything is delivered.
"""

from __future__ import annotations

import contextlib
import math
import random
import time
from enum import Enum
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from training_events import folds, times
from training_events.errors import NotUnderstood, Overtaken, TooLarge, TooSlow
from training_events.event import check_stream
from training_events.projection.settled import WINDOW, Late, fold_with_settled, position_behind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from training_events.event import LogEntry
    from training_events.folds import State
    from training_events.stores.event_log import EventLog
    from training_events.stores.read_models import ReadModel, ReadModels

_ENTRIES_BETWEEN_LOOKS = 256
"""How often the clock is looked at."""
STATE_TOO_LARGE = b""
"""What is stored in place of a state that does not fit into the store: readers then fold it from the log."""


class Update(Enum):
    """How a read model was brought up to date."""

    APPLIED = "applied"
    REFOLDED = "refolded"
    UNCHANGED = "unchanged"


class Projected(NamedTuple):
    """`before` is the stored state to which the delivered events were applied; None where the stream was folded otherwise."""

    update: Update
    state: State
    before: bytes | None = None


class _Next(NamedTuple):
    update: Update
    state: State
    settled: bytes | None


class Projector:
    """Brings the read models of single streams up to date.

    What the stores raise passes through: the caller tries again. A NotUnderstood is final: what the log holds makes no state
    that can be stored.
    """

    def __init__(
        self,
        log: EventLog,
        read_models: ReadModels,
        *,
        window: int = WINDOW,
        max_attempts: int = 10,
        max_pause_seconds: float = 0.2,
        max_seconds: float = math.inf,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log, self._read_models, self._window = log, read_models, window
        self._max_attempts, self._max_pause = max_attempts, max_pause_seconds
        self._max_seconds, self._sleep, self._clock = max_seconds, sleep, clock

    def project(self, stream: str, entries: Iterable[LogEntry]) -> Projected:
        """Take in events of the stream that were appended, in any order.

        Raises Overtaken if others were faster every time, and TooSlow after `max_seconds`.
        """
        return self._write(stream, sorted({entry.position: entry for entry in entries}.values()))

    def refold(self, stream: str) -> Projected:
        """Fold the stream from its beginning, whatever its read model says. Raises Overtaken as `project` does."""
        return self._write(stream, [])

    def create(self, state: State) -> Projected:
        """Store the state of a stream that has no read model. If it got one meanwhile, refold the stream."""
        try:
            self._put(state, folds.encode(state), None, replaces=None)
        except Overtaken:
            return self.refold(state.stream)
        return Projected(Update.REFOLDED, state)

    def _write(self, stream: str, delivered: list[LogEntry]) -> Projected:
        deadline = self._clock() + self._max_seconds
        for attempt in range(self._max_attempts):
            if attempt:
                self._sleep(random.uniform(0, self._max_pause))  # noqa: S311 - no secret
            current = self._read_models.get(stream)  # read before the log: a write in between makes ours fail
            update, state, settled = self._next_state(stream, current, delivered, deadline)
            encoded = folds.encode(state)
            if not state.position or (current is not None and (current.state, current.settled) == (encoded, settled)):
                return Projected(Update.UNCHANGED, state)
            try:
                self._put(state, encoded, settled, replaces=None if current is None else current.revision)
            except Overtaken:
                continue
            if update is Update.APPLIED:
                return Projected(update, state, None if current is None else current.state)
            return Projected(update if current is None or current.state != encoded else Update.UNCHANGED, state)
        raise Overtaken(f"the read model of {stream} was written by others {self._max_attempts} times in a row")

    def _next_state(self, stream: str, current: ReadModel | None, delivered: list[LogEntry], deadline: float) -> _Next:
        state = None if current is None else stored_state(current)
        oldest = _time(delivered[0]) if delivered else None
        if current is not None and state is not None and oldest is not None and oldest > state.last_at:
            return _Next(Update.APPLIED, folds.fold(state, delivered), current.settled)
        base, window, late = folds.empty(stream), self._window, None
        settled = None if current is None or state is None else settled_state(current)
        if state is not None and settled is not None and oldest is not None:
            behind = state.counts.events - settled.counts.events
            if oldest > settled.last_at:
                base, late = settled, Late(oldest, state.last_at)
                window = max(window, behind // 2)  # step by step: events may again come as late as they came before
            else:
                window = max(window, 2 * behind)  # it was too near
        seen = _time_seen(current, state, delivered)
        entries = self._log.entries(stream, after=position_behind(base), until=seen)
        if seen is not None:
            entries = chain(entries, (entry for entry in delivered if entry.position > seen + "$"))
        entries = self._in_time(stream, entries, deadline)
        return _Next(Update.REFOLDED, *fold_with_settled(base, entries, window=window, late=late))

    def _in_time(self, stream: str, entries: Iterable[LogEntry], deadline: float) -> Iterator[LogEntry]:
        for number, entry in enumerate(entries):
            if number % _ENTRIES_BETWEEN_LOOKS == 0 and self._clock() > deadline:
                raise TooSlow(f"{stream} has more events than can be folded in {self._max_seconds:g} seconds")
            yield entry

    def _put(self, state: State, encoded: bytes, settled: bytes | None, *, replaces: int | None) -> None:
        summary, first_at = folds.summary(state), state.first_at
        for stored in ((encoded, settled), (encoded, None)):
            with contextlib.suppress(TooLarge):
                self._read_models.put(
                    state.stream, stored[0], summary=summary, first_at=first_at, replaces=replaces, settled=stored[1]
                )
                return
        self._read_models.put(state.stream, STATE_TOO_LARGE, summary=summary, first_at=first_at, replaces=replaces)


def _time_seen(current: ReadModel | None, state: State | None, delivered: list[LogEntry]) -> str | None:
    """Up to which time the log is read; None if that is not known. Of what is newer, only what was delivered counts.

    A state that ran ahead of the deliveries would be refolded at each of them: a backlog would take quadratic time.
    """
    if not delivered or (current is not None and state is None):
        return None
    newest = delivered[-1].position if state is None else state.position
    occurred_at, _, _ = newest.partition("#")
    if len(occurred_at) != times.TEXT_LENGTH or not occurred_at.isascii():  # an altered log may hold anything there
        return None
    return occurred_at


def _time(entry: LogEntry) -> str:
    return entry.position[: times.TEXT_LENGTH]


def has_state(stream: str) -> bool:
    """Whether events under this name make a state. An altered log may hold items under names that no stream can have."""
    try:
        check_stream(stream).encode()
    except (NotUnderstood, UnicodeEncodeError):
        return False
    return True


def stored_state(model: ReadModel) -> State | None:
    """The state in a read model; None if it cannot be continued: too large to store, made by other folds, or not a state."""
    return _decoded(model.stream, model.state)


def settled_state(model: ReadModel) -> State | None:
    """The settled state in a read model whose state can be continued; None if there is none from which to go on.

    Where the state cannot be continued, other folds wrote it last. They may have taken in an event that the settled one lacks.
    """
    return None if model.settled is None else _decoded(model.stream, model.settled)


def _decoded(stream: str, encoded: bytes) -> State | None:
    try:
        state = folds.decode(stream, encoded)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return state if state.folded_by == folds.VERSION else None
