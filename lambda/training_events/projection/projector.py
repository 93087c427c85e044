"""Keeps the read models in step with the log: a newer event is applied to the state, a late one makes the stream be refolded.

Every kind of delivery is safe: a batch may come twice, late, in pieces, or to two workers at once. Each write names the
revision that it replaces, so no worker undoes what another has written; a worker that was overtaken reads again. Every event in
the log is delivered here in the end, so the read models agree with the log once everything is delivered.
"""

from __future__ import annotations

import random
import time
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from training_events import folds, times
from training_events.errors import NotUnderstood, Overtaken, TooLarge
from training_events.event import check_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from training_events.event import LogEntry
    from training_events.folds import State
    from training_events.stores.event_log import EventLog
    from training_events.stores.read_models import ReadModel, ReadModels

STATE_TOO_LARGE = b""
"""What is stored in place of a state that does not fit into the store: readers then fold it from the log."""


class Update(Enum):
    """How a read model was brought up to date."""

    APPLIED = "applied"
    REFOLDED = "refolded"
    UNCHANGED = "unchanged"


class Projected(NamedTuple):
    update: Update
    state: State


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
        max_attempts: int = 10,
        max_pause_seconds: float = 0.2,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._log, self._read_models = log, read_models
        self._max_attempts, self._max_pause = max_attempts, max_pause_seconds
        self._sleep = sleep

    def project(self, stream: str, entries: Iterable[LogEntry]) -> Projected:
        """Take in events of the stream that were appended, in any order. Raises Overtaken if others were faster every time."""
        return self._write(stream, sorted({entry.position: entry for entry in entries}.values()))

    def refold(self, stream: str) -> Projected:
        """Fold the stream from its beginning, whatever its read model says. Raises Overtaken as `project` does."""
        return self._write(stream, [])

    def create(self, state: State) -> Projected:
        """Store the state of a stream that has no read model. If it got one meanwhile, refold the stream."""
        try:
            self._put(state, folds.encode(state), None)
        except Overtaken:
            return self.refold(state.stream)
        return Projected(Update.REFOLDED, state)

    def _write(self, stream: str, delivered: list[LogEntry]) -> Projected:
        for attempt in range(self._max_attempts):
            if attempt:
                self._sleep(random.uniform(0, self._max_pause))  # noqa: S311 - no secret
            current = self._read_models.get(stream)  # read before the log: a write in between makes ours fail
            update, state = self._next_state(stream, current, delivered)
            encoded = folds.encode(state)
            if not state.position or (current is not None and current.state == encoded):
                return Projected(Update.UNCHANGED, state)
            try:
                self._put(state, encoded, None if current is None else current.revision)
            except Overtaken:
                continue
            return Projected(update, state)
        raise Overtaken(f"the read model of {stream} was written by others {self._max_attempts} times in a row")

    def _next_state(self, stream: str, current: ReadModel | None, delivered: list[LogEntry]) -> tuple[Update, State]:
        state = None if current is None else stored_state(current)
        if state is not None and delivered and delivered[0].position[: times.TEXT_LENGTH] > state.last_at:
            return Update.APPLIED, folds.fold(state, delivered)
        entries = self._log.entries(stream, until=_newest_time(current, state, delivered))
        return Update.REFOLDED, folds.fold(folds.empty(stream), entries)

    def _put(self, state: State, encoded: bytes, replaces: int | None) -> None:
        summary, first_at = folds.summary(state), state.first_at
        try:
            self._read_models.put(state.stream, encoded, summary=summary, first_at=first_at, replaces=replaces)
        except TooLarge:
            self._read_models.put(state.stream, STATE_TOO_LARGE, summary=summary, first_at=first_at, replaces=replaces)


def _newest_time(current: ReadModel | None, state: State | None, delivered: list[LogEntry]) -> str | None:
    """The time of the newest event that was delivered so far; None if that is not known.

    A state that ran ahead of the deliveries would be refolded at each of them: a backlog would take quadratic time.
    """
    if not delivered or (current is not None and state is None):
        return None
    newest = delivered[-1].position
    if state is not None:
        newest = max(newest, state.position)
    occurred_at, _, _ = newest.partition("#")
    if len(occurred_at) != times.TEXT_LENGTH or not occurred_at.isascii():  # an altered log may hold anything there
        return None
    return occurred_at


def has_state(stream: str) -> bool:
    """Whether events under this name make a state. An altered log may hold items under names that no stream can have."""
    try:
        check_stream(stream).encode()
    except (NotUnderstood, UnicodeEncodeError):
        return False
    return True


def stored_state(model: ReadModel) -> State | None:
    """The state in a read model; None if it cannot be continued: too large to store, made by other folds, or not a state."""
    try:
        state = folds.decode(model.stream, model.state)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return state if state.folded_by == folds.VERSION else None
