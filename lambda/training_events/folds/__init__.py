"""Folds: pure functions from the events of a stream, in key order, to its state.

A fold can continue from a stored state: encoded as canonical JSON and decoded again, the state takes the next instant as if
nothing had happened. Events may arrive in any order and more than once; the state has the same bytes, because a fold takes
the events in key order, and those of one instant in the order of a life.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import msgspec

from training_events import strict_json
from training_events.canonical import MAX_DEPTH, canonical_json
from training_events.catalogue import CATALOGUE
from training_events.errors import NotUnderstood
from training_events.folds import any_stream, dataset, group, model, run
from training_events.folds.dataset import DatasetState
from training_events.folds.group import GroupState
from training_events.folds.instant import arrange, instants
from training_events.folds.model import ModelState
from training_events.folds.run_state import RunState
from training_events.folds.summary import summary_of
from training_events.folds.version import VERSION as VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from training_events.catalogue import EventType
    from training_events.event import LogEntry

State: TypeAlias = RunState | ModelState | DatasetState | GroupState
_S = TypeVar("_S", bound=RunState | ModelState | DatasetState | GroupState)

STATES: dict[str, type[State]] = {"run": RunState, "model": ModelState, "dataset": DatasetState, "group": GroupState}
_APPLY: dict[str, Mapping[Any, Any]] = {
    "run": any_stream.APPLY | run.APPLY,
    "model": any_stream.APPLY | model.APPLY,
    "dataset": any_stream.APPLY | dataset.APPLY,
    "group": any_stream.APPLY | group.APPLY,
}


def empty(stream: str) -> State:
    """The state of a stream before its first event."""
    return STATES[kind_of(stream)](stream)


def fold(state: _S, entries: Iterable[LogEntry], catalogue: Mapping[str, Mapping[str, EventType]] = CATALOGUE) -> _S:
    """Fold these events into the state, in place.

    They are in key order, and occurred after all that the state has: an instant is folded whole, or not at all.
    """
    types, applied = catalogue[state.kind], _APPLY[state.kind]
    counts, first_at, at, events = state.counts, state.first_at, state.last_at, 0
    known, type_, in_key_order = None, None, None
    for at, in_key_order in instants(entries):
        instant, count = in_key_order, len(in_key_order)
        first_at = first_at or at
        events += count
        if count > 1 or state.order_unknown:
            instant, _, decided, in_doubt = arrange(instant, types, state.living)
            undecided = {subject: time for subject, time in state.order_unknown.items() if subject not in decided}
            state.order_unknown = undecided | dict.fromkeys(in_doubt, at)
        for entry in instant:
            _, _, its_type, version, data, _ = entry
            if its_type != type_:  # mostly it is that of the event before: what is needed for it is not looked up again
                known, type_ = types.get(its_type), its_type
                if known is not None:
                    newest, decode, apply = known.version, known.decode, applied[known.fact]
            if known is None:
                counts.unknown += 1
            elif version > newest:
                counts.newer += 1
            else:
                try:
                    apply(state, decode(data) if version == newest else known.read(version, data), at, entry)
                except (NotUnderstood, msgspec.MsgspecError, RecursionError):
                    counts.unreadable += 1
    if in_key_order is not None:
        counts.events += events
        state.position, state.first_at, state.last_at = in_key_order[-1].position, first_at, at
    return state


_MAX_DEPTH = 2 * MAX_DEPTH
"""A state has parts of events inside it, such as the spec of a run: whatever an event may hold, its state can be stored."""


def encode(state: State) -> bytes:
    """The state's canonical JSON. The same state has the same bytes, wherever and however it was folded."""
    return canonical_json(msgspec.to_builtins(state), _MAX_DEPTH)


def decode(stream: str, state: bytes) -> State:
    """The state from its bytes. Raises a MsgspecError if they are none, as those of another version may be."""
    kind = STATES[kind_of(stream)]
    try:
        return msgspec.json.decode(state, type=kind)
    except msgspec.ValidationError as flaw:  # or it has an integer that only `stored` reads
        try:
            return msgspec.convert(strict_json.stored(state), kind)
        except NotUnderstood:
            raise flaw from None


def summary(state: State) -> bytes:
    """What a listing shows of the state, as canonical JSON."""
    return canonical_json(msgspec.to_builtins(summary_of(state)))


def kind_of(stream: str) -> str:
    return stream.partition("/")[0]
