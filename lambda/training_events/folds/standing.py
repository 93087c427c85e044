"""The metrics of a run from all of its points, where its state does not know which of them stand.

A point stands unless a later attempt has recorded the metric before it, or at the same or an earlier step. A point without a
step counts as before all others where it takes points back, and as behind all others where it is taken back. The log is read
twice: for the steps from which each attempt goes on, and for the points before them. One step is kept for a metric and attempt.
"""

from __future__ import annotations

from itertools import chain, islice
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from msgspec import field

from training_events.folds import fold
from training_events.folds.instant import instants
from training_events.folds.run_state import RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from training_events.catalogue.run import Point
    from training_events.event import LogEntry
    from training_events.folds.instant import Instant
    from training_events.folds.metric import Metric

_INSTANTS_AT_ONCE = 64


def is_known(state: RunState) -> bool:
    """Whether the state knows its metrics: no attempt has taken back points that it no longer has."""
    return all(known.unknown is None for known in state.metrics.values())


def standing_metrics(stream: str, entries: Callable[[], Iterable[LogEntry]]) -> dict[str, Metric]:
    """The metrics of a run. `entries` reads its events from the beginning."""
    first_pass = fold(_LowestStepsAndMetrics(stream), entries())
    second_pass = fold(_Standing(stream, limits=first_pass.limits(), recorded=first_pass.metrics), entries())
    return second_pass.standing()


class RecordedPoint(NamedTuple):
    """A point, the attempt that recorded it, and whether it stands. `at` is when it was measured."""

    point: Point
    attempt: int
    at: str
    stands: bool


def recorded_points(
    stream: str, entries: Callable[[], Iterable[LogEntry]], metric: str | None = None, *, attempts: int | None = None
) -> Iterator[RecordedPoint]:
    """Every point of a run, in the order in which its state takes them; of this metric only, where one is named.

    `entries` reads the events from the beginning: twice, because later attempts decide what stands, but once for a run that is
    known to have no more than one of `attempts`.
    """
    limits = {} if attempts is not None and attempts < 2 else limits_of(stream, entries())
    state = _Recorded(stream, limits=limits, metric=metric)
    for some in _in_pieces(instants(entries())):
        state.taken = []
        fold(state, some)
        yield from state.taken


def limits_of(stream: str, entries: Iterable[LogEntry]) -> dict[str, dict[int, float]]:
    """For each metric and attempt the step from which its points were taken back; infinity where none was."""
    return fold(LowestSteps(stream), entries).limits()


def _in_pieces(instants: Iterator[Instant]) -> Iterator[list[LogEntry]]:
    """The events of many instants at once, because each call of `fold` takes its time."""
    while some := list(chain.from_iterable(entries for _, entries in islice(instants, _INSTANTS_AT_ONCE))):
        yield some


class LowestSteps(RunState):
    """Keeps the lowest step of each metric in each attempt, and nothing else of its points."""

    lowest: dict[str, dict[int, float]] = field(default_factory=dict)

    def add_points(self, points: list[Point], at: str, attempt: int) -> None:  # noqa: ARG002 - as of any run
        for point in points:
            steps = self.lowest.setdefault(point.name, {})
            if attempt < max(steps, default=attempt):
                continue
            steps[attempt] = min(steps.get(attempt, inf), -inf if point.step is None else point.step)

    def limits(self) -> dict[str, dict[int, float]]:
        """For each metric and attempt the step from which its points were taken back."""
        return {name: _lowest_of_later(steps) for name, steps in self.lowest.items()}


class _LowestStepsAndMetrics(LowestSteps):
    """Folds the run as ever beside that."""

    def add_points(self, points: list[Point], at: str, attempt: int) -> None:
        super().add_points(points, at, attempt)
        RunState.add_points(self, points, at, attempt)


class JudgedRun(RunState):
    """A run of which it is known from which step on the points of each attempt were taken back: `limits_of`."""

    limits: dict[str, dict[int, float]] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)

    def stands(self, point: Point, attempt: int) -> bool:
        newest = self.newest[point.name] = max(self.newest.get(point.name, attempt), attempt)
        if attempt < newest:
            return False
        limit = self.limits.get(point.name, {}).get(attempt, inf)  # the log may have got an event since the first pass
        return limit == inf or (point.step is not None and point.step < limit)


class _Recorded(JudgedRun):
    """Keeps the points until somebody takes them, and folds none."""

    metric: str | None = None
    taken: list[RecordedPoint] = field(default_factory=list)

    def add_points(self, points: list[Point], at: str, attempt: int) -> None:
        self.taken += [
            RecordedPoint(point, attempt, point.time or at, self.stands(point, attempt))
            for point in points
            if self.metric is None or point.name == self.metric
        ]


class _Standing(JudgedRun):
    """Folds only the points that stand, as those of one attempt."""

    recorded: dict[str, Metric] = field(default_factory=dict)

    def add_points(self, points: list[Point], at: str, attempt: int) -> None:
        super().add_points([point for point in points if self.stands(point, attempt)], at, 1)

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
