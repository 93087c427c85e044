"""In which column of the drawing each node stands: what came of something stands further to the right.

A circle, such as two runs that name each other as resumed, is cut where it closes: that edge alone points to the left.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from training_events.reading.lineage.graph import DatasetVersion, ModelVersion, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from training_events.reading.lineage.graph import Lineage


def columns_of(lineage: Lineage) -> dict[str, int]:
    """The column of each node, by its id, counted from 0. None is empty.

    A dataset version that no run made stands in front of its first reader. Behind all runs there is one column for model
    versions, and behind it one for stages.
    """
    last = (ModelVersion, Stage)
    before = {node.id for node in lineage.nodes if not isinstance(node, last)}
    outcomes: dict[str, list[str]] = defaultdict(list)
    for edge in lineage.edges:
        if edge.target in before:
            outcomes[edge.source].append(edge.target)
    made = {target for targets in outcomes.values() for target in targets}
    in_order = _in_order(sorted(before, key=lambda name: (name in made, name)), outcomes)
    columns = _longest_paths(in_order, outcomes)
    for node in lineage.nodes:
        if isinstance(node, DatasetVersion) and node.id not in made and node.id in outcomes:
            columns[node.id] = min(columns[reader] for reader in outcomes[node.id]) - 1
    behind = max(columns.values(), default=-1) + 1
    columns |= {node.id: behind + last.index(type(node)) for node in lineage.nodes if isinstance(node, last)}
    taken = {column: number for number, column in enumerate(sorted(set(columns.values())))}
    return {name: taken[column] for name, column in columns.items()}


def _in_order(names: Iterable[str], outcomes: Mapping[str, Sequence[str]]) -> list[str]:
    """The nodes, each in front of what came of it; of a circle one of its edges leads back."""
    ended: list[str] = []
    seen: set[str] = set()
    path: list[tuple[str, Iterator[str]]] = []

    def enter(name: str) -> None:
        seen.add(name)
        path.append((name, iter(outcomes.get(name, ()))))

    for first in names:
        if first not in seen:
            enter(first)
        while path:
            name, targets = path[-1]
            further = next((target for target in targets if target not in seen), None)
            if further is None:
                ended.append(name)
                path.pop()
            else:
                enter(further)
    return ended[::-1]


def _longest_paths(in_order: Sequence[str], outcomes: Mapping[str, Sequence[str]]) -> dict[str, int]:
    place = {name: number for number, name in enumerate(in_order)}
    columns = dict.fromkeys(in_order, 0)
    for name in in_order:
        for target in outcomes.get(name, ()):
            if place[target] > place[name]:
                columns[target] = max(columns[target], columns[name] + 1)
    return columns
