"""The points of one metric that one attempt of a run recorded, as arrays of numbers: a million of them take 32 MB."""

from __future__ import annotations

from array import array
from bisect import bisect_left

from training_events.pages.curves.downsampling import MIN_GROUP, kept

MIN_CAPACITY = 8
"""Of one group of points at most five are kept, and the first and the last point of all."""


class Trace:
    """Points in the order in which they were recorded. They all stand, or none does.

    `numbers` counts them from 0. A step that was not recorded is NaN; times are seconds since 1970. `points` and `not_finite`
    count all that were added.

    With a `capacity`, memory does not grow with the points: then at most so many are kept, and `each` is how many recorded
    points lie in a group of which the lowest and the highest one are kept. It doubles as often as it has to, and depends on
    nothing but the points. At `capacity` None all are kept.
    """

    def __init__(self, attempt: int = 1, *, stands: bool = True, capacity: int | None = None) -> None:
        self.attempt, self.stands = attempt, stands
        self.capacity = None if capacity is None else max(capacity, MIN_CAPACITY)
        self.points, self.not_finite, self.each = 0, 0, 1
        self.numbers = array("Q")
        self.steps, self.times, self.values = array("d"), array("d"), array("d")
        self._settled, self._keeps_first = 0, 0
        self._full = -1 if self.capacity is None else 2 * self.capacity

    def add(self, step: float, time: float, value: float) -> None:
        self.numbers.append(self.points)
        self.steps.append(step)
        self.times.append(time)
        self.values.append(value)
        self.points += 1
        if value - value != 0:  # NaN, as of an infinity; quicker than a call for each of a million points
            self.not_finite += 1
        if len(self.values) == self._full:
            self.reduce()

    def reduce(self, capacity: int | None = None) -> None:
        """Keep no more points than the capacity, or than this one if it is less. To be called after the last point."""
        if capacity is not None:
            self.capacity = max(min(capacity, self.capacity or capacity), MIN_CAPACITY)
            self._full = 2 * self.capacity
        if self.capacity is None:
            return
        chosen = len(self.values) if self.each == 1 else self._keep(self._settled)
        while chosen > self.capacity:
            self.each = max(2 * self.each, MIN_GROUP)
            chosen = self._keep(0)

    def _keep(self, start: int) -> int:
        """Leave out what needs not be kept of the points from this place on, which begin a group.

        Returns how many are kept for their values. The first and the last one are kept in any case, but which one is the last
        changes as more points come: it must not decide about the groups.
        """
        places = kept(self.numbers, self.values, self.each, start)
        last = len(self.values) - 1
        if start == 0:
            self._keeps_first = int(places[0] != 0)
            places = [0, *places] if self._keeps_first else places
        keeps_last = int(places[-1] != last)
        places += [last] * keeps_last
        for name in ("numbers", "steps", "times", "values"):
            points = getattr(self, name)
            points[start:] = array(points.typecode, [points[place] for place in places])
        self._settled = bisect_left(self.numbers, self.numbers[-1] // self.each * self.each)
        return len(self.values) - self._keeps_first - keeps_last
