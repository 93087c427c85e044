"""The curve of a metric as a plot of a few lines. Letters of Braille have eight dots each, so lines are fine enough to read."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from training_events.reading.wording.run import step_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training_events.folds.metric import Metric

_DOTS_ACROSS, _DOTS_DOWN = 2, 4
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Of each dot, by row and column: U+2800 plus their sum is the letter. https://www.unicode.org/charts/PDF/U2800.pdf"""
_NO_DOT = "\u2800"


def plot(metric: Metric, width: int, height: int) -> list[str]:
    """So many lines, with the lowest and the highest value beside them, and a further one with the first and the last step.

    The points are those that the state keeps, and the last one. What is not finite leaves a gap.
    """
    points = [*metric.curve.points, (metric.last.step, metric.last.value)]
    steps = [step for step, _ in points if step is not None]
    places = steps if len(steps) == len(points) else list(range(len(points)))
    finite = [value for _, value in points if not isinstance(value, str)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    labels = [f"{high:.4g}", *[""] * (height - 2), f"{low:.4g}"]
    margin = max(map(len, labels)) + 1
    heights = [None if isinstance(value, str) else _share(value, low, high) for _, value in points]
    lines = _lines([_share(place, places[0], places[-1]) for place in places], heights, max(width - margin, 1), height)
    axis = _axis(places[0], places[-1], width - margin) if steps else ""
    return [*(label.rjust(margin - 1) + " " + line for label, line in zip(labels, lines, strict=True)), " " * margin + axis]


def _axis(first: float, last: float, width: int) -> str:
    """The first and the last step at both ends; nothing where there is no room for them."""
    first_text, last_text = step_text(first), step_text(last)
    room = width - len(first_text) - len(last_text)
    return first_text + " " * room + last_text if room > 0 else ""


def _share(value: float, low: float, high: float) -> float:
    """Where the value lies between the two, from 0 to 1."""
    half_span = high / 2 - low / 2  # halved: the whole may be more than a float holds
    return min(max((value / 2 - low / 2) / half_span, 0.0), 1.0) if half_span else 0.5


def _lines(across: Sequence[float], heights: Sequence[float | None], width: int, height: int) -> list[str]:
    """Straight lines from point to point."""
    last_x, last_y = width * _DOTS_ACROSS - 1, height * _DOTS_DOWN - 1
    letters = [[0] * width for _ in range(height)]
    dots = [
        None if up is None else (round(x * last_x), round((1 - up) * last_y)) for x, up in zip(across, heights, strict=True)
    ]
    for start, end in pairwise(dots):
        if start is None or end is None:
            continue
        count = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
        for number in range(count + 1):
            x = round(start[0] + (end[0] - start[0]) * number / count)
            y = round(start[1] + (end[1] - start[1]) * number / count)
            letters[y // _DOTS_DOWN][x // _DOTS_ACROSS] |= _BITS[y % _DOTS_DOWN][x % _DOTS_ACROSS]
    return ["".join(chr(ord(_NO_DOT) + bits) for bits in line) for line in letters]
