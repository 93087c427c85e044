"""A lineage has exactly the edges that were planted: in both directions, at any time, in any order of arrival."""

import itertools

from hypothesis import given
from hypothesis import strategies as st
from training_events.projection.projector import Projector
from training_events.reading.lineage import lineage
from training_events.reading.lineage.graph import DatasetVersion, Lineage
from training_events.reading.opening import Sources

from tests.support.fakes import InMemoryLog, InMemoryReadModels
from tests.support.lineages import RUNS, Edge, Fact, Planted, worlds


def recorded_at(number: int) -> str:
    return f"2026-11-22T16:00:{number:02d}.000000Z"


def sources_with(world: list[Fact]) -> Sources:
    arrivals = itertools.count()
    log, read_models = InMemoryLog(lambda: recorded_at(next(arrivals))), InMemoryReadModels()
    projector = Projector(log, read_models)
    for fact in world:
        log.append(fact.event())
    for stream in {fact.stream for fact in world}:
        projector.refold(stream)
    return Sources(log, read_models, projector, None)


def edges_of(found: Lineage) -> list[Edge]:
    contents = {node.id: node.sha256 or node.id for node in found.nodes if isinstance(node, DatasetVersion)}
    edges = dict.fromkeys((edge.kind, edge.source, edge.target, edge.at, edge.role) for edge in found.edges)
    assert len(edges) == len(found.edges)
    return [(edge.kind, contents.get(edge.source, edge.source), contents.get(edge.target, edge.target)) for edge in found.edges]


def starts_of(planted: Planted, stream: str) -> set[str]:
    if stream.startswith("dataset/"):
        return planted.registered(stream)
    if stream in RUNS:
        return {stream}
    promoted = {edge[1] for edge in planted.edges() if edge[0] == "promoted"}
    retired = {f"{it.stream}@{it.data['version']}" for it in planted.facts if it.type == "ModelRetired" and it.data}
    versions = {f"{model}@{version}" for model, version in planted.versions()} | promoted | retired
    return {version for version in versions if version.startswith(f"{stream}@")}


@given(worlds(), st.none() | st.integers(0, 20), st.none() | st.integers(0, 20))
def test_a_lineage_has_exactly_the_planted_edges(world: list[Fact], occurred: int | None, recorded: int | None):
    sources = sources_with(world)
    as_of = None if occurred is None else f"2026-11-22T15:00:{occurred:02d}.000000Z"
    known_at = None if recorded is None else recorded_at(recorded)
    visible = [
        fact
        for number, fact in enumerate(world)
        if (occurred is None or fact.occurred <= occurred) and (recorded is None or number <= recorded)
    ]
    planted = Planted(visible)
    for stream in {fact.stream for fact in visible}:
        found = lineage(sources, stream, as_of=as_of, known_at=known_at)
        starts = starts_of(planted, stream)
        assert len(found.starts) == len(starts)
        assert set(edges_of(found)) == planted.lineage(starts)
        serving = {(edge.kind, edge.source, edge.target) for edge in found.edges if edge.kind == "promoted" and not edge.until}
        assert serving == planted.serving() & planted.lineage(starts)
        nodes = {node.id for node in found.nodes}
        assert {end for edge in found.edges for end in (edge.source, edge.target)} | set(found.starts) == nodes


@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(world: list[Fact], random):
    shuffled = list(world)
    random.shuffle(shuffled)
    one, other = sources_with(world), sources_with(shuffled)
    for stream in {fact.stream for fact in world}:
        assert lineage(one, stream) == lineage(other, stream)
