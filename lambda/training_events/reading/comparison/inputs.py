"""The inputs of a run one by one, each with what identifies it: two runs have the same input where that is equal.

What has a digest is identified by its content, whatever it is called. The parts have the names of the pinned spec's fields.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import msgspec

from training_events.canonical import MAX_DEPTH, canonical_json
from training_events.catalogue.stored import Stored

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from training_events.folds.run_state import RunState

Part: TypeAlias = Literal[
    "model",
    "hyperparameters",
    "seeds",
    "datasets",
    "code",
    "image",
    "entry_point",
    "working_folder",
    "arguments",
    "resumed_from",
    "python",
    "packages",
    "direct_packages",
    "machine",
    "instance",
    "environment",
    "other",
]
"""A part of what a run is made from, by its name in the pinned spec. `other` are fields that no event type names."""

PARTS: tuple[Part, ...] = Part.__args__  # type: ignore[attr-defined]  # those of a Literal
"""In the order in which people look for what differs."""

_NO_INPUTS = ("requested_by", "goals", "reproduces")
"""Fields of the spec that change nothing of the training."""
_RECORDER = ("direct_packages", ("training-events",))
"""Where the recorder came from changes nothing of the training either."""
_ELSEWHERE = ("model", "image", "hyperparameters", "datasets")
"""Fields of the spec of which the state knows more."""

_STORED = set(Stored.__struct_fields__)
_ADDRESS = re.compile(r"(?:\w+://)?(?:[^@/]*@)?(?P<host>[^/:]+)(?::\d+(?=/))?[:/]+(?P<path>.+?)(?:\.git)?/*", re.DOTALL)


class Value(NamedTuple):
    """One input as it was recorded. `path` are the keys that lead to it inside its part."""

    part: Part
    path: tuple[str, ...]
    value: Any
    identity: Hashable


def inputs_of(state: RunState) -> Iterator[Value]:
    """All inputs but the datasets, which comparison/data.py puts side by side."""
    spec, job = state.spec or {}, state.job
    if state.model is not None:
        yield _plain("model", (), state.model)
    if image := spec.get("image") or (job and job.image and {"uri": job.image}):
        yield _image(image)
    if not spec.get("instance") and job is not None and job.instance is not None:
        yield from _values("instance", (), msgspec.to_builtins(job.instance))
    yield from _values("hyperparameters", (), state.hyperparameters or None)
    for name, value in spec.items():
        if name in PARTS and name not in _ELSEWHERE:
            yield from _values(name, (), value)
        elif name not in _NO_INPUTS and name not in PARTS:
            yield from _values("other", (name,), value)


def _values(part: Part, path: tuple[str, ...], value: Any) -> Iterator[Value]:
    """The value, or the values inside it. A list is one value, and so is what is stored elsewhere."""
    if (not path and value in (None, {}, [])) or (part, path) == _RECORDER:
        return
    if isinstance(value, dict) and isinstance(value.get("sha256"), str) and value.keys() <= _STORED:
        yield Value(part, path, value, ("sha256", value["sha256"]))
    elif isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _values(part, (*path, key), inner)
    elif (part, path) == ("code", ("repository",)) and isinstance(value, str):
        yield Value(part, path, value, _without_the_way(value))
    else:
        yield _plain(part, path, value)


def _plain(part: Part, path: tuple[str, ...], value: Any) -> Value:
    return Value(part, path, value, as_json(value))


def as_json(value: Any) -> bytes:
    """Tells values apart as JSON does: 1 and 1.0 are the same number, and true is another value."""
    return canonical_json(value, 2 * MAX_DEPTH)


def _image(image: dict[str, Any]) -> Value:
    """As a registry writes it, `<uri>@<digest>`. The digest tells which image it is, whatever it is tagged with."""
    uri, digest = image.get("uri"), image.get("digest")
    if digest is None and isinstance(uri, str) and "@" in uri:
        uri, _, digest = uri.rpartition("@")
    text = "@".join(filter(None, (uri, digest)))
    return Value("image", (), text, ("digest", digest) if digest else ("uri", uri))


def _without_the_way(address: str) -> tuple[str, str] | str:
    """The host and the path of a repository: git@host:team/code.git and https://host/team/code are the same one."""
    found = _ADDRESS.fullmatch(address)
    return (found["host"].lower(), found["path"]) if found else address
