"""The lineage of a stream as a section: the drawing, and behind it tables that say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.pages.lineage.drawing import Drawing, draw, stream_of
from training_events.pages.page import Page, Section
from training_events.reading.lineage import lineage
from training_events.reading.wording.lineage import BETWEEN, Part, facts_of, parts_of

if TYPE_CHECKING:
    from training_events.pages.page import Asked
    from training_events.reading.lineage.graph import Lineage
    from training_events.reading.opening import Sources

MAX_ROWS = 1000
"""Of a table. The command prints all."""


class End(Struct, frozen=True):
    """A node by its name, and the stream that has its page, if there is one."""

    name: str
    stream: str | None


class NodeRow(Struct, frozen=True):
    end: End
    facts: list[Part]


class EdgeRow(Struct, frozen=True):
    """`at` is a 27-character time."""

    source: End
    verb: str
    target: End
    at: str | None
    by: str | None
    facts: list[Part]


class LineageContent(Struct, frozen=True):
    """`more_nodes` and `more_edges` count what the tables leave out."""

    subject: str
    drawing: Drawing
    nodes: list[NodeRow]
    edges: list[EdgeRow]
    more_nodes: int
    more_edges: int


def lineage_page(sources: Sources, stream: str, asked: Asked) -> Page:
    """Raises NoSuchStream, and Misused for what is no name of a stream, or a version that there is not."""
    section = lineage_section(sources, stream, asked, whole=False)
    return Page(section.content.subject, "lineage", [section], stream=stream, live=True)


def lineage_section(sources: Sources, stream: str, asked: Asked, *, whole: bool) -> Section:
    """With `whole`, it tells what became of runs since versions were registered from them. That takes reading these runs, for
    which a page that is served does not wait. Raises what `lineage_page` raises.
    """
    found = lineage(sources, stream, as_of=asked.as_of, known_at=asked.known_at, since_registration=whole)
    return Section("lineage", "Lineage", _content(found))


def _content(found: Lineage) -> LineageContent:
    nodes = {node.id: node for node in found.nodes}
    ends = {node.id: End(node.id.removeprefix("address:"), stream_of(node)) for node in found.nodes}
    return LineageContent(
        subject=found.subject,
        drawing=draw(found),
        nodes=[NodeRow(ends[node.id], parts_of(node)) for node in found.nodes[:MAX_ROWS]],
        edges=[
            EdgeRow(
                ends[edge.source], BETWEEN[edge.kind], ends[edge.target], edge.at, edge.by, facts_of(edge, nodes[edge.source])
            )
            for edge in found.edges[:MAX_ROWS]
        ],
        more_nodes=max(len(found.nodes) - MAX_ROWS, 0),
        more_edges=max(len(found.edges) - MAX_ROWS, 0),
    )
