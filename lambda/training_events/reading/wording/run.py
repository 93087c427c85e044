"""A run in few words: how far it is, how quickly it goes on, what it said last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.folds.metric_order import importance
from training_events.folds.silence import last_heard_at, seconds_between, silent_seconds, usual_gap_seconds
from training_events.reading.pace import progress_of
from training_events.reading.wording.state import NO_ERROR, error_text
from training_events.reading.wording.times import duration, rough_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.folds.metric import Metric, Reading
    from training_events.folds.run_state import RunState
    from training_events.reading.pace import Rates

MAX_ERROR_CHARACTERS = 200
"""Of the line that tells why a run has failed. `show` has the whole error."""


def status_of_run(status: str, silent_seconds: float | None) -> str:
    """`running, silent for 3 h`. That is no verdict: the run may still go on."""
    return status if silent_seconds is None else f"{status}, silent for {rough_duration(silent_seconds)}"


def status(state: RunState, now: str) -> str:
    """`running, silent for 3 h`, as in lists."""
    return status_of_run(state.status, silent_seconds(state.status, last_heard_at(state), usual_gap_seconds(state), now))


def moments(state: RunState, now: str) -> Iterator[str]:
    """`attempt 2, resumed at step 5`, `for 12 min 3 s`."""
    if attempts := progress_of_attempts(state):
        yield attempts
    if state.finished:
        if state.duration_seconds is not None:
            yield f"took {duration(state.duration_seconds)}"
    elif state.started_at is not None:
        yield f"for {duration(max(seconds_between(state.started_at, now) or 0, 0))}"


def last_sign(state: RunState, now: str) -> str:
    """`last event 3 s ago`, `ended 2 d ago`, `refused 2 d ago`."""
    if state.refused is not None:
        return f"refused {ago(state.refused.at, now)}"
    return f"{'ended' if state.finished else 'last event'} {ago(state.finished_at or last_heard_at(state), now)}"


def progress(state: RunState, rates: Rates) -> str:
    """`step 1,200 (35.2 a second), 4,800 points (141 a second)`."""
    reached = progress_of(state)
    if reached is None:
        return ""
    steps = [] if reached.step is None else [f"step {step_text(reached.step)}{_rate(rates.steps_per_second)}"]
    return ", ".join([*steps, f"{state.points:,} point{'s' * (state.points != 1)}{_rate(rates.points_per_second)}"])


def _rate(per_second: float | None) -> str:
    """A slow one in minutes or hours: `2.5 an hour`."""
    if per_second is None:
        return ""
    for unit, seconds in (("second", 1), ("minute", 60)):
        if (rate := per_second * seconds) >= 1:
            return f" ({f'{rate:,.0f}' if rate >= 100 else f'{rate:.3g}'} a {unit})"
    return f" ({per_second * 3600:.3g} an hour)"


def step_text(step: float) -> str:
    return f"{step:,}" if isinstance(step, int) else f"{step:,.6g}"


def metrics_in_order(state: RunState) -> list[tuple[str, Metric]]:
    """Those with a goal first, then as they matter."""
    return sorted(state.metrics.items(), key=lambda item: (item[0] not in state.goals, importance(item[0])))


def value(reading: Reading) -> str:
    return reading.value if isinstance(reading.value, str) else f"{reading.value:.6g}"


def ago(at: str, now: str) -> str:
    return f"{rough_duration(max(seconds_between(at, now) or 0, 0))} ago"


def error_of(state: RunState) -> str:
    """The first line of the error with which the run has failed."""
    line = (error_text(state).splitlines() or [NO_ERROR])[0]
    return line if len(line) <= MAX_ERROR_CHARACTERS else line[:MAX_ERROR_CHARACTERS] + "…"


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
