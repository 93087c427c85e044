"""The metadata that makes a file of evidence an RO-Crate: what is in it, and which run made what of what.

RO-Crate 1.2 (https://w3id.org/ro/crate/1.2). Files of the crate are data entities. What is elsewhere, as datasets mostly are,
is told of with its digest, and is no part of the crate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from training_events.evidence.formats.fields import as_text, known, registered_as
from training_events.folds.cutter import flattened
from training_events.folds.run_state import RunState
from training_events.proof.dependencies import artifact_digest, to_uri

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from training_events.catalogue.run import UsedDataset
    from training_events.catalogue.stored import Stored
    from training_events.evidence.facts import Facts

FILE_NAME = "ro-crate-metadata.json"
_CONTEXT = ["https://w3id.org/ro/crate/1.2/context", {"sha256": "http://schema.org/sha256"}]
_DESCRIBED = {
    "evidence.json": ("application/json", "The list of the files with their SHA-256, and what they are about"),
    "proofs.json": ("application/json", "For each event its place in the log's Merkle tree, and the proof"),
    "artifacts.json": ("application/json", "The digests of the files that events name"),
    "checkpoint": ("text/plain", "The signed checkpoint of the whole log: a signed note of C2SP"),
    "key.pem": ("application/x-pem-file", "The public key that signed it"),
    "check.py": ("text/x-python", "A program that checks all of this; it needs Python and nothing else"),
    "index.html": ("text/html", "The page to read first"),
    "provenance.dsse.json": ("application/vnd.in-toto+json", "SLSA provenance of the artifact, in a signed DSSE envelope"),
    "bom.cdx.json": ("application/vnd.cyclonedx+json", "A bill of materials with a model card: CycloneDX 1.6"),
}
_STATUS = {
    "completed": "CompletedActionStatus",
    "failed": "FailedActionStatus",
    "stopped": "FailedActionStatus",
    "running": "ActiveActionStatus",
    "requested": "PotentialActionStatus",
}


def crate(facts: Facts, files: Collection[str]) -> dict[str, Any]:
    """The metadata. `files` are the names of all other files beside it; a folder's ends in a slash."""
    runs = [state for it in facts.streams if isinstance(state := it.state, RunState)]
    parts = [_file(facts, name) for name in sorted(files)]
    told = [entity for run in runs for entity in _told_of(facts, run)]
    checkpoint = facts.checkpoint
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Evidence of {facts.subject}",
        "description": (
            f"What the event log {checkpoint.origin} holds of {facts.subject}, with proofs up to its checkpoint of"
            f" {checkpoint.size} events. What it does not prove: {' '.join(facts.not_proved)}"
        ),
        "datePublished": checkpoint.at,
        "license": {"@id": "#license"},
        "hasPart": [{"@id": part["@id"]} for part in parts],
        "mentions": [{"@id": f"#{_quoted(run.stream)}"} for run in runs],
    }
    graph: list[dict[str, Any]] = [
        {
            "@id": FILE_NAME,
            "@type": "CreativeWork",
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.2"},
            "about": {"@id": "./"},
        },
        root,
        {
            "@id": "#license",
            "@type": "CreativeWork",
            "name": "No licence is recorded",
            "description": "Who may use these files, and for what, is nothing that the log says.",
        },
        *parts,
        *told,
    ]
    return {"@context": _CONTEXT, "@graph": [known(entity) for entity in _each_once(graph)]}


def _file(facts: Facts, name: str) -> dict[str, Any]:
    """A file, or a folder, of the crate."""
    identifier = quote(name, safe="/-._~")
    if (artifact := next((it for it in facts.artifacts if it.file == name), None)) is not None:
        kind = "Dataset" if name.endswith("/") else "File"
        title = artifact.name or name
        return {
            "@id": identifier,
            "@type": kind,
            "name": title,
            "description": ", ".join(artifact.kinds),
            **_content(artifact.stored),
        }
    media_type, description = _DESCRIBED.get(name, (None, None))
    for it in facts.streams:
        if name == it.file:
            media_type, description = "application/x-ndjson", f"The {it.events} events of {it.stream}, as they were recorded"
        elif name in it.seals:
            media_type, description = "application/x-ndjson", f"A seal of {it.stream}"
    return {"@id": identifier, "@type": "File", "name": name, "description": description, "encodingFormat": media_type}


def _told_of(facts: Facts, run: RunState) -> Iterator[dict[str, Any]]:
    """The run as an action that made something of something, and what it names."""
    action = f"#{_quoted(run.stream)}"
    used = list(_used(facts, run))
    made = list(_made(facts, run))
    program = _program(run)
    parameters = [
        {"@id": f"{action}/hyperparameter/{_quoted(name)}", "@type": "PropertyValue", "name": name, "value": as_text(value)}
        for name, value in flattened("", run.hyperparameters)
    ]
    metrics = [
        {"@id": f"{action}/metric/{_quoted(name)}", "@type": "PropertyValue", "name": name, "value": as_text(metric.last.value)}
        for name, metric in run.metrics.items()
    ]
    status = _STATUS.get(run.status)
    yield {
        "@id": action,
        "@type": "CreateAction",
        "name": f"Training {run.stream.partition('/')[2]}",
        "startTime": run.started_at,
        "endTime": run.finished_at,
        "actionStatus": None if status is None else {"@id": f"http://schema.org/{status}"},
        "instrument": {"@id": program["@id"]},
        "object": [{"@id": entity["@id"]} for entity in (*used, *parameters)],
        "result": [{"@id": entity["@id"]} for entity in (*made, *metrics)],
    }
    yield from (program, *used, *made, *parameters, *metrics)


def _program(run: RunState) -> dict[str, Any]:
    spec = run.spec or {}
    code: dict[str, Any] = recorded if isinstance(recorded := spec.get("code"), dict) else {}
    repository = code.get("repository")
    return {
        "@id": f"#{_quoted(run.stream)}/program",
        "@type": "SoftwareSourceCode",
        "name": as_text(spec.get("entry_point") or "the training program"),
        "codeRepository": to_uri(repository) if isinstance(repository, str) else None,
        "version": code.get("commit"),
        "runtimePlatform": f"Python {spec['python']}" if isinstance(spec.get("python"), str) else None,
    }


def _used(facts: Facts, run: RunState) -> Iterator[dict[str, Any]]:
    for used in run.lineage.datasets:
        entity = _elsewhere(facts, used, "Dataset")
        name = used.name or (registered_as(facts, used) or "").partition("/")[2] or used.role or used.uri
        yield entity if entity["@id"].startswith("files/") else {**entity, "name": name or "a dataset"}


def _made(facts: Facts, run: RunState) -> Iterator[dict[str, Any]]:
    for artifact in run.artifacts:
        name = artifact.name or (artifact.stored.uri or "").rstrip("/").rpartition("/")[2]
        entity = _elsewhere(facts, artifact.stored, "CreativeWork")
        yield entity if entity["@id"].startswith("files/") else {**entity, "name": name or "an artifact"}


def _elsewhere(facts: Facts, stored: Stored | UsedDataset, kind: str) -> dict[str, Any]:
    """The entity of a file: that of the crate, if the crate has it."""
    for artifact in facts.artifacts:
        if artifact.file is not None and artifact.stored.sha256 is not None and artifact.stored.sha256 == stored.sha256:
            return _file(facts, artifact.file)
    identity = stored.sha256 or f"{stored.uri} {stored.version_id}"
    address = None if stored.uri is None else to_uri(stored.uri)
    return {"@id": f"#content/{_quoted(identity)}", "@type": kind, "contentUrl": address, **_content(stored)}


def _content(stored: Stored) -> dict[str, Any]:
    size = None if stored.bytes is None else str(stored.bytes)
    return {"sha256": artifact_digest(stored).get("sha256"), "contentSize": size, "version": stored.version_id}


def _each_once(entities: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Entities by their ids: several runs, or roles, name one file."""
    seen: set[str] = set()
    for entity in entities:
        if entity["@id"] not in seen:
            seen.add(entity["@id"])
            yield entity


def _quoted(text: str) -> str:
    return quote(text, safe="/-._~")
