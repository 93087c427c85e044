"""The section `inputs`: what a run was made from, all that its newest attempt pinned and what was recorded since."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

from training_events.catalogue.run import UsedDataset
from training_events.catalogue.stored import Stored
from training_events.folds.cutter import flattened
from training_events.pages.page import Section
from training_events.reading.wording.spec import is_list_of_packages, standing_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.folds.run_state import RunState

Form: TypeAlias = Literal["text", "id", "web", "stored", "run", "warning"]

_IN_GROUPS = {"code", "hyperparameters", "seeds", "goals", "datasets", "environment", "packages", "model"}
"""What has a place of its own. Everything else that a spec may hold stands below the program."""
_PROGRAM = (
    "entry_point",
    "working_folder",
    "arguments",
    "python",
    "image",
    "instance",
    "machine",
    "requested_by",
    "resumed_from",
)
"""In this order; then whatever else there is."""


class Fact(Struct, frozen=True):
    """`form` is how the value is shown: an id is to be copied, a web address may be a link, a run has its page."""

    name: str
    value: Any
    form: Form = "text"


class Inputs(Struct, frozen=True):
    """`packages` is None where the event has no list of them; then the program's facts say where they are.

    `earlier_datasets` are those that only earlier attempts read.
    """

    code: list[Fact]
    not_kept: dict[str, Any]
    program: list[Fact]
    hyperparameters: list[Fact]
    seeds: list[Fact]
    goals: list[Fact]
    datasets: list[UsedDataset]
    earlier_datasets: list[UsedDataset]
    environment: list[Fact]
    packages: list[Fact] | None

    @property
    def is_empty(self) -> bool:
        return not any(msgspec.structs.asdict(self).values())


def inputs_section(state: RunState) -> Section:
    """Of a run without a start: what was asked for, or what its training job has."""
    spec = standing_spec(state)
    code = spec.get("code")
    packages = spec.get("packages")
    content = Inputs(
        code=list(_facts("code", code)),
        not_kept=_mapping(code).get("not_kept") or {},
        program=list(_program(state, spec)),
        hyperparameters=_flat(spec.get("hyperparameters")),
        seeds=_flat(spec.get("seeds"), "seed"),
        goals=_flat(spec.get("goals")),
        datasets=state.lineage.datasets,
        earlier_datasets=state.lineage.earlier_datasets,
        environment=_flat(spec.get("environment")),
        packages=_flat(packages) if is_list_of_packages(packages) else None,
    )
    return Section("inputs", "Made from", content)


def _program(state: RunState, spec: dict[str, Any]) -> Iterator[Fact]:
    in_summary = {"reproduces"} if spec.get("reproduces") == state.reproduces else set()
    names = [*_PROGRAM, *sorted(spec.keys() - _IN_GROUPS - in_summary - set(_PROGRAM))]
    given = _of_job(state) | {"requested_by": state.requested_by, "requested_at": state.requested_at} | spec
    for name in names:
        yield from _facts(name, given.get(name))
    if not is_list_of_packages(spec.get("packages")):
        yield from _facts("packages", spec.get("packages"))
    if not state.lineage.datasets:
        yield from _facts("datasets", spec.get("datasets"))


def _of_job(state: RunState) -> dict[str, Any]:
    """What SageMaker says that its job runs on."""
    if state.job is None:
        return {}
    return {"image": state.job.image, "instance": msgspec.to_builtins(state.job.instance)}


def _facts(name: str, value: Any) -> Iterator[Fact]:
    """The facts in a value of the spec; none where it is absent."""
    shown = name.replace("_", " ")
    if value is None or value in ({}, []):
        return
    if (stored := _stored(value)) is not None:
        yield Fact(shown, stored, "stored")
    elif isinstance(value, dict):
        for key, part in value.items():
            if key != "not_kept":
                yield from _facts(key if name == "code" else f"{name} {key}", part)
    elif isinstance(value, list) and all(isinstance(item, str) for item in value):
        yield Fact(shown, shlex.join(value), "id")
    elif name == "dirty":
        yield Fact(shown, "the commit lacks a part of what ran", "warning") if value is True else Fact(shown, value)
    else:
        yield Fact(shown, value, _FORMS.get(name, "text"))


_FORMS: dict[str, Form] = {"commit": "id", "repository": "web", "image uri": "id", "image digest": "id", "resumed_from": "run"}


def _stored(value: Any) -> Stored | None:
    """A field that is too large for an event is stored elsewhere, and its value says where."""
    if not isinstance(value, dict) or not isinstance(value.get("sha256"), str) or not isinstance(value.get("uri"), str):
        return None
    try:
        return msgspec.convert(value, Stored)
    except msgspec.ValidationError:
        return None


def _flat(values: Any, name: str = "value") -> list[Fact]:
    """Nested values as flat ones, by the keys that lead to each, in the order of their names."""
    if isinstance(values, dict):
        return [Fact(key, value) for key, value in flattened("", values)]
    return [] if values is None or values == [] else [Fact(name, values)]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
