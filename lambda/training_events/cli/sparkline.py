"""The curve of a metric as one line of blocks: the same on a terminal, in a pipe and in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.reading.curve_outline import outline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training_events.folds.metric import Metric

_BLOCKS = "▁▂▃▄▅▆▇█"
_MIN_LETTERS = 8
_NOT_FINITE = {"NaN": "N", "Infinity": "↑", "-Infinity": "↓"}


def sparkline(metric: Metric, width: int | None = None) -> str:
    """The points that the state keeps, and the last one. A state leaves points out, so it says how many are not finite.

    Of more points than `width` has room for, some in between are left out; at least eight stay.
    """
    values = outline(metric)
    missing = f"  {metric.not_finite} of {metric.points} not finite" if metric.not_finite else ""
    if width is not None and len(values) > (room := max(width - len(missing), _MIN_LETTERS)):
        values = [values[number * (len(values) - 1) // (room - 1)] for number in range(room)]
    return blocks(values) + missing


def blocks(values: Sequence[float | str]) -> str:
    """A letter for each value, from ▁ for the lowest to █ for the highest; N is NaN, ↑ and ↓ are the infinities."""
    finite = [value for value in values if not isinstance(value, str)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    return "".join(_NOT_FINITE[value] if isinstance(value, str) else _block(value, low, high) for value in values)


def _block(value: float, low: float, high: float) -> str:
    half_span = high / 2 - low / 2  # halved: the whole may be more than a float holds
    share = (value / 2 - low / 2) / half_span if half_span else 0.5
    return _BLOCKS[min(int(share * len(_BLOCKS)), len(_BLOCKS) - 1)]
