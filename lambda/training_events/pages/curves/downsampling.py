"""Fewer points that draw the same curve: of each group of neighbours the lowest and the highest one.

An average would hide a spike; a lowest and a highest point never do. Groups are aligned to the numbers of the points, so the
same points have the same groups whichever part of them is looked at, and groups can be merged without going back to all points.
"""

from __future__ import annotations

from bisect import bisect_left
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterator, Sequence

MIN_GROUP = 4
"""Smaller groups would keep all of their points."""


def kept(numbers: Sequence[int], values: array[float], each: int, start: int = 0, end: int | None = None) -> list[int]:
    """The places of the points to keep, in order: of each `each` recorded points the lowest, the highest, and the first NaN,
    Infinity and -Infinity. The points are those at the places from `start` to `end`; `numbers` counts them among all recorded.

    Of equal values the first one is kept. What is kept of points that were kept is what would be kept of all of them.
    """
    end = len(numbers) if end is None else end
    places: list[int] = []
    while start < end:
        behind = bisect_left(numbers, (numbers[start] // each + 1) * each, start, min(start + each, end))
        some = values[start:behind]
        if isfinite(sum(some)):
            low, high = start + some.index(min(some)), start + some.index(max(some))
            places += (low, high) if low < high else (high, low) if high < low else (low,)
        else:
            places += sorted({start + place for place in _notable(some)})
        start = behind
    return places


def _notable(values: array[float]) -> Iterator[int]:
    """The same where some values are not finite, or their sum is not."""
    finite = [(value, place) for place, value in enumerate(values) if isfinite(value)]
    if finite:
        yield min(finite)[1]
        yield max(finite, key=lambda item: item[0])[1]
    kinds: dict[str, int] = {}
    for place, value in enumerate(values):
        if not isfinite(value):
            kinds.setdefault(str(value), place)
    yield from kinds.values()
