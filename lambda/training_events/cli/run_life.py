"""What `show` says of a run's life: its attempts, for how long it is silent, and what was looked up in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from training_events import times
from training_events.cli.output import short_time
from training_events.folds.silence import last_heard_at, silent_seconds, usual_gap_seconds
from training_events.folds.standing import is_known
from training_events.projection.time_travel import metrics_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.folds.metric import Metric
    from training_events.folds.run_state import RunState
    from training_events.stores.event_log import EventLog

ATTEMPT_TITLES = ("attempt", "status", "started at", "ended at", "first step", "what differs")
ATTEMPT_WIDTHS = (8, 10, 20, 20, 10)
MAX_ATTEMPTS_SHOWN = 10


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


def life_fields(state: RunState, life: Life) -> dict[str, Any]:
    """The lines about the run's attempts and ends."""
    fields: dict[str, Any] = {"progress": progress_of_attempts(state)}
    if state.ends_not_counted:
        fields["ends not counted"] = f"{state.ends_not_counted}, recorded by processes that do not lead the training"
    if life.metrics_from_log:
        fields["metrics"] = "from the log: a later attempt took points back, and the state does not know all others"
    return fields


def attempt_rows(state: RunState) -> Iterator[tuple[Any, ...]]:
    """The newest attempts, if there are several."""
    if len(state.attempts) < 2:
        return
    for attempt in state.attempts[-MAX_ATTEMPTS_SHOWN:]:
        differing = ", ".join(f"{it.name} {it.before or 'absent'} → {it.after or 'absent'}" for it in attempt.differences)
        ended = None if attempt.finished_at is None else short_time(attempt.finished_at)
        yield attempt.number, attempt.status, short_time(attempt.started_at), ended, attempt.first_step, differing or None


def name_of_metric(name: str, metric: Metric, state: RunState) -> str:
    """The metric's name; with an attempt's number if no newer one has recorded it yet."""
    return name if metric.attempt >= state.starts else f"{name} (attempt {metric.attempt})"


def progress_of_attempts(state: RunState) -> str | None:
    """`attempt 2, resumed at step 5`, for a run with more than one attempt."""
    if len(state.attempts) < 2:
        return None
    newest, first = state.attempts[-1], state.attempts[0]
    if newest.first_step is None:
        return f"attempt {newest.number}"
    goes_on = first.number > 1 or first.first_step is None or newest.first_step > first.first_step
    return f"attempt {newest.number}, {'resumed at' if goes_on else 'begun again at'} step {newest.first_step}"
