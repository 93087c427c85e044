"""The state of a stream: now, as it was at a time, and as the log knew it at a time."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from training_events import folds
from training_events.errors import NoSuchStream
from training_events.folds.standing import standing_metrics
from training_events.projection.projector import settled_state, stored_state
from training_events.projection.settled import position_behind
from training_events.times import TEXT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.event import LogEntry
    from training_events.folds import State
    from training_events.folds.metric import Metric
    from training_events.stores.event_log import EventLog
    from training_events.stores.read_models import ReadModels


def state_now(log: EventLog, read_models: ReadModels | None, stream: str) -> State:
    """The read model, with the events that the log has after it. Raises NoSuchStream.

    A late event that has not been projected yet may be missing. The newest events are never missing.
    """
    model = None if read_models is None else read_models.get(stream)
    state = (stored_state(model) if model is not None else None) or folds.empty(stream)
    newer = log.entries(stream, after=state.position)
    first = next(newer, None)
    if model is not None and first is not None and first.position[:TEXT_LENGTH] <= state.last_at:
        state = settled_state(model) or folds.empty(stream)  # an instant is folded whole
        newer = log.entries(stream, after=position_behind(state))
    elif first is not None:
        newer = chain([first], newer)
    folds.fold(state, newer)
    if not state.position:
        raise NoSuchStream(f"the log has no event of {stream}")
    return state


def state_at(log: EventLog, stream: str, *, as_of: str | None = None, known_at: str | None = None) -> State:
    """Fold from the log what had occurred by `as_of` and was recorded by `known_at` (27-character times, inclusive).

    `as_of` asks what was true, `known_at` what the log knew; either may be left out. Memory does not grow with the
    stream. Raises NoSuchStream if there was no event yet.
    """
    state = folds.fold(folds.empty(stream), entries_at(log, stream, as_of=as_of, known_at=known_at))
    if not state.position:
        clauses = []
        if as_of is not None:
            clauses.append(f" that had occurred by {as_of}")
        if known_at is not None:
            clauses.append(f" that was recorded by {known_at}")
        raise NoSuchStream(f"the log has no event of {stream}" + " and".join(clauses))
    return state


def metrics_at(log: EventLog, stream: str, *, as_of: str | None, known_at: str | None = None) -> dict[str, Metric]:
    """The metrics of a run from all of its points, for a state that does not know them (`folds.standing.is_known`).

    Reads the stream twice.
    """
    return standing_metrics(stream, lambda: entries_at(log, stream, as_of=as_of, known_at=known_at))


def entries_at(log: EventLog, stream: str, *, as_of: str | None, known_at: str | None) -> Iterator[LogEntry]:
    """What had occurred by `as_of` and was recorded by `known_at`, in key order."""
    entries = log.entries(stream, until=as_of)
    return entries if known_at is None else (entry for entry in entries if entry.recorded_at <= known_at)
