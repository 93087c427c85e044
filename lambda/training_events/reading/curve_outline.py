"""The values of a metric in outline, as its state keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training_events.folds.metric import Metric


def outline(metric: Metric) -> list[float | str]:
    """The values of the points that the state keeps, and of the last one; what is not finite by its name."""
    values: list[float | str] = [value for _, value in metric.curve.points]
    if metric.curve.next - metric.curve.every < metric.points:
        values.append(metric.last.value)
    return values
