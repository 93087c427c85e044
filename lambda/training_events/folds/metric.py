"""One metric of a run, folded point by point: its first, last, lowest, highest and best value, their number, and its curve."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from training_events.catalogue.run import NotFinite

if TYPE_CHECKING:
    from training_events.catalogue.run import Point

Goal = Literal["minimize", "maximize"]

_LESS_IS_BETTER = re.compile(
    r"loss|err|perplexity|cost|divergence|latency|seconds|(^|[^a-z])(r?mse|mae|mape|nll|wer|cer|fid)([^a-z]|$)"
)

MAX_CURVE_POINTS = 32
"""The points of a curve. With a full curve, a metric of pure noise takes 280 bytes of a compressed state, so that 1,400 metrics
fit into DynamoDB's 400 KB. Without a curve it would take 100 bytes."""


class Reading(Struct, gc=False):
    """A value, the step at which it was measured (as the producer counts), and when (by the producer's clock, in UTC)."""

    value: float | NotFinite
    step: int | float | None
    at: str


class Curve(Struct):
    """The values in outline: the first one, then one in `every`, as [step, value] with six digits.

    When there are too many, every second one goes and `every` doubles. So the same points make the same curve, in whatever
    batches they come.
    """

    every: Annotated[int, Meta(ge=1)]
    points: list[tuple[int | float | None, float | NotFinite]]


class Metric(Struct):
    """`min`, `max` and `best` are of the finite values, and null if there are none. Of equal values they are the first one."""

    goal: Goal
    points: int
    not_finite: int
    first: Reading
    last: Reading
    min: Reading | None
    max: Reading | None
    best: Reading | None
    curve: Curve


def from_first_point(name: str, goal: Goal | None, point: Point, at: str) -> Metric:
    """The metric after its first point."""
    reading = Reading(point.value, point.step, point.time or at)
    finite = None if isinstance(point.value, str) else reading
    curve = Curve(1, [_curve_point(point)])
    return Metric(goal or goal_by_name(name), 1, int(finite is None), reading, reading, finite, finite, finite, curve)


def add_point(metric: Metric, point: Point, at: str) -> None:
    """Add the next point to the metric."""
    value = point.value
    metric.last = reading = Reading(value, point.step, point.time or at)
    if not metric.points % metric.curve.every:
        _add_to_curve(metric.curve, point)
    metric.points += 1
    if isinstance(value, str):
        metric.not_finite += 1
    elif metric.min is None or metric.max is None:
        metric.min = metric.max = metric.best = reading
    elif value < metric.min.value:  # type: ignore[operator]  # both are finite numbers, not names
        metric.min = reading
        if metric.goal == "minimize":
            metric.best = reading
    elif value > metric.max.value:  # type: ignore[operator]
        metric.max = reading
        if metric.goal == "maximize":
            metric.best = reading


def _add_to_curve(curve: Curve, point: Point) -> None:
    if len(curve.points) == MAX_CURVE_POINTS:
        del curve.points[1::2]
        curve.every *= 2
    curve.points.append(_curve_point(point))


def _curve_point(point: Point) -> tuple[int | float | None, float | NotFinite]:
    return point.step, point.value if isinstance(point.value, str) else float(f"{point.value:.6g}")


def set_goal(metric: Metric, goal: Goal) -> None:
    """Set the goal that the run has named: whether less or more is better."""
    metric.goal = goal
    metric.best = metric.min if goal == "minimize" else metric.max


def goal_by_name(name: str) -> Goal:
    """What people expect of a metric with this name: less of a loss or an error is better, more of anything else."""
    return "minimize" if _LESS_IS_BETTER.search(name.lower()) else "maximize"
