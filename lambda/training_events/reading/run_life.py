"""What a run's state alone does not tell of its life: for how long it is silent, and metrics that only the log knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from training_events import times
from training_events.folds.silence import last_heard_at, silent_seconds, usual_gap_seconds
from training_events.folds.standing import is_known
from training_events.projection.time_travel import metrics_at

if TYPE_CHECKING:
    from training_events.folds.run_state import RunState
    from training_events.stores.event_log import EventLog


class Life(NamedTuple):
    """`silent_seconds` is None unless the run is silent for longer than it usually is."""

    silent_seconds: float | None = None
    metrics_from_log: bool = False


def completed(state: RunState, log: EventLog, as_of: str | None, known_at: str | None) -> Life:
    """Look up in the log what the state does not know of its metrics. Past states are silent as of their time."""
    if from_log := not is_known(state):
        state.metrics = metrics_at(log, state.stream, as_of=as_of or state.last_at, known_at=known_at)
    at = min(filter(None, (as_of, known_at)), default=times.now())
    return Life(silent_seconds(state.status, last_heard_at(state), usual_gap_seconds(state), at), from_log)
