"""The drawing of a lineage, piece by piece, as its template writes it into an SVG."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.pages.lineage.boxes import outline
from training_events.pages.lineage.layout import BOX_HEIGHT, BOX_WIDTH, COLUMN_GAP, lay_out
from training_events.reading.lineage.graph import DatasetVersion, ModelVersion, Run, Stage
from training_events.reading.wording.lineage import name_of, parts_of, sentence_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from training_events.pages.lineage.boxes import Box, Line, Outline
    from training_events.reading.lineage.graph import Edge, Lineage, Node

MARGIN, HEADING_HEIGHT = 6, 30
MAX_NAME_LETTERS, MAX_NOTE_LETTERS = 20, 27
"""What fits into a box of the usual letters. What is wider than these is cut by the box."""
_VERSION_LETTERS = 8
"""Of the digest that tells a version of a dataset from others."""
MAX_TITLE_LINES = 8
"""Of a title that a pointer shows: the table has everything."""
_BEND = COLUMN_GAP // 2

_KINDS = {
    DatasetVersion: ("dataset-version", "dataset versions"),
    Run: ("run", "runs"),
    ModelVersion: ("model-version", "model versions"),
    Stage: ("stage", "stages"),
}


class DrawnBox(Struct, frozen=True):
    """A box whose upper left corner is at `x` and `y`. `stream` has its page; None where the box stands for several nodes.

    `tone` is `attention` or `wrong` where something about the node calls for it.
    """

    kind: str
    x: int
    y: int
    name: str
    note: str
    title: str
    stream: str | None
    is_asked: bool
    tone: str
    width: int = BOX_WIDTH
    height: int = BOX_HEIGHT


class DrawnLine(Struct, frozen=True):
    """A curve: `path` is that of SVG."""

    kind: str
    path: str
    title: str
    is_ended: bool


class Heading(Struct, frozen=True):
    """What stands in the column whose middle is at `x`."""

    x: int
    text: str


class Drawing(Struct, frozen=True):
    """`collapsed` is the number of nodes that have no box of their own."""

    width: int
    height: int
    headings: list[Heading]
    lines: list[DrawnLine]
    boxes: list[DrawnBox]
    collapsed: int

    @property
    def has_ended(self) -> bool:
        return any(line.is_ended for line in self.lines)


def draw(lineage: Lineage) -> Drawing:
    outlined = outline(lineage)
    layout = lay_out(outlined)
    nodes = {node.id: node for node in lineage.nodes}
    top = MARGIN + HEADING_HEIGHT
    middles = [top + middle for middle in layout.middles]
    return Drawing(
        layout.width + 2 * MARGIN,
        layout.height + top + MARGIN,
        _headings(outlined.boxes),
        [
            _line(line, outlined, middles, [top + middle for middle in passed], nodes)
            for line, passed in zip(outlined.lines, layout.passed, strict=True)
        ],
        [
            _box(box, middle, [edge for edge in lineage.edges if edge.target == box.nodes[0].id])
            for box, middle in zip(outlined.boxes, middles, strict=True)
        ],
        sum(len(box.nodes) for box in outlined.boxes if len(box.nodes) > 1),
    )


def _left(column: int) -> int:
    return MARGIN + column * (BOX_WIDTH + COLUMN_GAP)


def _headings(boxes: Sequence[Box]) -> list[Heading]:
    kinds: dict[int, dict[str, None]] = {}
    for box in boxes:
        kinds.setdefault(box.column, {})[_KINDS[type(box.nodes[0])][1]] = None
    return [Heading(_left(column) + BOX_WIDTH // 2, " and ".join(names)) for column, names in kinds.items()]


def _box(box: Box, middle: int, edges: Sequence[Edge]) -> DrawnBox:
    node, count = box.nodes[0], len(box.nodes)
    kind, plural = _KINDS[type(node)]
    x, y = _left(box.column), middle - BOX_HEIGHT // 2
    if count > 1:
        title = _lines(map(name_of, box.nodes))
        return DrawnBox(kind, x, y, f"and {count} more {plural}", "the table has them", title, None, box.is_asked, "plain")
    parts = parts_of(node)
    loudest = next((part for tone in ("wrong", "attention") for part in parts if part.tone == tone), None)
    note, tone = (_note(node, edges), "plain") if loudest is None else (loudest.text, loudest.tone)
    name, note = _cut(_short_name(node), MAX_NAME_LETTERS), _cut(note, MAX_NOTE_LETTERS)
    title = _lines([node.id, *(part.text for part in parts)])
    return DrawnBox(kind, x, y, name, note, title, stream_of(node), box.is_asked, tone)


def _short_name(node: Node) -> str:
    """Without the kind, which the shape and the heading of the column say."""
    name = name_of(node)
    if isinstance(node, Stage) or stream_of(node) is None:
        return name
    name = name.partition("/")[2]
    if not isinstance(node, DatasetVersion):
        return name
    dataset, at, version = name.rpartition("@")
    return f"{_cut(dataset, MAX_NAME_LETTERS - 1 - _VERSION_LETTERS)}{at}{version[:_VERSION_LETTERS]}"


def _note(node: Node, edges: Sequence[Edge]) -> str:
    """What is said of a node that calls for no attention."""
    match node:
        case Run():
            return f"{node.status}, hidden" if node.hidden else f"{node.status}{_on(node.started_at)}"
        case DatasetVersion():
            first = node.registrations[0]
            return f"{'registered' if first.rows is None else f'{first.rows:,} rows'}{_on(first.at)}"
        case ModelVersion():
            return f"registered{_on(node.registered_at)}"
        case Stage():
            serving = next((edge for edge in edges if edge.until is None), None)
            if serving is None:
                return "nothing serves it"
            return f"{serving.source.partition('/')[2]}{_on(serving.at)}"


def _on(time: str | None) -> str:
    return f", {time[:10]}" if time else ""


def stream_of(node: Node) -> str | None:
    """The stream that has a page, if the log has one of the node."""
    match node:
        case Run():
            return None if node.status is None else node.id
        case DatasetVersion():
            return node.registrations[0].stream if node.registrations else None
        case ModelVersion() | Stage():
            return node.stream


def _line(line: Line, outlined: Outline, middles: Sequence[int], passed: Sequence[int], nodes: Mapping[str, Node]) -> DrawnLine:
    source, target = (outlined.boxes[end].column for end in (line.source, line.target))
    title = _lines(sentence_of(edge, nodes[edge.source], nodes[edge.target]) for edge in line.edges)
    ends = middles[line.source], middles[line.target]
    path = _path(source, [ends[0], *passed, ends[1]]) if source < target else _path_back(source, target, *ends)
    return DrawnLine(line.edges[0].kind, path, title, line.is_ended)


def _path(column: int, heights: Sequence[int]) -> str:
    """From the right side of a box to the left side of another one, straight through the columns between them."""
    steps = []
    for number, (one, other) in enumerate(pairwise(heights)):
        start = _left(column + number) + BOX_WIDTH
        end = start + COLUMN_GAP
        steps.append(f"{'H' if number else 'M'}{start}{'' if number else f' {one}'}")
        steps.append(f"C{start + _BEND} {one} {end - _BEND} {other} {end} {other}")
    return "".join(steps)


def _path_back(source: int, target: int, start: int, end: int) -> str:
    """What closes a circle bows around: from a box's right side to that of one above, below, or further left."""
    x, other = _left(source) + BOX_WIDTH, _left(target) + BOX_WIDTH
    bow = max(x, other) + _BEND
    return f"M{x} {start}C{bow} {start} {bow} {end} {other} {end}"


def _lines(texts: Iterable[str]) -> str:
    found = list(texts)
    more = [f"and {len(found) - MAX_TITLE_LINES} more"] if len(found) > MAX_TITLE_LINES else []
    return "\n".join([*found[:MAX_TITLE_LINES], *more])


def _cut(text: str, letters: int) -> str:
    """The begin and the end of a text, together as wide as so many letters."""
    if _width(text) <= letters:
        return text
    begin, end = text[:letters], text[-letters:]
    while _width(begin) >= letters - letters // 2:
        begin = begin[:-1]
    while _width(end) > letters // 2:
        end = end[1:]
    return f"{begin}…{end}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
