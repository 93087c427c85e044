"""What a model's artifact was made of, as a statement that others' programs read, and the envelope that signs it.

The statement is in-toto's (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md). What it says is SLSA's
provenance (https://slsa.dev/spec/v1.0/provenance): docs/reference/provenance.md tells what each field is here. The envelope is
DSSE (https://github.com/secure-systems-lab/dsse/blob/master/envelope.md).

All of it is folded from the log. Whoever signs it needs to believe nobody else, and of one log it always has the same bytes.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from itertools import chain
from typing import TYPE_CHECKING, Any

from msgspec import Struct, ValidationError, convert

from training_events import folds
from training_events.canonical import MAX_DEPTH, canonical_json
from training_events.errors import Misused, NotAttestable
from training_events.event import check_stream
from training_events.folds.model import ModelState
from training_events.folds.run_state import RunState
from training_events.proof.dependencies import artifact_digest, dependencies, descriptor
from training_events.stores.event_log import Damaged
from training_events.times import TEXT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.catalogue.model import RunHead
    from training_events.event import LogEntry
    from training_events.folds.model import Version
    from training_events.proof.tree.note import Signer
    from training_events.stores.event_log import EventLog

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
# my-org/my-repo stands for the repository that you keep this in, as in lambda/pyproject.toml
_PAGE = "https://github.com/my-org/my-repo/blob/main/docs/reference/provenance.md"
BUILD_TYPE = f"{_PAGE}#training-v1"
BUILDER = f"{_PAGE}#recorded-v1"


class Attest(Struct, frozen=True, forbid_unknown_fields=True):
    """The version whose provenance somebody asks a signer for: `model/digits`, `3`."""

    stream: str
    version: str | int


def signed_provenance(log: EventLog, asked: Any, signer: Signer) -> dict[str, Any]:
    """The envelope with the provenance of the version that is asked for, as JSON: `{"stream": "model/digits", "version": 3}`.

    The signer signs what it has made from the log itself, and nothing that the caller gives. Raises Misused for what is no such
    request, and NotAttestable as `provenance` does.
    """
    try:
        attest = convert(asked, Attest)
    except ValidationError as flaw:
        raise Misused(f'what is asked for is {{"stream": "model/<name>", "version": <its name>}}: {flaw}') from None
    return dsse(provenance(log, attest.stream, attest.version), signer)


def provenance(log: EventLog, stream: str, version: str | int) -> dict[str, Any]:
    """The statement on the artifact of a version of a model: what the run had that it names, when the version was registered.

    Raises NotAttestable where the log has no such version, or nothing that a statement could be about: no digest of the
    artifact, no run; and where an event of these streams is not what was recorded.
    """
    check_stream(stream)
    model = folds.fold(folds.empty(stream), _entries(log, stream))
    name = stream.partition("/")[2]
    registered = _registered(model, name, str(version))
    of_version = f"version {str(version)!a} of {stream!a}"
    artifact = registered.artifact
    if artifact is None or not (digest := artifact_digest(artifact)):
        raise NotAttestable(f"{of_version} names no sha256 of its artifact, by which a statement says what it is about")
    if registered.run is None:
        raise NotAttestable(f"{of_version} names no run that made it")
    return {
        "_type": STATEMENT_TYPE,
        "subject": [descriptor(f"{name}@{version}", artifact.uri, digest)],
        "predicateType": PREDICATE_TYPE,
        "predicate": _predicate(log, f"run/{registered.run.removeprefix('run/')}", registered),
    }


def dsse(statement: dict[str, Any], signer: Signer) -> dict[str, Any]:
    """The envelope around the canonical JSON of a statement, signed with the key that signs checkpoints.

    What is signed begins with `DSSEv1`, and a checkpoint with its origin: neither can pass for the other.
    """
    payload = canonical_json(statement, 2 * MAX_DEPTH)
    signature = signer.sign(b"DSSEv1 %d %b %d %b" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload))
    return {
        "payload": b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": sha256(signer.public_key).hexdigest(), "sig": b64encode(signature).decode()}],
    }


def _registered(model: folds.State, name: str, version: str) -> Version:
    versions = model.versions if isinstance(model, ModelState) else {}
    if version in versions and versions[version].registered_at is not None:
        return versions[version]
    known = ", ".join(versions) or "none"
    raise NotAttestable(f"the log has no registered version {version!a} of a model {name!a}; versions of it: {known:.200}")


def _predicate(log: EventLog, stream: str, registered: Version) -> dict[str, Any]:
    """The provenance. What was recorded after the registration counts for the end of the run alone."""
    entries = _entries(log, stream)
    first_later: list[LogEntry] = []

    def by_then() -> Iterator[LogEntry]:
        for entry in entries:
            if entry.position[:TEXT_LENGTH] > (registered.registered_at or ""):
                first_later.append(entry)
                return
            yield entry

    run = folds.fold(RunState(stream), by_then())
    if not run.position:
        raise NotAttestable(f"the log had no event of {stream!a} when the version was registered that names it")
    starts, definition = run.starts, _build_definition(run)
    folds.fold(run, chain(first_later, entries))
    finished_at = run.finished_at if run.starts == starts else None
    return {"buildDefinition": definition, "runDetails": _run_details(run, registered.run_head, finished_at)}


def _build_definition(run: RunState) -> dict[str, Any]:
    spec = run.spec or {}
    code: dict[str, Any] = recorded if isinstance(recorded := spec.get("code"), dict) else {}
    return {
        "buildType": BUILD_TYPE,
        "externalParameters": _known(
            {
                "model": run.model,
                "recipe": run.recipe,
                "repository": code.get("repository"),
                "commit": code.get("commit"),
                "workingFolder": spec.get("working_folder"),
                "entryPoint": spec.get("entry_point"),
                "arguments": spec.get("arguments"),
                "hyperparameters": dict(run.hyperparameters),
                "seeds": spec.get("seeds"),
                "datasets": [_known({"name": used.name, "role": used.role, "uri": used.uri}) for used in run.lineage.datasets],
                "resumedFrom": run.lineage.resumed_from,
                "reproduces": run.reproduces,
            }
        ),
        "internalParameters": _known(
            {
                "python": spec.get("python"),
                "packages": spec.get("packages"),
                "directPackages": spec.get("direct_packages"),
                "environment": spec.get("environment"),
                "machine": spec.get("machine"),
                "instance": spec.get("instance"),
                "trainingJob": run.job.arn if run.job else None,
            }
        ),
        "resolvedDependencies": dependencies(run),
    }


def _run_details(run: RunState, head: RunHead | None, finished_at: str | None) -> dict[str, Any]:
    return _known(
        {
            "builder": {"id": BUILDER},
            "metadata": _known({"invocationId": run.stream, "startedOn": run.started_at, "finishedOn": finished_at}),
            "byproducts": [] if head is None else [_log_of_run(run.stream, head)],
        }
    )


def _log_of_run(stream: str, head: RunHead) -> dict[str, Any]:
    """The run as the log had it, by the digest of its last event."""
    return {
        "name": f"log of {stream}",
        "digest": {"sha256": head.digest.removeprefix("sha256:")},
        "annotations": {"events": head.events, "position": head.position},
    }


def _entries(log: EventLog, stream: str) -> Iterator[LogEntry]:
    """The stream's events, each of which gives the digest that it was recorded with."""
    for record in log.audit(stream):
        why = record.why if isinstance(record, Damaged) else record.alteration
        if isinstance(record, Damaged) or why is not None:
            raise NotAttestable(f"{stream!a} is not what was recorded, at {record.position!a}: {why}")
        yield record.entry


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, {}, [])}
