"""The inputs of several runs side by side: which differ, which are the same under another name, which nobody recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from training_events.reading.comparison.data import UsedData, data_rows
from training_events.reading.comparison.inputs import PARTS, Part, as_json, inputs_of

if TYPE_CHECKING:
    from collections.abc import Hashable

    from training_events.folds.run_state import RunState
    from training_events.reading.comparison.data import Registered

EXPECTED: tuple[Part, ...] = (
    "code",
    "datasets",
    "image",
    "entry_point",
    "hyperparameters",
    "seeds",
    "packages",
    "python",
    "instance",
)
"""The parts that every training has. Whoever recorded none of it left something open."""


class Input(Struct, frozen=True):
    """One input of the compared runs. `part` is the field of the pinned spec, `name` the keys inside it, joined by dots.

    `values` are by run, as they were recorded. A run that is not among them has recorded none: that is absent, and differs from
    any value. What has a digest differs by its content only.
    """

    part: Part
    name: str
    values: dict[str, Any]
    differs: bool

    @property
    def path(self) -> str:
        """`hyperparameters.C`; `python`."""
        return f"{self.part}.{self.name}" if self.name else self.part


class Inputs(NamedTuple):
    """All inputs in the order of PARTS. `renamed` do not differ, but their addresses do: the same bytes under another name."""

    all: list[Input]
    renamed: list[Input]
    not_recorded: list[Part]

    @property
    def differing(self) -> list[Input]:
        return [row for row in self.all if row.differs]


class _Row(NamedTuple):
    values: dict[str, Any]
    identities: dict[str, Hashable]


def compared_inputs(states: dict[str, RunState], registered: list[Registered]) -> Inputs:
    """The inputs of the runs, by the names that the runs have in the comparison."""
    rows: dict[tuple[Part, tuple[str, ...]], _Row] = {}
    for run, state in states.items():
        for part, path, value, identity in inputs_of(state):
            row = rows.setdefault((part, path), _Row({}, {}))
            row.values[run], row.identities[run] = value, identity
    used = {run: state.lineage.datasets for run, state in states.items()}
    for name, values, identities in data_rows(used, registered):
        rows["datasets", (name,)] = _Row(dict(values), dict(identities))
    found = [
        (Input(part, ".".join(path), row.values, _differs(row, len(states))), row)
        for (part, path), row in sorted(rows.items(), key=lambda item: PARTS.index(item[0][0]))
    ]
    inputs = _without_other_addresses_of_one_commit([row for row, _ in found])
    renamed = [row for row in inputs if not row.differs and len(set(map(_name_of, row.values.values()))) > 1]
    recorded = {row.part for row in inputs}
    return Inputs(inputs, renamed, [part for part in EXPECTED if part not in recorded])


def _differs(row: _Row, runs: int) -> bool:
    return len(row.identities) < runs or len(set(row.identities.values())) > 1


def _without_other_addresses_of_one_commit(inputs: list[Input]) -> list[Input]:
    """A commit's id is a digest of all its files: the same commit from another repository is the same code."""
    commit = next((row for row in inputs if (row.part, row.name) == ("code", "commit")), None)
    if commit is None or commit.differs:
        return inputs
    return [
        Input(row.part, row.name, row.values, differs=False) if (row.part, row.name) == ("code", "repository") else row
        for row in inputs
    ]


def _name_of(value: Any) -> Any:
    """What a value is called, beside what it is."""
    if isinstance(value, UsedData):
        return value.uri, value.version_id
    return as_json(value)
