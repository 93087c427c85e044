"""A chart as an SVG that needs no script: for print, and for a browser that runs none.

How it looks is in the style sheet, by classes. Lengths are in half pixels of a chart 480 wide, so that whole numbers are fine
enough. Whatever is drawn, the size of the text is bounded by the points that it gets.
"""

from __future__ import annotations

from html import escape
from itertools import chain
from math import isfinite, isnan
from typing import TYPE_CHECKING, NamedTuple

from training_events.pages.curves.ticks import labels, ticks
from training_events.pages.display import display_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WIDTH, HEIGHT = 960, 400
_TOP, _RIGHT, _BOTTOM, _LEFT = 20, 24, 44, 20
_LETTER = 13
"""About as wide is a digit of a label."""
_MARK = 9
MAX_MARKS = 40
"""Of values that are not finite, of one line: further ones would only lie on top of each other."""
_COLOURS, _DASHES = 8, 8
"""As many as page.css has colours, and curves.paint.js dashes."""


class Line(NamedTuple):
    """Points of one run, in their order. `series` is the number of the run among those of the page, from 0: its colour.

    A step that was not recorded is NaN. `numbers` count the points among all that were recorded.
    """

    series: int
    stands: bool
    steps: list[float]
    numbers: list[float]
    values: list[float]


def draw(metric: str, lines: Sequence[Line]) -> str:
    """The lines over each other: by step, or by number where a point has no step."""
    area = _Area(lines)
    # what was superseded lies behind what stands
    drawn = chain.from_iterable(_line(area, line) for line in sorted(lines, key=lambda line: line.stands))
    shown = f"{display_text(metric)} by {'step' if area.by_step else 'the number of the point'}"
    return (
        f'<svg class="curve-static" role="img" aria-label="{escape(shown)}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f"{''.join(_axes(area))}{''.join(drawn)}</svg>"
    )


def series_class(series: int) -> str:
    """The colour of a run, and beyond so many runs its dashes too."""
    dashes = series // _COLOURS % _DASHES
    return f"series-{series % _COLOURS + 1}" + (f" dash-{dashes}" if dashes else "")


class _Area:
    """Where places and values lie on the drawing."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.by_step = all(map(isfinite, chain.from_iterable(line.steps for line in lines)))
        places = list(chain.from_iterable(map(self.places, lines)))
        values = [value for line in lines for value in line.values if isfinite(value)]
        whole = all(map(float.is_integer, map(float, places)))
        self.low_x, self.high_x = min(places, default=0.0), max(places, default=0.0)
        self.low_y, self.high_y = min(values, default=0.0), max(values, default=0.0)
        self.ticks_x = ticks(self.low_x, self.high_x, 5, whole=whole) if places else []
        self.ticks_y = ticks(self.low_y, self.high_y, 4) if values else []
        self.labels_x = labels(self.ticks_x) if places else []
        self.labels_y = labels(self.ticks_y) if values else []
        self.left = _LEFT + _LETTER * max(map(len, self.labels_y), default=0)

    def places(self, line: Line) -> Sequence[float]:
        return line.steps if self.by_step else line.numbers

    def x(self, place: float) -> int:
        return self.left + round(_share(place, self.low_x, self.high_x) * (WIDTH - _RIGHT - self.left))

    def y(self, value: float) -> int:
        return HEIGHT - _BOTTOM - round(_share(value, self.low_y, self.high_y) * (HEIGHT - _BOTTOM - _TOP))


def _share(value: float, low: float, high: float) -> float:
    """Where the value lies between the two, from 0 to 1; in the middle where they are the same."""
    half_span = high / 2 - low / 2  # halved: the whole may be more than a float holds
    return (value / 2 - low / 2) / half_span if half_span else 0.5


def _axes(area: _Area) -> Iterator[str]:
    right, bottom = WIDTH - _RIGHT, HEIGHT - _BOTTOM
    rows = [area.y(value) for value in area.ticks_y]
    grid = "".join(f"M{area.left} {row}H{right}" for row in rows) or f"M{area.left} {bottom}H{right}"
    yield f'<path class="drawn-grid" d="{grid}"/>'
    for row, text in zip(rows, area.labels_y, strict=True):
        yield f'<text x="{area.left - 10}" y="{row + 7}" text-anchor="end">{text}</text>'
    if not rows:
        yield f'<text x="{(area.left + right) // 2}" y="{HEIGHT // 2}" text-anchor="middle">no finite value</text>'
    free_from = 0
    for place, text in zip(area.ticks_x, area.labels_x, strict=True):
        half = _LETTER * len(text) // 2
        middle = min(max(area.x(place), half), WIDTH - half)
        if middle - half >= free_from:
            yield f'<text x="{middle}" y="{HEIGHT - 10}" text-anchor="middle">{text}</text>'
            free_from = middle + half + _LETTER


def _line(area: _Area, line: Line) -> Iterator[str]:
    look = series_class(line.series) + ("" if line.stands else " superseded")
    path, dots = "", ""
    for piece in _pieces(area, line):
        if len(piece) == 1:
            dots += "M{} {}h0".format(*piece[0])
        else:
            path += "M" + " ".join(f"{x} {y}" for x, y in piece)
    if path:
        yield f'<path class="drawn-line {look}" d="{path}"/>'
    if dots:
        yield f'<path class="drawn-dot {look}" d="{dots}"/>'
    yield from _marks(area, line, look)


def _pieces(area: _Area, line: Line) -> Iterator[list[tuple[int, int]]]:
    """What lies between values that are not finite: no line leads over them. Of points in the same spot one is enough."""
    piece: list[tuple[int, int]] = []
    for place, value in zip(area.places(line), line.values, strict=True):
        if isfinite(value):
            spot = area.x(place), area.y(value)
            if piece[-1:] != [spot]:
                piece.append(spot)
        elif piece:
            yield piece
            piece = []
    if piece:
        yield piece


def _marks(area: _Area, line: Line, look: str) -> Iterator[str]:
    """Triangles at the top and the bottom for the infinities, a cross at the bottom for NaN; of several in one spot one."""
    marked: dict[tuple[int, str], float] = {}
    for place, value in zip(area.places(line), line.values, strict=True):
        if not isfinite(value):
            name = "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"
            marked.setdefault((area.x(place), name), place)
    for (column, name), place in list(marked.items())[:MAX_MARKS]:
        yield f'<path class="drawn-mark {look}" d="{_shape(name, column)}"><title>{name} at {labels([place])[0]}</title></path>'


def _shape(name: str, column: int) -> str:
    bottom = HEIGHT - _BOTTOM
    if name == "NaN":
        return f"M{column - _MARK} {bottom - _MARK}l{2 * _MARK} {2 * _MARK}m0 {-2 * _MARK}l{-2 * _MARK} {2 * _MARK}"
    edge, height = (_TOP, -2 * _MARK) if name == "Infinity" else (bottom, 2 * _MARK)
    return f"M{column - _MARK} {edge}h{2 * _MARK}l{-_MARK} {height}z"
