"""Where the boxes of a drawing stand, so that few lines cross and most of them are short.

It is the layered drawing of Sugiyama, Tagawa and Toda (1981): a line over several columns passes each of them at a point of its
own; the order in the columns comes of sweeps by barycentres, and the heights of least squares that keep this order.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from training_events.pages.lineage.boxes import Outline

BOX_WIDTH, BOX_HEIGHT = 184, 46
COLUMN_GAP, _ROW_GAP, _POINT_HEIGHT = 60, 12, 4
"""In units of the drawing, which are pixels where it is not scaled."""
_ORDER_SWEEPS, _HEIGHT_SWEEPS = 8, 6

_Columns = list[list[int]]
"""The places of each column from top to bottom: boxes by their numbers, and behind these the points where lines pass."""
_Neighbours = dict[int, list[int]]


class Layout(NamedTuple):
    """`middles` are the heights of the boxes' middles. `passed` are those of the points where lines pass the columns between
    their ends, in the order of the lines.
    """

    width: int
    height: int
    middles: list[int]
    passed: list[list[int]]


def lay_out(outline: Outline) -> Layout:
    places = _Places(outline)
    columns = _with_few_crossings(places)
    middles = _middles(places, columns)
    top = min((middles[place] - places.height(place) / 2 for place in middles), default=0)
    bottom = max((middles[place] + places.height(place) / 2 for place in middles), default=0)
    rounded = {place: round(middle - top) for place, middle in middles.items()}
    return Layout(
        len(columns) * (BOX_WIDTH + COLUMN_GAP) - COLUMN_GAP,
        round(bottom - top),
        [rounded[box] for box in range(len(outline.boxes))],
        [[rounded[place] for place in passed] for passed in places.passed],
    )


class _Places:
    def __init__(self, outline: Outline) -> None:
        self._boxes = len(outline.boxes)
        self.columns: _Columns = [[] for _ in range(max((box.column for box in outline.boxes), default=-1) + 1)]
        for number, box in enumerate(outline.boxes):
            self.columns[box.column].append(number)
        self.left: _Neighbours = defaultdict(list)
        self.right: _Neighbours = defaultdict(list)
        self.passed: list[list[int]] = []
        free = self._boxes
        for line in outline.lines:
            between = range(outline.boxes[line.source].column + 1, outline.boxes[line.target].column)
            points = list(range(free, free + len(between)))
            free += len(points)
            for column, point in zip(between, points, strict=True):
                self.columns[column].append(point)
            if outline.boxes[line.source].column < outline.boxes[line.target].column:
                for one, other in pairwise([line.source, *points, line.target]):
                    self.right[one].append(other)
                    self.left[other].append(one)
            self.passed.append(points)

    def height(self, place: int) -> int:
        return BOX_HEIGHT if place < self._boxes else _POINT_HEIGHT


def _with_few_crossings(places: _Places) -> _Columns:
    columns = [list(column) for column in places.columns]
    best, fewest = columns, _crossings(columns, places.right)
    for sweep in range(_ORDER_SWEEPS):
        columns = [list(column) for column in columns]
        neighbours, order = (places.left, columns) if sweep % 2 == 0 else (places.right, columns[::-1])
        for before, column in pairwise(order):
            number_of = {place: number for number, place in enumerate(before)}
            own = {place: number for number, place in enumerate(column)}
            column.sort(key=lambda place: _mean([number_of[it] for it in neighbours[place]], own[place]))
        if (crossings := _crossings(columns, places.right)) < fewest:
            best, fewest = columns, crossings
    return best


def _crossings(columns: _Columns, right: _Neighbours) -> int:
    count = 0
    for column, following in pairwise(columns):
        number_of = {place: number for number, place in enumerate(following)}
        above: list[int] = []
        for place in column:
            ends = [number_of[it] for it in right[place]]
            count += sum(len(above) - bisect_right(above, end) for end in ends)
            for end in ends:
                insort(above, end)
    return count


def _middles(places: _Places, columns: _Columns) -> dict[int, float]:
    """The middle of each place: near those of its neighbours, in the order of its column, and over none other."""
    middles: dict[int, float] = {}
    for column in columns:
        middles |= _apart(places, column, [0] * len(column))
    for sweep in range(_HEIGHT_SWEEPS):
        neighbours, order = (places.left, columns[1:]) if sweep % 2 == 0 else (places.right, columns[-2::-1])
        for column in order:
            wanted = [_mean([middles[it] for it in neighbours[place]], middles[place]) for place in column]
            middles |= _apart(places, column, wanted)
    return middles


def _apart(places: _Places, column: Sequence[int], wanted: Sequence[float]) -> dict[int, float]:
    """The middles nearest to the wanted ones, by least squares, that keep the order and the gaps.

    Without the gaps it is isotonic regression, which pools neighbours that would change their order.
    """
    offsets = [0.0]
    for one, other in pairwise(column):
        offsets.append(offsets[-1] + (places.height(one) + places.height(other)) / 2 + _ROW_GAP)
    pools: list[_Pool] = []
    for middle, offset in zip(wanted, offsets, strict=False):
        pool = _Pool(middle - offset, 1)
        while pools and pools[-1].mean > pool.mean:
            before = pools.pop()
            size = before.size + pool.size
            pool = _Pool((before.mean * before.size + pool.mean * pool.size) / size, size)
        pools.append(pool)
    means = [pool.mean for pool in pools for _ in range(pool.size)]
    return {place: mean + offset for place, mean, offset in zip(column, means, offsets, strict=False)}


class _Pool(NamedTuple):
    mean: float
    size: int


def _mean(numbers: Iterable[float], otherwise: float) -> float:
    found = list(numbers)
    return sum(found) / len(found) if found else otherwise
