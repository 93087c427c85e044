"""A part of a trace, as fine as a screen can show it, in a moment also where it has a million points."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from itertools import islice
from operator import le
from typing import TYPE_CHECKING, Literal, NamedTuple

from training_events.pages.curves.downsampling import MIN_GROUP, kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training_events.pages.curves.trace import Trace

Axis = Literal["step", "time"]

_COARSE = 64
"""What is kept of groups of so many points is remembered: for a wide part, only that is looked at."""


class Part(NamedTuple):
    """The places of the points that are kept of a part of a trace, and of how many recorded points at most a pair is."""

    places: Sequence[int]
    each: int


class Window:
    """Parts of a trace. Further points may come to it, as long as it keeps all of them."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._orders = {"step": _Order(trace.steps), "time": _Order(trace.times)}
        self._places, self._numbers, self._values = array("Q"), array("Q"), array("d")

    def part(self, low: float | None, high: float | None, axis: Axis, most: int) -> Part:
        """The points from `low` to `high` along the axis, and one on each side, as the line goes on there. None is the end.

        There are about `most` at most: the finest groups of which no more are kept.
        """
        numbers = self.trace.numbers
        start, end = self._orders[axis].between(low, high, len(numbers))
        if end - start <= most:
            return Part(range(start, end), self.trace.each)
        recorded, each = numbers[end - 1] - numbers[start] + 1, max(self.trace.each, MIN_GROUP)
        while 2 * recorded > most * each:
            each *= 2
        # whole groups, so that what is kept of a group is the same in each part that has it
        start = bisect_left(numbers, numbers[start] // each * each, 0, start + 1)
        end = bisect_left(numbers, (numbers[end - 1] // each + 1) * each, end - 1)
        places = self._of_coarse(start, end, each) if each > _COARSE else kept(numbers, self.trace.values, each, start, end)
        return Part(sorted({start, *places, end - 1}), each)

    def _of_coarse(self, start: int, end: int, each: int) -> list[int]:
        self._extend_coarse()
        first, last = bisect_left(self._places, start), bisect_left(self._places, end)
        return [self._places[place] for place in kept(self._numbers, self._values, each, first, last)]

    def _extend_coarse(self) -> None:
        """Take in what has come since. The last group was not full then, so it is looked at again."""
        numbers, values = self.trace.numbers, self.trace.values
        begin = bisect_left(numbers, self._numbers[-1] // _COARSE * _COARSE) if self._numbers else 0
        behind = bisect_left(self._places, begin)
        added = kept(numbers, values, _COARSE, begin)
        self._places[behind:] = array("Q", added)
        self._numbers[behind:] = array("Q", [numbers[place] for place in added])
        self._values[behind:] = array("d", [values[place] for place in added])


class _Order:
    """Whether points lie one behind the other along an axis, as nearly always. Then a part of them is found at once."""

    def __init__(self, along: array[float]) -> None:
        self._along = along
        self._ordered = 1
        """So many of the first points are known to be in order."""

    def between(self, low: float | None, high: float | None, count: int) -> tuple[int, int]:
        along = self._along
        if low is None and high is None:
            return 0, count
        low, high = float("-inf") if low is None else low, float("inf") if high is None else high
        if self._is_ordered():
            start, end = bisect_left(along, low), bisect_right(along, high)
        else:
            inside = [place for place, x in enumerate(along) if low <= x <= high]
            start, end = (inside[0], inside[-1] + 1) if inside else (0, 0)
        return max(start - 1, 0), min(end + 1, count)

    def _is_ordered(self) -> bool:
        along, known = self._along, self._ordered
        if known and known < len(along):
            following = islice(along, known, None)
            self._ordered = len(along) if all(map(le, islice(along, known - 1, None), following)) else 0
        return self._ordered > 0
