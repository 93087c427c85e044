"""The state of a stream, now or at any time, with all that the log knows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.errors import NoSuchStream
from training_events.folds.run_state import RunState
from training_events.folds.standing import is_known
from training_events.projection.time_travel import entries_at, metrics_at, state_at, state_now
from training_events.reading.stream_names import has_events, no_such_stream
from training_events.stores.event_log import lead_seconds
from training_events.times import TEXT_LENGTH

if TYPE_CHECKING:
    from training_events.folds import State
    from training_events.reading.opening import Sources
    from training_events.stores.event_log import EventLog


def require_events(sources: Sources, stream: str, *, as_of: str | None = None, known_at: str | None = None) -> None:
    """Raises NoSuchStream where the stream had no event by these times, as `state_of` does."""
    if as_of is None and known_at is None and sources.read_models is not None and sources.read_models.get(stream) is not None:
        return
    if next(entries_at(sources.log, stream, as_of=as_of, known_at=known_at), None) is None:
        state_of(sources, stream, as_of=as_of, known_at=known_at)


def state_of(sources: Sources, stream: str, *, as_of: str | None = None, known_at: str | None = None) -> State:
    """The stream as it is, or as it was `as_of` a time, or as the log knew it at a time. Times are 27-character texts.

    Where the state does not know which points of a run stand, its metrics are folded from the log. Raises NoSuchStream.
    """
    state = folded_state(sources, stream, as_of=as_of, known_at=known_at)
    if isinstance(state, RunState) and not is_known(state):
        state.metrics = metrics_at(sources.log, stream, as_of=as_of or state.last_at, known_at=known_at)
    return state


def folded_state(sources: Sources, stream: str, *, as_of: str | None = None, known_at: str | None = None) -> State:
    """The same, but of a run only those metrics that its state knows."""
    try:
        if as_of is None and known_at is None:
            return state_now(sources.log, sources.read_models, stream)
        return state_at(sources.log, stream, as_of=as_of, known_at=known_at)
    except NoSuchStream:
        if has_events(sources.log, stream):  # but not yet at that time
            raise
        raise no_such_stream(sources, stream) from None


def clock_ahead(log: EventLog, state: State, known_at: str | None) -> float | None:
    """By how many seconds the newest event lay ahead of the log's clock when the log took it; None if it did not.

    It is the newest one that matters: nothing that came after it really is shown as the last.
    """
    newest = log.entries(state.stream, after=state.last_at, until=state.last_at) if state.last_at else ()
    leads = (
        lead_seconds(entry.position[:TEXT_LENGTH], entry.recorded_at)
        for entry in newest
        if known_at is None or entry.recorded_at <= known_at
    )
    return max((lead for lead in leads if lead is not None), default=None)
