"""One metric of a run, point by point: the first, last, lowest, highest and best of its values, and how many there were."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from training_events.catalogue.run import NotFinite

if TYPE_CHECKING:
    from training_events.catalogue.run import Point

Goal = Literal["minimize", "maximize"]

_LESS_IS_BETTER = re.compile(
    r"loss|err|perplexity|cost|divergence|latency|seconds|(^|[^a-z])(r?mse|mae|mape|nll|wer|cer|fid)([^a-z]|$)"
)


class Reading(Struct, gc=False):
    """A value, the step it was measured at (as the producer counts) and when (by the producer's clock, UTC)."""

    value: float | NotFinite
    step: int | float | None
    at: str


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


def start(name: str, goal: Goal | None, point: Point, at: str) -> Metric:
    """The metric after its first point."""
    reading = Reading(point.value, point.step, point.time or at)
    finite = None if isinstance(point.value, str) else reading
    return Metric(goal or goal_by_name(name), 1, int(finite is None), reading, reading, finite, finite, finite)


def go_on(metric: Metric, point: Point, at: str) -> None:
    """One point more."""
    value = point.value
    metric.last = reading = Reading(value, point.step, point.time or at)
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


def aim(metric: Metric, goal: Goal) -> None:
    """The run has said which way is better."""
    metric.goal = goal
    metric.best = metric.min if goal == "minimize" else metric.max


def goal_by_name(name: str) -> Goal:
    """What people expect of a metric so called: less of a loss or an error is better, more of anything else."""
    return "minimize" if _LESS_IS_BETTER.search(name.lower()) else "maximize"
