"""A bill of materials of a model: itself with its model card, the data it was trained on, and the software that trained it.

CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/). What nobody has recorded is absent: what a model is for, whom it may
harm and where it fails are for people to say.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from training_events.evidence.formats.fields import as_text, known, registered_as
from training_events.folds.cutter import flattened
from training_events.proof.dependencies import artifact_digest, to_uri
from training_events.reading.wording.spec import is_list_of_packages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.catalogue.run import UsedDataset
    from training_events.catalogue.stored import Stored
    from training_events.evidence.facts import Facts
    from training_events.folds.run_state import RunState

SUBJECT = "subject"
"""The bom-ref of what the bill is about."""
_HASHES = {"sha256": "SHA-256", "md5": "MD5", "sha1": "SHA-1", "sha512": "SHA-512"}
_NOT_IN_PYPI_NAMES = re.compile(r"[-_.]+")
"""https://packaging.python.org/en/latest/specifications/name-normalization/"""


def bom(facts: Facts, *, attested: bool) -> dict[str, Any]:
    """The bill. The same facts give the same one. `attested` is whether the signed provenance is beside it."""
    run = facts.run
    data = [_dataset(facts, used, number) for number, used in enumerate(_distinct(facts.read_datasets), 1)]
    software = [] if run is None else list(_software(run))
    is_data = facts.stream.startswith("dataset/")
    subject = (
        _data_subject(facts) if is_data else _model(facts, [component["bom-ref"] for component in data], attested=attested)
    )
    components = [*data, *software]
    checkpoint = facts.checkpoint
    made_of = f"{checkpoint.origin} {checkpoint.size} {checkpoint.root} {facts.subject}"
    return known(
        {
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, made_of)}",
            "version": 1,
            "metadata": known(
                {
                    "timestamp": checkpoint.at,
                    "tools": {"components": [{"type": "application", "name": "training-events", "version": facts.made_by}]},
                    "component": subject,
                }
            ),
            "components": components,
            "dependencies": [{"ref": SUBJECT, "dependsOn": [component["bom-ref"] for component in components]}],
        }
    )


def _model(facts: Facts, datasets: list[str], *, attested: bool) -> dict[str, Any]:
    """The version of the model; of a run without one, what the run trained."""
    version, run = facts.model_version, facts.run
    artifact = version.artifact if version is not None else _last_artifact(run)
    name = facts.stream.partition("/")[2] if facts.version is not None else (run.model if run else None)
    return known(
        {
            "type": "machine-learning-model",
            "bom-ref": SUBJECT,
            "name": name or facts.stream,
            "version": facts.version or facts.stream.partition("/")[2],
            "description": version.description if version is not None else None,
            "hashes": [] if artifact is None else _hashes(artifact_digest(artifact)),
            "externalReferences": list(_references(run, artifact, attested=attested)),
            "modelCard": None if run is None else _model_card(run, datasets),
            "properties": [] if artifact is None else _content(artifact),
        }
    )


def _last_artifact(run: RunState | None) -> Stored | None:
    return None if run is None or not run.artifacts else run.artifacts[-1].stored


def _data_subject(facts: Facts) -> dict[str, Any]:
    """The newest version of a dataset."""
    state = facts.datasets[facts.stream]
    newest = state.versions[-1].stored if state.versions else None
    return known(
        {
            "type": "data",
            "bom-ref": SUBJECT,
            "name": facts.stream.partition("/")[2],
            "version": newest.version_id if newest else None,
            "hashes": _hashes(artifact_digest(newest)) if newest else [],
            "data": [known({"type": "dataset", "contents": _contents(newest.uri if newest else None)})],
            "properties": _content(newest) if newest else [],
        }
    )


def _model_card(run: RunState, datasets: list[str]) -> dict[str, Any]:
    """What the run was told and what it measured: the last value of each metric, and its best one as a property."""
    properties = [(f"hyperparameter:{name}", value) for name, value in flattened("", run.hyperparameters)]
    properties += [(f"seed:{name}" if name else "seed", value) for name, value in _seeds(run)]
    properties += [(f"best:{name}", metric.best.value) for name, metric in run.metrics.items() if metric.best is not None]
    return known(
        {
            "modelParameters": known({"datasets": [{"ref": ref} for ref in datasets]}),
            "quantitativeAnalysis": known(
                {
                    "performanceMetrics": [
                        {"type": name, "value": as_text(metric.last.value)} for name, metric in run.metrics.items()
                    ]
                }
            ),
            "properties": [_property(name, value) for name, value in properties],
        }
    )


def _seeds(run: RunState) -> Iterator[tuple[str, Any]]:
    seeds = (run.spec or {}).get("seeds")
    if isinstance(seeds, dict):
        yield from flattened("", seeds)
    elif seeds is not None:
        yield "", seeds


def _references(run: RunState | None, artifact: Stored | None, *, attested: bool) -> Iterator[dict[str, Any]]:
    address = None if artifact is None or artifact.uri is None else to_uri(artifact.uri)
    if address is not None:
        yield {"type": "distribution", "url": address}
    code = (run.spec or {}).get("code") if run is not None else None
    if isinstance(code, dict) and isinstance(code.get("repository"), str) and (repository := to_uri(code["repository"])):
        dirty = ", and changes that were not committed" if code.get("dirty") else ""
        yield {"type": "vcs", "url": repository, "comment": f"commit {as_text(code.get('commit'))}{dirty}"}
    if attested:
        yield {"type": "attestation", "url": "provenance.dsse.json", "comment": "SLSA provenance in a DSSE envelope"}
    yield {"type": "evidence", "url": "evidence.json", "comment": "the recorded events, with proofs that the log has them"}


def _distinct(datasets: list[UsedDataset]) -> list[list[UsedDataset]]:
    """Each content once: a run may use one in several roles."""
    distinct: dict[tuple[Any, ...], list[UsedDataset]] = {}
    for used in datasets:
        distinct.setdefault((used.uri, used.version_id, used.sha256, used.digest), []).append(used)
    return list(distinct.values())


def _dataset(facts: Facts, uses: list[UsedDataset], number: int) -> dict[str, Any]:
    used = uses[0]
    registered = registered_as(facts, used)
    digests = artifact_digest(used) or _named_digest(used.digest)
    roles = [_property("role", use.role) for use in uses if use.role is not None]
    return known(
        {
            "type": "data",
            "bom-ref": f"dataset-{number}",
            "name": (registered or "").partition("/")[2] or used.name or used.uri or f"dataset {number}",
            "version": used.version_id,
            "hashes": _hashes(digests),
            "data": [known({"type": "dataset", "contents": _contents(used.uri)})],
            "properties": [
                *roles,
                *([] if registered is None else [_property("stream", registered)]),
                *([] if used.digest is None else [_property("digest", used.digest)]),
                *_content(used),
            ],
        }
    )


def _software(run: RunState) -> Iterator[dict[str, Any]]:
    """Python, its packages at their versions, and the image they were in."""
    spec = run.spec or {}
    if isinstance(python := spec.get("python"), str) and python:
        yield {"type": "platform", "bom-ref": "python", "name": "Python", "version": python}
    packages, direct = spec.get("packages"), spec.get("direct_packages")
    origins = direct if isinstance(direct, dict) else {}
    if is_list_of_packages(packages):
        for number, (name, version) in enumerate(sorted(packages.items()), 1):
            yield _package(f"package-{number}", name, as_text(version), origins.get(name))
    image = spec.get("image")
    uri = image.get("uri") if isinstance(image, dict) else (run.job.image if run.job else None)
    if isinstance(uri, str) and uri:
        digest = image.get("digest") if isinstance(image, dict) else None
        yield known(
            {
                "type": "container",
                "bom-ref": "image",
                "name": uri,
                "hashes": _hashes(_named_digest(digest if isinstance(digest, str) else None)),
            }
        )


def _package(ref: str, name: str, version: str, origin: Any) -> dict[str, Any]:
    """Only what came from an index has a package URL: https://github.com/package-url/purl-spec."""
    normal = _NOT_IN_PYPI_NAMES.sub("-", name).lower()
    return known(
        {
            "type": "library",
            "bom-ref": ref,
            "name": name or "?",
            "version": version,
            "purl": f"pkg:pypi/{quote(normal, safe='')}@{quote(version, safe='')}" if origin is None else None,
            "properties": [] if origin is None else [_property("installed_from", origin)],
        }
    )


def _content(stored: Stored) -> list[dict[str, str]]:
    """What no field of a component has: the size, and the digest of a folder, which is over the list of its files."""
    digest = artifact_digest(stored)
    content = [("bytes", stored.bytes), ("sha256_of_files", digest.get("dirHash")), ("in_place", stored.in_place or None)]
    return [_property(name, value) for name, value in content if value is not None]


def _contents(uri: str | None) -> dict[str, Any]:
    address = None if uri is None else to_uri(uri)
    return {} if address is None else {"url": address}


def _named_digest(digest: str | None) -> dict[str, str]:
    """`sha256:9f86…` as the digest of that algorithm."""
    algorithm, _, value = (digest or "").partition(":")
    return {algorithm: value}


def _hashes(digests: dict[str, str]) -> list[dict[str, str]]:
    lengths = {"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-512": 128}
    named = [(_HASHES[name], value) for name, value in digests.items() if name in _HASHES]
    return [{"alg": name, "content": value} for name, value in named if re.fullmatch(rf"[0-9a-f]{{{lengths[name]}}}", value)]


def _property(name: str, value: Any) -> dict[str, str]:
    return {"name": f"training-events:{name}", "value": as_text(value)}
