"""What in-toto and SLSA ask of the fields of a statement, as their pages have it.

https://github.com/in-toto/attestation/tree/main/spec/v1, https://slsa.dev/spec/v1.0/provenance
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from jsonschema import FormatChecker

_HEX_DIGITS = {
    "sha256": (64,),
    "sha512": (128,),
    "sha1": (40,),
    "md5": (32,),
    "gitCommit": (40, 64),
    "dirHash": (64,),
}
_DESCRIPTOR = {
    "name": str,
    "uri": str,
    "digest": dict,
    "content": str,
    "downloadLocation": str,
    "mediaType": str,
    "annotations": dict,
}


def is_uri(text: str) -> bool:
    """Whether RFC 3986 allows this text."""
    return FormatChecker(["uri"]).conforms(text, "uri")


def broken_rules(statement: dict[str, Any]) -> list[str]:
    """Which rules the statement breaks; none if it is one."""
    return list(_statement(statement))


def _statement(statement: dict[str, Any]) -> Iterator[str]:
    if statement.get("_type") != "https://in-toto.io/Statement/v1":
        yield "_type is that of a statement, version 1"
    if statement.get("predicateType") != "https://slsa.dev/provenance/v1":
        yield "predicateType is that of SLSA's provenance, version 1"
    if not statement.get("subject"):
        yield "there is a subject"
    for subject in statement["subject"]:
        yield from _resource(subject)
        if not subject.get("digest"):
            yield "each subject has a digest"
    yield from _predicate(statement["predicate"])


def _predicate(predicate: dict[str, Any]) -> Iterator[str]:
    definition, details = predicate["buildDefinition"], predicate["runDetails"]
    external, internal = definition["externalParameters"], definition.get("internalParameters", {})
    if not isinstance(external, dict) or not isinstance(internal, dict):
        yield "parameters are objects"
    if set(external) & set(internal):
        yield "no parameter is both external and internal"
    for type_uri in (definition["buildType"], details["builder"]["id"]):
        if not is_uri(type_uri):
            yield f"{type_uri!r} is a URI"
    for resource in (*definition.get("resolvedDependencies", []), *details.get("byproducts", [])):
        yield from _resource(resource)
    metadata = details.get("metadata", {})
    if set(metadata) - {"invocationId", "startedOn", "finishedOn"}:
        yield "metadata has three fields"
    for name in ("startedOn", "finishedOn"):
        if name in metadata and not _is_utc(metadata[name]):
            yield f"{name} is a time in UTC"


def _resource(resource: dict[str, Any]) -> Iterator[str]:
    for name, value in resource.items():
        if name not in _DESCRIPTOR or not isinstance(value, _DESCRIPTOR[name]):
            yield f"a resource has no such field: {name} {value!r}"
    if not resource.keys() & {"uri", "digest", "content"}:
        yield f"a resource has an address, a digest or a content: {resource}"
    if "uri" in resource and not is_uri(resource["uri"]):
        yield f"{resource['uri']!r} is a URI"
    for algorithm, value in resource.get("digest", {}).items():
        if len(value) not in _HEX_DIGITS.get(algorithm, (len(value),)) or not re.fullmatch(r"[0-9a-f]+", value):
            yield f"{value!r} is a digest by {algorithm}"


def _is_utc(text: str) -> bool:
    return text.endswith("Z") and datetime.fromisoformat(text).utcoffset() == timedelta(0)
