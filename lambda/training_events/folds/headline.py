"""A metric at a glance, as lists and searches have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.catalogue.run import NotFinite
from training_events.folds.metric import Goal
from training_events.folds.metric_order import importance, is_counter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training_events.folds.metric import Metric, Reading

MAX_METRICS = 8
"""How many metrics a list shows of a run, those that people look at first: a line has no room for more."""


class Headline(Struct, frozen=True):
    """A metric at a glance. A counter has no best value. `min` and `max` are of the finite values.

    `latest` is the value of the highest step, as MLflow has it. Mostly that is the last one; null in what earlier
    folds have made.
    """

    goal: Goal
    best: float | None
    last: float | NotFinite
    min: float | None = None
    max: float | None = None
    latest: float | NotFinite | None = None


def headlines(metrics: dict[str, Metric]) -> dict[str, Headline]:
    """The metrics at a glance, those first that people look at first."""
    return dict(_by_importance({name: _headline(name, metric) for name, metric in metrics.items()}))


def foremost(metrics: Mapping[str, Headline], count: int = MAX_METRICS) -> dict[str, Headline]:
    """The metrics that people look at first."""
    return dict(_by_importance(metrics)[:count])


def _by_importance(metrics: Mapping[str, Headline]) -> list[tuple[str, Headline]]:
    return sorted(metrics.items(), key=lambda item: importance(item[0]))


def _headline(name: str, metric: Metric) -> Headline:
    best = None if is_counter(name) else _finite(metric.best)
    latest = metric.latest or metric.last
    return Headline(metric.goal, best, metric.last.value, _finite(metric.min), _finite(metric.max), latest.value)


def _finite(reading: Reading | None) -> float | None:
    return None if reading is None else reading.value  # type: ignore[return-value]  # it is finite
