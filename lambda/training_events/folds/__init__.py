"""State from events: pure folds over a stream in key order.

A state is all there is to go on from: written down as canonical JSON and read back, it takes the next event as if it had
never been away. Any order of arrival and any repetition give the same bytes, because a fold is given the events in key order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import msgspec

from training_events.canonical import canonical_json
from training_events.catalogue import CATALOGUE
from training_events.errors import NotFoldable
from training_events.folds import dataset, model, run
from training_events.folds.dataset import DatasetState
from training_events.folds.model import ModelState
from training_events.folds.run import RunState
from training_events.folds.summary import summary_of
from training_events.folds.version import VERSION as VERSION
from training_events.times import TEXT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from training_events.catalogue import EventType
    from training_events.event import LogEntry

State: TypeAlias = RunState | ModelState | DatasetState
_S = TypeVar("_S", bound=RunState | ModelState | DatasetState)

STATES: dict[str, type[RunState | ModelState | DatasetState]] = {"run": RunState, "model": ModelState, "dataset": DatasetState}
_APPLY: dict[str, Mapping[Any, Any]] = {"run": run.APPLY, "model": model.APPLY, "dataset": dataset.APPLY}


def empty(stream: str) -> State:
    """The state of a stream before its first event."""
    return STATES[kind_of(stream)](stream)


def fold(state: _S, entries: Iterable[LogEntry], catalogue: Mapping[str, Mapping[str, EventType]] = CATALOGUE) -> _S:
    """The state after these events too. They come in key order, behind all that the state has; it is changed in place."""
    types, apply = catalogue[state.kind], _APPLY[state.kind]
    counts, position, events = state.counts, state.position, 0
    for position, _, type_, version, data in entries:
        events += 1
        known = types.get(type_)
        if known is None:
            counts.unknown += 1
        elif version > known.version:
            counts.newer += 1
        else:
            try:
                fact = known.decode(data) if version == known.version else known.read(version, data)
            except (NotFoldable, msgspec.MsgspecError, RecursionError):
                counts.unreadable += 1
            else:
                apply[known.fact](state, fact, position[:TEXT_LENGTH], data)
        if not state.first_at:
            state.first_at = position[:TEXT_LENGTH]
    counts.events += events
    state.position, state.last_at = position, position[:TEXT_LENGTH]
    return state


def encode(state: State) -> bytes:
    """The state's canonical JSON: the same state has the same bytes, wherever and however it was folded."""
    return canonical_json(msgspec.to_builtins(state))


def decode(stream: str, state: bytes) -> State:
    """The state back from its bytes."""
    return msgspec.json.decode(state, type=STATES[kind_of(stream)])


def summary(state: State) -> bytes:
    """What a listing shows of the state, as canonical JSON."""
    return canonical_json(msgspec.to_builtins(summary_of(state)))


def kind_of(stream: str) -> str:
    return stream.partition("/")[0]
