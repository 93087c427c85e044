"""The outline of a metric's curve in a cell of a table, from the points that the state keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.reading.curve_outline import outline

if TYPE_CHECKING:
    from training_events.folds.metric import Metric

WIDTH, HEIGHT = 64, 16
_MARGIN = 2


class Sparkline(Struct, frozen=True):
    """`points` are those of a polyline, in a box of WIDTH by HEIGHT. `marks` are where a value is not finite, as x and y."""

    points: str
    marks: list[tuple[str, str]]


def sparkline(metric: Metric) -> Sparkline | None:
    """None where it has only one point: that is no curve."""
    values = outline(metric)
    if len(values) < 2:
        return None
    finite = [value for value in values if not isinstance(value, str)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    half_span = high / 2 - low / 2  # halved: the whole may be more than a float holds
    points, marks = [], []
    for number, value in enumerate(values):
        x = f"{_MARGIN + number * (WIDTH - 2 * _MARGIN) / (len(values) - 1):.1f}"
        if isinstance(value, str):
            marks.append((x, _y(0.0 if value == "-Infinity" else 1.0)))
        else:
            points.append(f"{x},{_y((value / 2 - low / 2) / half_span if half_span else 0.5)}")
    return Sparkline(" ".join(points), marks)


def _y(share: float) -> str:
    return f"{HEIGHT - _MARGIN - share * (HEIGHT - 2 * _MARGIN):.1f}"
