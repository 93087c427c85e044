"""Which boxes a drawing of a lineage has: one for each node, as long as anybody can read them.

Of more nodes of one kind in one column, the foremost have a box each, and the others share one: `and 37 more runs`. Nothing is
lost in it: a box has all of its nodes, and a line between boxes all of its edges.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.pages.lineage.columns import columns_of
from training_events.reading.lineage.graph import DatasetVersion, ModelVersion, Run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from training_events.reading.lineage.graph import Edge, Lineage, Node

MAX_BOXES = 16
"""Of one kind in one column: as many as fit on a screen."""
MAX_COLUMNS = 12
"""Around what was asked for. Nodes further away share the boxes of the outermost columns."""


class Box(Struct, frozen=True):
    """A node; or several, of which each has the same kind. `edges` are those between its own nodes, which no line shows."""

    column: int
    nodes: list[Node]
    is_asked: bool
    edges: list[Edge]


class Line(Struct, frozen=True):
    """All edges of one kind from one box to another, by their places in the list of boxes."""

    source: int
    target: int
    edges: list[Edge]

    @property
    def is_ended(self) -> bool:
        return all(edge.until is not None for edge in self.edges)


class Outline(Struct, frozen=True):
    boxes: list[Box]
    lines: list[Line]


def outline(lineage: Lineage) -> Outline:
    """The boxes, column by column, and the lines between them."""
    groups = _groups(lineage)
    box_of = {node.id: number for number, (_, nodes) in enumerate(groups) for node in nodes}
    lines: dict[tuple[int, int, str], list[Edge]] = defaultdict(list)
    for edge in lineage.edges:
        lines[box_of[edge.source], box_of[edge.target], edge.kind].append(edge)
    inside: dict[int, list[Edge]] = defaultdict(list)
    for (source, target, _), edges in lines.items():
        if source == target:
            inside[source] += edges
    asked = set(lineage.starts)
    return Outline(
        [
            Box(column, nodes, any(node.id in asked for node in nodes), inside[number])
            for number, (column, nodes) in enumerate(groups)
        ],
        [Line(source, target, edges) for (source, target, _), edges in lines.items() if source != target],
    )


def _groups(lineage: Lineage) -> list[tuple[int, list[Node]]]:
    columns = columns_of(lineage)
    first, last = _visible(columns, lineage.starts)
    foremost = _foremost_first(lineage)
    by_place: dict[tuple[int, type[Node]], tuple[list[Node], list[Node]]] = defaultdict(lambda: ([], []))
    for node in foremost:
        column = columns[node.id]
        near, far = by_place[min(max(column, first), last) - first, type(node)]
        (near if first <= column <= last else far).append(node)
    groups: list[tuple[int, list[Node]]] = []
    for (column, _), (near, far) in sorted(by_place.items(), key=lambda item: item[0][0]):
        shown = near if len(near) + bool(far) <= MAX_BOXES else near[: MAX_BOXES - 1]
        groups += ((column, [node]) for node in shown)
        if rest := near[len(shown) :] + far:
            groups.append((column, rest))
    return groups


def _visible(columns: dict[str, int], starts: Iterable[str]) -> tuple[int, int]:
    """The first and the last column that are drawn."""
    count = max(columns.values(), default=0) + 1
    middle = min((columns[start] for start in starts), default=0)
    first = max(0, min(middle - MAX_COLUMNS // 2, count - MAX_COLUMNS))
    return first, min(count, first + MAX_COLUMNS) - 1


def _foremost_first(lineage: Lineage) -> list[Node]:
    """What was asked for, then what serves and what that came of, then the newest."""
    origins: dict[str, list[str]] = defaultdict(list)
    for edge in lineage.edges:
        origins[edge.target].append(edge.source)
    serving = {edge.source for edge in lineage.edges if edge.kind == "promoted" and edge.until is None}
    waiting = list(serving)
    while waiting:
        further = set(origins[waiting.pop()]) - serving
        serving |= further
        waiting += further
    asked = set(lineage.starts)
    newest_first = sorted(lineage.nodes, key=_since, reverse=True)
    return sorted(newest_first, key=lambda node: (node.id not in serving, node.id not in asked))


def _since(node: Node) -> str:
    match node:
        case Run():
            return node.started_at or ""
        case ModelVersion():
            return node.registered_at or ""
        case DatasetVersion():
            return max((registration.at for registration in node.registrations), default="")
    return ""
