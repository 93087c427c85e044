"""Where the curves of two runs part: every point that stands, of every metric, against the other run's at the same step.

Points without a step are paired in the order in which they were recorded. Metrics that only count or measure time, such as an
epoch or a runtime, are no results. The points of both runs are read at once. Memory holds those whose counterpart was not read
yet: few, where both runs have recorded in about the same order.
"""

from __future__ import annotations

from collections import Counter
from itertools import zip_longest
from math import isclose
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from training_events.folds.metric_order import importance, is_counter

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from training_events.catalogue.run import NotFinite, Point

    Value: TypeAlias = float | NotFinite


class Place(NamedTuple):
    """A step of a metric, whose `turn` is 0, or the number of a point without a step, from 1 on. The earliest sorts first."""

    turn: int
    step: float
    importance: tuple[int, bool, bool, str]

    @property
    def metric(self) -> str:
        return self.importance[-1]


class Parting(NamedTuple):
    """A place where the runs differ. A run that has no point there has None."""

    place: Place
    original: Value | None
    reproduced: Value | None


def is_equal(one: Value, other: Value, tolerance: float | None) -> bool:
    """Whether two values are the same number, or both are NaN, or infinite with the same sign.

    With a tolerance, their difference may also be that share of the larger one, in absolute values. So only zero is like zero.
    """
    if one == other:  # a number that JSON does not have is recorded by its name
        return True
    if tolerance is None or isinstance(one, str) or isinstance(other, str):
        return False
    return isclose(one, other, rel_tol=tolerance)


def first_parting(
    original: Iterable[Point], reproduced: Iterable[Point], tolerance: float | None, of_one_run: Container[str] = ()
) -> Parting | None:
    """The earliest step at which a value differs or a point is missing, over all metrics. None where the curves are equal.

    `of_one_run` are metrics that only one of the runs has.
    """
    pairing = _Pairing(tolerance)
    for one, other in zip_longest(_placed(original), _placed(reproduced)):
        if one is not None:
            pairing.take(0, *one, is_alone=other is None or one[0].metric in of_one_run)
        if other is not None:
            pairing.take(1, *other, is_alone=one is None or other[0].metric in of_one_run)
    pairing.close()
    return pairing.first


class _Pairing:
    """Takes the points of both sides, and keeps those that wait for one of the other side, and the first place that differs."""

    def __init__(self, tolerance: float | None) -> None:
        self.first: Parting | None = None
        self._tolerance = tolerance
        self._waiting: tuple[dict[Place, list[Value]], dict[Place, list[Value]]] = ({}, {})

    def take(self, side: Literal[0, 1], place: Place, value: Value, *, is_alone: bool) -> None:
        """Of several points at one step, the first is paired with the first. One that `is_alone` need not wait for another."""
        waiting = self._waiting[1 - side]
        if place in waiting:
            other = waiting[place].pop(0)
            if not waiting[place]:
                del waiting[place]
            if not is_equal(value, other, self._tolerance):
                self._part(side, place, value, other)
        elif is_alone:
            self._part(side, place, value, None)
        else:
            self._waiting[side].setdefault(place, []).append(value)

    def close(self) -> None:
        """No more points come."""
        for side, waiting in enumerate(self._waiting):
            for place, values in waiting.items():
                self._part(side, place, values[0], None)

    def _part(self, side: int, place: Place, own: Value, other: Value | None) -> None:
        if self.first is None or place < self.first.place:
            self.first = Parting(place, own, other) if side == 0 else Parting(place, other, own)


def _placed(points: Iterable[Point]) -> Iterator[tuple[Place, Value]]:
    turns: Counter[str] = Counter()
    for point in points:
        name = point.name
        if is_counter(name):
            continue
        if point.step is None:
            turns[name] += 1
        turn = turns[name] if point.step is None else 0
        yield Place(turn, 0 if point.step is None else point.step, importance(name)), point.value
