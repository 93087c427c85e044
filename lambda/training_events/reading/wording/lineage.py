"""What people read of a node of a lineage, and of how one came of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from training_events.proof.run_head import described
from training_events.reading.lineage.graph import DatasetVersion, ModelVersion, Run, Stage
from training_events.reading.wording.times import minute_of

if TYPE_CHECKING:
    from training_events.reading.lineage.graph import Edge, Node

Tone: TypeAlias = Literal["plain", "status", "attention", "wrong"]
"""Whether a part calls for attention, or tells of something wrong. A status says so by its word."""

UPWARDS = {"read": "read", "resumed": "resumed", "made": "made by"}
"""The verb in front of what a node came of, by the kind of the edge. A promotion needs none: the stage stands by itself."""
DOWNWARDS = {"read": "read by", "resumed": "resumed by", "made": "made"}
"""The verb in front of what came of a node."""
BETWEEN = DOWNWARDS | {"promoted": "promoted to"}
"""The verb between a node and what came of it."""
MATCHED_BY = {"sha256": "by sha256", "digest": "by digest", "version_id": "by version id", "address": "content not known"}
"""What tells that two nodes belong together, where neither names the other."""


class Part(NamedTuple):
    """A piece of what a line says of a node. Its text may hold anything that somebody has recorded."""

    text: str
    tone: Tone = "plain"


def parts_of(node: Node, edge: Edge | None = None, how: list[Part] | None = None) -> list[Part]:
    """What is said of a node, and of `how` the edge leads to it."""
    how = how or []
    match node:
        case Run():
            return [*_of_run(node), *how]
        case DatasetVersion():
            return [*how, *_of_dataset(node)]
        case ModelVersion():
            return [*how, *_of_model(node)]
        case Stage():
            return [] if edge is None else _of_stage(edge)


def how_matched(edge: Edge, source: Node) -> list[Part]:
    """In which role a run read a dataset version, under which other name, and what tells that it is the same."""
    if edge.kind != "read" or not isinstance(source, DatasetVersion):
        return [Part(MATCHED_BY[edge.matched_by])] if edge.matched_by in MATCHED_BY else []
    known = {source.uri, *(registration.uri for registration in source.registrations)}
    parts = [f"as {edge.role}"] if edge.role else []
    parts += ["in an earlier attempt"] if edge.earlier_attempt else []
    parts += [f"at {edge.uri}"] if edge.uri not in (None, *known) else []
    return [Part(text) for text in (*parts, MATCHED_BY[edge.matched_by])]


def facts_of(edge: Edge, source: Node) -> list[Part]:
    """What is said of an edge beside its ends, its time and its person."""
    return _of_service(edge) if edge.kind == "promoted" else how_matched(edge, source)


def sentence_of(edge: Edge, source: Node, target: Node) -> str:
    """`run/digits-7 made model/digits@3, 2026-11-22 15:08 by ana`."""
    when = ", ".join(
        filter(None, [edge.at and f"{minute_of(edge.at)}{_by(edge.by)}", *(part.text for part in facts_of(edge, source))])
    )
    return f"{name_of(source)} {BETWEEN[edge.kind]} {name_of(target)}{when and f', {when}'}"


def name_of(node: Node) -> str:
    """What a node is called beside others: of a stage its name alone, as it stands behind its model."""
    return node.stage if isinstance(node, Stage) else node.id.removeprefix("address:").removeprefix("digest:")


def _of_run(run: Run) -> list[Part]:
    if run.status is None:
        return [Part("not in this log", "attention")]
    parts = [Part(run.status, "status")]
    if run.name:
        parts.append(Part(f"“{run.name}”"))
    if run.started_at is not None:
        parts.append(Part(f"started {minute_of(run.started_at)}{_by(run.started_by)}"))
    if run.commit:
        parts.append(Part(f"commit {run.commit[:10]}{' (dirty)' if run.dirty else ''}"))
    return [*parts, *([Part("hidden")] if run.hidden else [])]


def _of_dataset(version: DatasetVersion) -> list[Part]:
    if not version.registrations:
        parts = [Part(f"“{version.name}”")] if version.name else []
        parts += [Part(f"at {version.uri}")] if version.uri and (version.sha256 or version.digest) else []
        return [*parts, Part("not registered", "attention")]
    first = version.registrations[0]
    parts = [Part(f"registered {minute_of(first.at)}{_by(first.by)}")]
    if first.rows is not None:
        parts.append(Part(f"{first.rows:,} rows"))
    if others := sorted({registration.stream for registration in version.registrations} - {first.stream}):
        parts.append(Part(f"the same content is {', '.join(others)}"))
    if version.disputed:
        parts.append(Part("another digest was said of it", "attention"))
    if all(registration.retired_at is not None for registration in version.registrations):
        parts.append(Part(f"retired {minute_of(max(it.retired_at or '' for it in version.registrations))}", "attention"))
    return parts


def _of_model(version: ModelVersion) -> list[Part]:
    parts = []
    if version.registered_at is not None:
        parts.append(Part(f"registered {minute_of(version.registered_at)}{_by(version.registered_by)}"))
    if version.registrations > 1:
        parts.append(Part(f"registered {version.registrations} times", "attention"))
    if version.retired_at is not None:
        parts.append(Part(f"retired {minute_of(version.retired_at)}", "attention"))
    if (since := version.run_since) is not None and (text := described(since)) is not None:
        parts.append(Part(text, "attention" if since.altered is None else "wrong"))
    return parts


def _of_stage(edge: Edge) -> list[Part]:
    promoted = f"promoted {minute_of(edge.at)}{_by(edge.by)}" if edge.at else "promoted"
    of_service = _of_service(edge)
    return [*of_service, Part(promoted)] if edge.until is None else [Part(promoted), *of_service]


def _of_service(edge: Edge) -> list[Part]:
    if edge.until is None:
        return [Part("serving")]
    return [Part(f"until {minute_of(edge.until)}, ended by a {edge.ended_by}"), *([Part(edge.reason)] if edge.reason else [])]


def _by(person: str | None) -> str:
    return f" by {person}" if person else ""
