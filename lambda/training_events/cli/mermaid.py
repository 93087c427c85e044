"""A lineage as a flowchart of Mermaid, which Markdown pages of GitHub and GitLab draw.

Anybody may have chosen a name. Whatever is no letter, digit or one of a few signs is written as Mermaid's entity code: no name
ends its label, and none is markup. https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.reading.lineage.graph import DatasetVersion, ModelVersion, Run, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.reading.lineage.graph import Edge, Lineage, Node

_MAX_CHARACTERS = 80
"""Of a name in a label: as much as anybody reads there."""
_PLAIN = frozenset(" ._/-@")


def mermaid(lineage: Lineage) -> Iterator[str]:
    """The lines of the flowchart."""
    yield "flowchart LR"
    names = {node.id: f"n{number}" for number, node in enumerate(lineage.nodes)}
    for node in lineage.nodes:
        opening, closing = _SHAPES[type(node)]
        yield f'  {names[node.id]}{opening}"{_label(node)}"{closing}'
    for edge in lineage.edges:
        arrow = "-->" if edge.until is None else "-.->"
        yield f'  {names[edge.source]} {arrow}|"{_verb(edge)}"| {names[edge.target]}'
    for start in lineage.starts:
        yield f"  style {names[start]} stroke-width:3px"


_SHAPES: dict[type[Node], tuple[str, str]] = {
    DatasetVersion: ("[(", ")]"),
    Run: ("[", "]"),
    ModelVersion: ("{{", "}}"),
    Stage: ("([", "])"),
}
"""A store, a step, a thing and an end, as flowcharts have them."""


def _label(node: Node) -> str:
    name = node.stage if isinstance(node, Stage) else node.id
    short = name if len(name) <= _MAX_CHARACTERS else f"{name[: _MAX_CHARACTERS // 2]}…{name[-_MAX_CHARACTERS // 2 :]}"
    return _escaped(short)


def _verb(edge: Edge) -> str:
    when = edge.at[:10] if edge.at and edge.kind in ("made", "promoted") else ""
    by = edge.by if edge.by and edge.kind == "promoted" else ""
    until = f"to {edge.until[:10]}" if edge.until else ""
    return _escaped(" ".join(filter(None, (edge.kind, when, until, by and f"by {by[:_MAX_CHARACTERS]}"))))


def _escaped(text: str) -> str:
    return "".join(letter if letter.isalnum() or letter in _PLAIN else f"#{ord(letter)};" for letter in text)
