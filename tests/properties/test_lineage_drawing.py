"""The drawing of a lineage has each node and each edge, alone or with others that it counts, and no box lies over another."""

from collections import Counter
from itertools import combinations, pairwise
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st
from training_events.pages.lineage.boxes import MAX_BOXES, MAX_COLUMNS, outline
from training_events.pages.lineage.columns import columns_of
from training_events.pages.lineage.drawing import draw
from training_events.reading.lineage.graph import DatasetVersion, Edge, Lineage, ModelVersion, Node, Run, Stage

Kind = Literal["read", "resumed", "made", "promoted"]
RUNS = [f"run/r{number}" for number in range(40)]
DATASETS = [f"dataset/d@{number}" for number in range(25)]
VERSIONS = [f"model/m@{number}" for number in range(30)]
STAGES = ["model/m#production", "model/m#staging"]
ENDS: dict[Kind, tuple[list[str], list[str]]] = {
    "read": (DATASETS, RUNS),
    "resumed": (RUNS, RUNS),
    "made": (RUNS, VERSIONS + DATASETS),
    "promoted": (VERSIONS, STAGES),
}
times = st.none() | st.integers(0, 59).map(lambda minute: f"2026-11-22T15:{minute:02d}:00.000000Z")


@st.composite
def edges(draw_one: st.DrawFn) -> Edge:
    kind = draw_one(st.sampled_from(list(ENDS)))
    sources, targets = ENDS[kind]
    until = draw_one(times) if kind == "promoted" else None
    return Edge(
        kind,
        draw_one(st.sampled_from(sources)),
        draw_one(st.sampled_from(targets)),
        draw_one(times),
        until=until,
        matched_by="sha256" if kind == "read" else "name",
    )


def node(name: str) -> Node:
    if name in RUNS:
        return Run(name, status="completed")
    if name in DATASETS:
        return DatasetVersion(name)
    return Stage(name, "model/m", name.partition("#")[2]) if name in STAGES else ModelVersion(name, "model/m", name[-1])


@st.composite
def lineages(draw_one: st.DrawFn) -> Lineage:
    """Any graph, with circles too; as many nodes in a column as a drawing has to put together."""
    few, many = st.lists(edges(), min_size=1, max_size=12), st.lists(edges(), min_size=60, max_size=150)
    found = draw_one(few | many)
    if draw_one(st.booleans()):
        found += [Edge("resumed", one, other) for one, other in pairwise(RUNS)]  # a long chain
    names = sorted({end for edge in found for end in (edge.source, edge.target)})
    starts = draw_one(st.lists(st.sampled_from(names), min_size=1, unique=True))
    return Lineage(starts[0], starts=starts, nodes=[node(name) for name in names], edges=found)


@given(lineages())
def test_every_node_and_every_edge_is_drawn_or_counted(lineage: Lineage):
    found = outline(lineage)
    assert sorted(it.id for box in found.boxes for it in box.nodes) == [it.id for it in lineage.nodes]
    drawn = [edge for line in found.lines for edge in line.edges] + [edge for box in found.boxes for edge in box.edges]
    assert Counter(map(id, drawn)) == Counter(map(id, lineage.edges))
    for line in found.lines:
        ends = (found.boxes[line.source].nodes, found.boxes[line.target].nodes)
        assert all(end in {it.id for it in nodes} for edge in line.edges for end, nodes in zip(
            (edge.source, edge.target), ends, strict=True))  # fmt: skip
    drawing = draw(lineage)
    assert (len(drawing.boxes), len(drawing.lines)) == (len(found.boxes), len(found.lines))
    assert sum(box.is_asked for box in drawing.boxes) == sum(
        bool({it.id for it in box.nodes} & set(lineage.starts)) for box in found.boxes
    )


@given(lineages())
def test_no_box_lies_over_another_and_there_are_no_more_than_anybody_can_read(lineage: Lineage):
    drawing = draw(lineage)
    for box in drawing.boxes:
        assert 0 <= box.x <= drawing.width - box.width
        assert 0 <= box.y <= drawing.height - box.height
    for one, other in combinations(drawing.boxes, 2):
        assert abs(one.x - other.x) >= one.width or abs(one.y - other.y) >= one.height
    per_column = Counter((box.x, box.kind) for box in drawing.boxes)
    assert max(per_column.values()) <= MAX_BOXES
    assert len({box.x for box in drawing.boxes}) == len(drawing.headings) <= MAX_COLUMNS


@given(lineages())
def test_what_came_of_something_stands_further_to_the_right_unless_it_is_a_circle(lineage: Lineage):
    columns = columns_of(lineage)
    assert set(columns.values()) == set(range(max(columns.values()) + 1))
    reached = {it.id: reached_from(it.id, lineage) for it in lineage.nodes}
    for edge in lineage.edges:
        if edge.source not in reached[edge.target]:
            assert columns[edge.source] < columns[edge.target]


def reached_from(start: str, lineage: Lineage) -> set[str]:
    reached, before = {start}, 0
    while len(reached) != before:
        before = len(reached)
        reached |= {edge.target for edge in lineage.edges if edge.source in reached}
    return reached
