"""One metric of a run, point by point: the first, last, lowest, highest and best of its values, their number and curve."""

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
"""Points of a curve. With them a metric of mere noise takes 280 bytes of a compressed state, so that 1,400 fit into DynamoDB's
400 KB; without them it would take 100."""


class Reading(Struct, gc=False):
    """A value, the step it was measured at (as the producer counts) and when (by the producer's clock, UTC)."""

    value: float | NotFinite
    step: int | float | None
    at: str


class Curve(Struct):
    """The values in outline: the first, and each `every` points after it one more, as [step, value] with six digits.

    When there would be too many, each second one goes and `every` doubles: the same points make the same curve, however
    they came.
    """

    every: Annotated[int, Meta(ge=1)]
    points: list[tuple[int | float | None, float | NotFinite]]


class Metric(Struct):
    """`min`, `max` and `best` are of finite values alone, and the first of several that are equal; null without any."""

    goal: Goal
    points: int
    not_finite: int
    first: Reading
    last: Reading
    min: Reading | None
    max: Reading | None
    best: Reading | None
    curve: Curve


def start(name: str, goal: Goal | None, point: Point, at: str) -> Metric:
    """The metric after its first point."""
    reading = Reading(point.value, point.step, point.time or at)
    finite = None if isinstance(point.value, str) else reading
    curve = Curve(1, [_in_outline(point)])
    return Metric(goal or goal_by_name(name), 1, int(finite is None), reading, reading, finite, finite, finite, curve)


def go_on(metric: Metric, point: Point, at: str) -> None:
    """One point more."""
    value = point.value
    metric.last = reading = Reading(value, point.step, point.time or at)
    if not metric.points % metric.curve.every:
        _draw(metric.curve, point)
    metric.points += 1
    if isinstance(value, str):
        metric.not_finite += 1
    elif metric.min is None or metric.max is None:
        metric.min = metric.max = metric.best = reading
    elif value < metric.min.value:  # type: ignore[operator]  # neither is a name: it would not be here
        metric.min = reading
        if metric.goal == "minimize":
            metric.best = reading
    elif value > metric.max.value:  # type: ignore[operator]
        metric.max = reading
        if metric.goal == "maximize":
            metric.best = reading


def _draw(curve: Curve, point: Point) -> None:
    if len(curve.points) == MAX_CURVE_POINTS:
        del curve.points[1::2]
        curve.every *= 2
    curve.points.append(_in_outline(point))


def _in_outline(point: Point) -> tuple[int | float | None, float | NotFinite]:
    return point.step, point.value if isinstance(point.value, str) else float(f"{point.value:.6g}")


def aim(metric: Metric, goal: Goal) -> None:
    """The run has said which way is better."""
    metric.goal = goal
    metric.best = metric.min if goal == "minimize" else metric.max


def goal_by_name(name: str) -> Goal:
    """What people expect of a metric so called: less of a loss or an error is better, more of anything else."""
    return "minimize" if _LESS_IS_BETTER.search(name.lower()) else "maximize"
