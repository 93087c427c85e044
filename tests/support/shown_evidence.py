"""The facts of files of evidence, as their formats and their page take them: of a log that is there, without its tree."""

import json
from collections.abc import Iterator
from hashlib import sha256

from msgspec import Struct
from msgspec.structs import replace
from training_events import folds
from training_events.catalogue.run import UsedDataset
from training_events.catalogue.stored import Stored
from training_events.errors import NotAttestable
from training_events.evidence.facts import NOT_PROVED, ArtifactFacts, CoveringCheckpoint, Facts, Role, ShownEvent, StreamFacts
from training_events.folds.dataset import DatasetState
from training_events.folds.model import ModelState
from training_events.folds.run_state import RunState
from training_events.proof.attestation import provenance
from training_events.stores.event_log import EventLog


def facts_of(log: EventLog, subject: str) -> Facts:
    """What the log holds of `model/digits@3`, of a run or a dataset; its files are said to be in the file of evidence."""
    stream, _, version = subject.partition("@")
    state = folds.fold(folds.empty(stream), log.entries(stream))
    run = _run_of(state, version)
    streams = [_stream(log, stream, "subject")]
    if run is not None and run != stream:
        streams.append(_stream(log, run, "run"))
    states = [it.state for it in streams]
    used = [dataset for it in states if isinstance(it, RunState) for dataset in it.lineage.datasets]
    streams += [_stream(log, name, "dataset") for name in sorted(log.streams()) if name != stream and _is_used(log, name, used)]
    artifacts = _artifacts(states, version)
    key = sha256(b"key").hexdigest()
    root = sha256(subject.encode()).hexdigest()
    checkpoint = CoveringCheckpoint(
        "training-events/123456789012/eu-central-1/log", 4711, root, "2026-11-22T16:00:00.000000Z", key
    )
    return Facts(
        subject, stream, version or None, checkpoint, streams, artifacts, NOT_PROVED, _statement(log, stream, version), "0.2.0"
    )


def _run_of(state: folds.State, version: str) -> str | None:
    if isinstance(state, ModelState) and (registered := state.versions.get(version)) and registered.run:
        return f"run/{registered.run.removeprefix('run/')}"
    return state.stream if isinstance(state, RunState) else None


def _stream(log: EventLog, stream: str, role: Role) -> StreamFacts:
    state = folds.fold(folds.empty(stream), log.entries(stream))
    events = list(log.read(stream))
    shown = [
        ShownEvent(
            it.event.position, it.event.type, it.recorded_at, "123456789012", it.event.source, it.digest, 40 + line, line
        )
        for line, it in enumerate(events, 1)
        if it.event.type != "MetricsRecorded"
    ]
    name = sha256(stream.encode()).hexdigest()[:12]
    kind = stream.partition("/")[0]
    return StreamFacts(
        stream, role, state, len(events), 2, shown, f"events/{kind}/{name}.jsonl", [f"seals/{kind}/{name}/000001.jsonl"]
    )


def _is_used(log: EventLog, stream: str, used: list[UsedDataset]) -> bool:
    if not stream.startswith("dataset/"):
        return False
    state = folds.fold(DatasetState(stream), log.entries(stream))
    digests = {dataset.sha256 for dataset in used} - {None}
    return any(version.stored.sha256 in digests for version in state.versions)


class _Named(Struct):
    kind: str
    name: str | None
    stored: Stored


def _artifacts(states: list[folds.State], version: str) -> list[ArtifactFacts]:
    found: dict[str, ArtifactFacts] = {}
    for state in states:
        for named in _named(state, version):
            stored = named.stored
            if stored.sha256 is None:
                continue
            slash = "/" if (stored.uri or "").endswith("/") else ""
            file = f"files/{sha256(stored.sha256.encode()).hexdigest()}{slash}" if len(found) % 2 == 0 else None
            plain = Stored(stored.uri, stored.version_id, stored.sha256, stored.bytes, stored.in_place)
            fresh = ArtifactFacts(plain, [named.kind], named.name, [f"{state.stream} {state.position}"], file)
            known = found.setdefault(stored.sha256, fresh)
            if known is not fresh:
                name, kinds = known.name or named.name, sorted({*known.kinds, named.kind})
                found[stored.sha256] = replace(known, name=name, kinds=kinds, named_by=[*known.named_by, *fresh.named_by])
    return list(found.values())


def _named(state: folds.State, version: str) -> Iterator[_Named]:
    if isinstance(state, ModelState) and (registered := state.versions.get(version)) and registered.artifact:
        yield _Named("model", None, registered.artifact)
    if isinstance(state, RunState):
        for artifact in state.artifacts:
            yield _Named("artifact", artifact.name, artifact.stored)
        for checkpoint in state.checkpoints:
            yield _Named("checkpoint", None, checkpoint.stored)
        for used in state.lineage.datasets:
            yield _Named("dataset", used.name, used)


def _statement(log: EventLog, stream: str, version: str) -> dict[str, object] | None:
    try:
        statement: dict[str, object] = json.loads(json.dumps(provenance(log, stream, version)))
    except NotAttestable:
        return None
    return statement


def files_of(facts: Facts) -> list[str]:
    """The names of what is in such a file of evidence, but its crate's metadata."""
    named = [it.file for it in facts.streams] + [seal for it in facts.streams for seal in it.seals]
    named += [artifact.file for artifact in facts.artifacts if artifact.file is not None]
    return [
        *named,
        "evidence.json",
        "proofs.json",
        "artifacts.json",
        "checkpoint",
        "key.pem",
        "check.py",
        "index.html",
        "bom.cdx.json",
    ]
