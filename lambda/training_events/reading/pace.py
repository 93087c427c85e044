"""How quickly a run goes on: its steps and points a second, by the training's own clock."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from training_events.folds.silence import seconds_between

if TYPE_CHECKING:
    from training_events.folds.run_state import RunState

WINDOW_SECONDS = 60.0
"""The rates are those of about the last minute that was watched."""


class Progress(NamedTuple):
    """How far an attempt is: the highest step of its newest points, how many points the run has, and when that was."""

    attempt: int
    at: str
    step: int | float | None
    points: int


class Rates(NamedTuple):
    """None where nothing tells."""

    steps_per_second: float | None = None
    points_per_second: float | None = None


class Pace:
    """Gets the states of a run one after the other."""

    def __init__(self) -> None:
        self._seen: deque[Progress] = deque()

    def rates(self, state: RunState) -> Rates:
        """The rates since about a minute before this state, or since the attempt's beginning if there was no other state."""
        progress = progress_of(state)
        if progress is None:
            return Rates()
        seen = self._seen
        if seen and seen[-1].attempt != progress.attempt:
            seen.clear()
        if not seen or seen[-1] != progress:
            seen.append(progress)
        while len(seen) > 2 and (seconds_between(seen[1].at, progress.at) or 0) >= WINDOW_SECONDS:
            seen.popleft()
        return _rates(seen[0] if len(seen) > 1 else _beginning(state, progress), progress)


def progress_of(state: RunState) -> Progress | None:
    """None for a run without a point."""
    attempt = max((metric.attempt for metric in state.metrics.values()), default=0)
    last = [metric.last for metric in state.metrics.values() if metric.attempt == attempt]
    if not last:
        return None
    steps = [reading.step for reading in last if reading.step is not None]
    return Progress(attempt, max(reading.at for reading in last), max(steps, default=None), state.points)


def _beginning(state: RunState, progress: Progress) -> Progress:
    """How far the attempt was with its first points; for a further attempt, of which the state keeps no such, when it began."""
    if progress.attempt > 1:
        attempt = next((one for one in reversed(state.attempts) if one.number == progress.attempt), None)
        return progress if attempt is None else progress._replace(at=attempt.started_at, step=attempt.first_step)
    first = [metric.first for metric in state.metrics.values()]
    steps = [reading.step for reading in first if reading.step is not None]
    return Progress(1, min(reading.at for reading in first), min(steps, default=None), len(first))


def _rates(earlier: Progress, later: Progress) -> Rates:
    seconds = seconds_between(earlier.at, later.at)
    if not seconds or seconds < 0:
        return Rates()
    steps = None if earlier.step is None or later.step is None else later.step - earlier.step
    return Rates(_rate(steps, seconds), _rate(later.points - earlier.points, seconds))


def _rate(count: float | None, seconds: float) -> float | None:
    return count / seconds if count is not None and count > 0 else None
