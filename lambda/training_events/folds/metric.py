"""One metric of a run, folded point by point: its first, last, lowest, highest and best value, their number, and its curve.

Where a further attempt records the metric again, the points of earlier attempts from that step on no longer stand: what they
were measured on was thrown away. A state is too small to keep all points, so it may not know which of the others is the lowest.
Then it says so, and `folds/standing.py` reads the log.
"""

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
    batches they come. `next` is the number that the next point of the curve will have among all points of the metric.
    """

    every: Annotated[int, Meta(ge=1)]
    points: list[tuple[int | float | None, float | NotFinite]]
    next: int


class Steps(Struct):
    """Of the points that stand: the lowest and the highest step, and the lowest one of the newest attempt, `resumed`.

    `highest` is null if there is a point without a step, `lowest` if there is no other. `resumed` is null if the newest attempt
    has recorded a point without one: nothing tells where it began, and so no point of an earlier attempt stands.
    """

    lowest: int | float | None
    highest: int | float | None
    resumed: int | float | None


class Unknown(Struct):
    """What only the log can tell. A point that may stand is at least `low`, and at most `high`: null if none matters.

    `first` is true if the first point that stands is not known.
    """

    low: float | None = None
    high: float | None = None
    first: bool = False


class Metric(Struct):
    """`min`, `max` and `best` are of the finite values, and null if there are none. Of equal values they are the first one.

    `points` and `not_finite` count all that was recorded. Everything else is of the points that stand. `attempt` is the newest
    attempt that has recorded the metric. `unknown` is null unless a later attempt has taken points back.

    `latest` is the point of the highest step, then of the highest time, then of the highest value, as MLflow has it. It is null
    where that is `last`. It is always of the newest attempt: what stands of earlier ones has lower steps.
    """

    goal: Goal
    points: int
    not_finite: int
    first: Reading
    last: Reading
    min: Reading | None
    max: Reading | None
    best: Reading | None
    curve: Curve
    steps: Steps
    attempt: int = 1
    unknown: Unknown | None = None
    latest: Reading | None = None

    @property
    def are_extremes_known(self) -> bool:
        """Whether the lowest and the highest value, and so the best one, are those of all points that stand."""
        return self.unknown is None or (self.unknown.low is None and self.unknown.high is None)


def add_points(  # noqa: C901, PLR0912 - every point of every fold passes here: a call for each would take a twentieth of the fold
    metrics: dict[str, Metric], points: list[Point], at: str, attempt: int, goals: dict[str, Goal]
) -> None:
    """Add points, which this attempt has recorded, to the metrics by name. `goals` are those that the training stated."""
    for point in points:
        name = point.name
        if name not in metrics:
            metrics[name] = _from_first_point(goals.get(name) or goal_by_name(name), point, at, attempt)
            continue
        metric, value, step = metrics[name], point.value, point.step
        number = metric.points = metric.points + 1
        reading, steps = Reading(value, step, point.time or at), metric.steps
        highest = steps.highest
        if attempt != metric.attempt or step is None or highest is None or step <= highest:
            if attempt < metric.attempt:  # a process that was superseded goes on, for nothing
                metric.not_finite += isinstance(value, str)
                continue
            _make_room(metric, reading, attempt)
        else:
            steps.highest = step
            if metric.latest is not None:
                metric.latest = None
        metric.last = reading
        if number >= metric.curve.next:
            _add_to_curve(metric, point)
        if isinstance(value, str):
            metric.not_finite += 1
            continue
        low, high = metric.min, metric.max
        if low is None or high is None or metric.unknown is not None:
            _extend(metric, reading, value)
        elif value < low.value:  # type: ignore[operator]  # both are finite numbers, not names
            metric.min = reading
            if metric.goal == "minimize":
                metric.best = reading
        elif value > high.value:  # type: ignore[operator]
            metric.max = reading
            if metric.goal == "maximize":
                metric.best = reading


def _from_first_point(goal: Goal, point: Point, at: str, attempt: int) -> Metric:
    reading = Reading(point.value, point.step, point.time or at)
    finite = None if isinstance(point.value, str) else reading
    curve = Curve(1, [_curve_point(point)], 2)
    steps = Steps(point.step, point.step, point.step)
    return Metric(goal, 1, int(finite is None), reading, reading, finite, finite, finite, curve, steps, attempt)


def _extend(metric: Metric, reading: Reading, value: float) -> None:
    """A finite value may be the lowest or the highest one, of those that are known."""
    if metric.min is None or value < _value(metric.min):
        metric.min = reading
    if metric.max is None or value > _value(metric.max):
        metric.max = reading
    metric.best = metric.min if metric.goal == "minimize" else metric.max
    if metric.unknown is not None:
        _settle(metric, metric.unknown)


def is_later(reading: Reading, other: Reading) -> bool:
    """Whether MLflow calls this point the latest of the two. There a point without a step has step 0, and NaN counts as 0."""
    return _order(reading) > _order(other)


def _order(reading: Reading) -> tuple[float, str, float]:
    return reading.step or 0, reading.at, 0.0 if reading.value == "NaN" else float(reading.value)


def _make_room(metric: Metric, reading: Reading, attempt: int) -> None:
    """Take back what the next point supersedes, which is not of a higher step, and count its step."""
    steps, step, latest = metric.steps, reading.step, metric.latest or metric.last
    metric.latest = latest if attempt == metric.attempt and is_later(latest, reading) else None
    if attempt > metric.attempt:
        _begin_attempt(metric, reading)
        metric.attempt = attempt
    elif step is None:
        if steps.resumed is not None:  # the attempt's first point without a step
            _take_back(metric, None, steps.resumed, reading)
            steps.lowest, steps.resumed = steps.resumed, None
    elif steps.resumed is not None and step < steps.resumed:
        if steps.lowest != steps.resumed:  # points of earlier attempts stand
            _take_back(metric, step, steps.resumed, reading)
        steps.resumed = step
    steps.highest = None if step is None or steps.highest is None else max(steps.highest, step)
    if step is not None and (steps.lowest is None or step < steps.lowest):
        steps.lowest = step


def _begin_attempt(metric: Metric, reading: Reading) -> None:
    """A further attempt records its first point of the metric."""
    steps, step = metric.steps, reading.step
    if step is None or steps.lowest is None or step <= steps.lowest:  # it begins again
        metric.first, metric.min, metric.max, metric.best, metric.unknown = reading, None, None, None, None
        metric.curve, metric.steps = Curve(1, [], metric.points), Steps(step, step, step)
        return
    if steps.highest is None or step <= steps.highest:
        _take_back(metric, step, None, reading)
        steps.highest = step
    steps.resumed = step


def _take_back(metric: Metric, low: float | None, below: float | None, reading: Reading) -> None:
    """Take back the points of earlier attempts from step `low` on, or all of them.

    If the newest attempt has points already, they are without a step, or from the step `below` on. Its next one is `reading`.
    """

    def stands(step: float | None) -> bool:
        if step is None:
            return below is not None
        return (low is not None and step < low) or (below is not None and step >= below)

    curve, unknown = metric.curve, metric.unknown or Unknown()
    curve.points = [point for point in curve.points if stands(point[0])]
    curve.next = metric.points  # this one
    known = [one for one in (metric.first, metric.last, metric.min, metric.max) if one is not None and stands(one.step)]
    finite = [one for one in known if not isinstance(one.value, str)]
    if not stands(metric.first.step):
        metric.first, unknown.first = reading, True
    if metric.min is not None and not stands(metric.min.step):
        unknown.low = _value(metric.min) if unknown.low is None else unknown.low
        metric.min = min(finite, key=_value, default=None)
    if metric.max is not None and not stands(metric.max.step):
        unknown.high = _value(metric.max) if unknown.high is None else unknown.high
        metric.max = max(finite, key=_value, default=None)
    metric.best = metric.min if metric.goal == "minimize" else metric.max
    metric.unknown = unknown
    _settle(metric, unknown)


def _settle(metric: Metric, unknown: Unknown) -> None:
    """Forget what is unknown where it makes no difference: a known value is beyond it."""
    if unknown.low is not None and metric.min is not None and _value(metric.min) < unknown.low:
        unknown.low = None
    if unknown.high is not None and metric.max is not None and _value(metric.max) > unknown.high:
        unknown.high = None
    if unknown == Unknown():
        metric.unknown = None


def _value(reading: Reading) -> float:
    return reading.value  # type: ignore[return-value]  # only called for finite values


def _add_to_curve(metric: Metric, point: Point) -> None:
    curve = metric.curve
    if len(curve.points) == MAX_CURVE_POINTS:
        del curve.points[1::2]
        curve.every *= 2
    curve.points.append(_curve_point(point))
    curve.next = metric.points + curve.every


def _curve_point(point: Point) -> tuple[int | float | None, float | NotFinite]:
    return point.step, point.value if isinstance(point.value, str) else float(f"{point.value:.6g}")


def set_goal(metric: Metric, goal: Goal) -> None:
    """Set the goal that the run has named: whether less or more is better."""
    metric.goal = goal
    metric.best = metric.min if goal == "minimize" else metric.max


def goal_by_name(name: str) -> Goal:
    """What people expect of a metric with this name: less of a loss or an error is better, more of anything else."""
    return "minimize" if _LESS_IS_BETTER.search(name.lower()) else "maximize"
