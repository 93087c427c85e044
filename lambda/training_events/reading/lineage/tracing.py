"""Follows a lineage from the nodes that were asked for: up to what they were made from, and down to what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from training_events.reading.lineage.graph import DatasetVersion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from training_events.reading.lineage.graph import Edge, Node
    from training_events.reading.lineage.neighbours import Neighbours


class Traced(NamedTuple):
    nodes: list[Node]
    edges: list[Edge]


def trace(neighbours: Neighbours, starts: Iterable[Node]) -> Traced:
    """The nodes, all that they came of, and all that came of them, over any number of steps.

    What else came of their origins is not among it: each direction is followed for itself.
    """
    nodes: dict[str, Node] = {}
    edges: set[Edge] = set()
    starts = list(starts)
    for step in (neighbours.origins, neighbours.outcomes):
        waiting = list(starts)
        seen = {node.id for node in waiting}
        while waiting:
            node = waiting.pop()
            nodes.setdefault(node.id, node)
            for neighbour, edge in step(node):
                edges.add(edge)
                nodes[neighbour.id] = _same(nodes.get(neighbour.id), neighbour)
                if neighbour.id not in seen:
                    seen.add(neighbour.id)
                    waiting.append(neighbour)
    return Traced(
        sorted(nodes.values(), key=lambda node: node.id),
        sorted(edges, key=lambda edge: (edge.at or "", edge.source, edge.target, edge.kind, edge.role or "")),
    )


def _same(current: Node | None, node: Node) -> Node:
    if isinstance(current, DatasetVersion) and isinstance(node, DatasetVersion):
        # a content that nobody registered may be at several addresses: whichever is found first, the node is the same
        return min(current, node, key=lambda version: (version.uri or "", version.version_id or ""))
    return node
