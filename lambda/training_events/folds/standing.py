"""The metrics of a run from all of its points, where its state does not know which of them stand.

A point stands unless a later attempt has recorded the metric before it, or at the same or an earlier step. A point without a
step counts as before all others where it takes points back, and as behind all others where it is taken back. The log is read
twice: for the steps from which each attempt goes on, and for the points before them. One step is kept for a metric and attempt.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from msgspec import field

from training_events.folds import fold
from training_events.folds.run import RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from training_events.catalogue.run import Point
    from training_events.event import LogEntry
    from training_events.folds.metric import Metric


def is_known(state: RunState) -> bool:
    """Whether the state knows its metrics: no attempt has taken back points that it no longer has."""
    return all(known.unknown is None for known in state.metrics.values())


def standing_metrics(stream: str, entries: Callable[[], Iterable[LogEntry]]) -> dict[str, Metric]:
    """The metrics of a run. `entries` reads its events from the beginning."""
    first_pass = fold(_LowestSteps(stream), entries())
    second_pass = fold(_Standing(stream, limits=first_pass.limits(), recorded=first_pass.metrics), entries())
    return second_pass.standing()


class _LowestSteps(RunState):
    """Folds the run as ever, and keeps the lowest step of each metric in each attempt."""

    lowest: dict[str, dict[int, float]] = field(default_factory=dict)

    def add_points(self, points: list[Point], at: str, attempt: int) -> None:
        super().add_points(points, at, attempt)
        for point in points:
            steps = self.lowest.setdefault(point.name, {})
            if attempt < max(steps, default=attempt):
                continue
            steps[attempt] = min(steps.get(attempt, inf), -inf if point.step is None else point.step)

    def limits(self) -> dict[str, dict[int, float]]:
        """For each metric and attempt the step from which its points were taken back."""
        return {name: _lowest_of_later(steps) for name, steps in self.lowest.items()}


class _Standing(RunState):
    """Folds only the points that stand, as those of one attempt."""

    limits: dict[str, dict[int, float]] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)
    recorded: dict[str, Metric] = field(default_factory=dict)

    def add_points(self, points: list[Point], at: str, attempt: int) -> None:
        super().add_points([point for point in points if self._stands(point, attempt)], at, 1)

    def _stands(self, point: Point, attempt: int) -> bool:
        newest = self.newest[point.name] = max(self.newest.get(point.name, attempt), attempt)
        if attempt < newest:
            return False
        limit = self.limits.get(point.name, {}).get(attempt, inf)  # the log may have got an event since the first pass
        return limit == inf or (point.step is not None and point.step < limit)

    def standing(self) -> dict[str, Metric]:
        """The metrics, with what the state knows of all points."""
        for name, recorded in self.recorded.items():
            known = self.metrics[name]
            known.curve.next += recorded.points - known.points
            known.points, known.not_finite, known.attempt = recorded.points, recorded.not_finite, recorded.attempt
            known.steps.resumed = recorded.steps.resumed
        return self.metrics


def _lowest_of_later(steps: dict[int, float]) -> dict[int, float]:
    limits, limit = {}, inf
    for attempt in sorted(steps, reverse=True):
        limits[attempt] = limit
        limit = min(limit, steps[attempt])
    return limits
