"""The metrics of several runs side by side: at their best, at their last point, and where they had trained for as long.

Runs are as far where their steps are equal. Where a run has recorded points without a step, nothing tells: then the points that
stand are counted.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec import Struct

from training_events.catalogue.run import NotFinite
from training_events.folds.metric import Goal
from training_events.folds.metric_order import importance, is_counter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from training_events.catalogue.run import Point
    from training_events.folds.metric import Metric, Reading
    from training_events.folds.run_state import RunState

MAX_EQUAL = 5
"""At how many equal steps a metric is compared: the first and the last one that all runs have, and some between."""

Axis = Literal["step", "point"]


class ComparedValue(Struct, frozen=True):
    """A value of one run, its step, and its difference from the first run's.

    That is null where one of them is no number, or the difference is larger than one.
    """

    value: float | NotFinite
    step: int | float | None
    difference: float | None


class EqualPlace(Struct, frozen=True):
    """The values at a step, or after so many points: `at` is that step or number. Every run with the metric has one."""

    at: int | float
    values: dict[str, ComparedValue]


class ComparedMetric(Struct, frozen=True):
    """One metric of the runs that recorded it, by run.

    `best` is empty for what only counts, such as an epoch. `axis` says what `equal` counts: `step`, or `point` where a run
    has points without a step. `equal` is empty where the runs have no step in common. `differs` is true where one of the
    values differs, or a run lacks the metric.
    """

    name: str
    goal: Goal
    is_counter: bool
    best: dict[str, ComparedValue]
    last: dict[str, ComparedValue]
    axis: Axis
    equal: list[EqualPlace]
    differs: bool


class Wanted(NamedTuple):
    """Where a metric is looked up: which steps, or which numbers of points."""

    axis: Axis
    places: set[int | float]


def wanted_places(states: dict[str, RunState]) -> dict[str, Wanted]:
    """By metric, the steps that all runs may have: those of the outlines in their states. A metric of one run has none."""
    wanted = {}
    for name in _names(states):
        metrics = [state.metrics[name] for state in states.values() if name in state.metrics]
        if len(metrics) > 1:
            wanted[name] = _wanted(metrics)
    return wanted


def _wanted(metrics: list[Metric]) -> Wanted:
    if any(metric.steps.highest is None for metric in metrics):
        fewest = min(metric.points for metric in metrics)
        return Wanted("point", set(_spread(range(1, fewest + 1))))
    return Wanted("step", {step for metric in metrics for step in _outline(metric)})


def _outline(metric: Metric) -> set[int | float]:
    steps = [step for step, _ in metric.curve.points]
    return {step for step in (*steps, metric.first.step, metric.last.step) if step is not None}


class ValuesAt:
    """Takes the points of one run that stand, in order, and keeps the values at the wanted places. Of one step the last one."""

    def __init__(self, wanted: dict[str, Wanted]) -> None:
        self._wanted = wanted
        self._counts = dict.fromkeys(wanted, 0)
        self.found: dict[str, dict[int | float, Point]] = {name: {} for name in wanted}

    def take(self, points: Iterable[Point]) -> None:
        for point in points:
            name = point.name
            if (wanted := self._wanted.get(name)) is None:
                continue
            self._counts[name] += 1
            place = point.step if wanted.axis == "step" else self._counts[name]
            if place in wanted.places and place is not None:
                self.found[name][place] = point


def compared_metrics(
    states: dict[str, RunState], wanted: dict[str, Wanted], found: dict[str, dict[str, dict[int | float, Point]]]
) -> list[ComparedMetric]:
    """The metrics in the order in which people look at them. `found` are the values at the wanted places, by run and metric."""
    return [_compared(name, states, wanted.get(name), found) for name in sorted(_names(states), key=importance)]


def _compared(
    name: str,
    states: dict[str, RunState],
    wanted: Wanted | None,
    found: dict[str, dict[str, dict[int | float, Point]]],
) -> ComparedMetric:
    metrics = {run: state.metrics[name] for run, state in states.items() if name in state.metrics}
    first = next(iter(states))
    best = {} if is_counter(name) else _side_by_side({run: metric.best for run, metric in metrics.items()}, first)
    last = _side_by_side({run: metric.last for run, metric in metrics.items()}, first)
    equal = []
    if wanted is not None:
        of_runs = {run: found[run][name] for run in metrics}
        common = set.intersection(*(set(values) for values in of_runs.values()))
        equal = [
            EqualPlace(place, _side_by_side({run: values[place] for run, values in of_runs.items()}, first))
            for place in _spread(sorted(common))
        ]
    differs = len(metrics) < len(states) or any(
        len({value.value for value in values.values()}) > 1 for values in (best, last, *(place.values for place in equal))
    )
    goal = next(iter(metrics.values())).goal
    return ComparedMetric(name, goal, is_counter(name), best, last, wanted.axis if wanted else "step", equal, differs)


def _side_by_side(readings: Mapping[str, Reading | Point | None], first: str) -> dict[str, ComparedValue]:
    base = readings.get(first)
    base_value = None if base is None else base.value
    return {
        run: ComparedValue(reading.value, reading.step, _difference(reading.value, base_value))
        for run, reading in readings.items()
        if reading is not None
    }


def _difference(value: float | NotFinite, base: float | NotFinite | None) -> float | None:
    if isinstance(value, str) or isinstance(base, str) or base is None:
        return None
    return difference if isfinite(difference := value - base) else None


def _names(states: dict[str, RunState]) -> dict[str, None]:
    return dict.fromkeys(name for state in states.values() for name in state.metrics)


def _spread(places: Sequence[int | float]) -> Sequence[int | float]:
    """A handful of these, evenly: the first, the last, and some between."""
    if len(places) <= MAX_EQUAL:
        return places
    return [places[round(number * (len(places) - 1) / (MAX_EQUAL - 1))] for number in range(MAX_EQUAL)]
