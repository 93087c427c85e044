"""Which datasets of several runs stand in one row: those that had the same part in the training, as far as the record tells.

A role that is recorded keeps its datasets apart from those of another role. A dataset without one may have had any.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from training_events.reading.comparison.data import UsedData

Identity: TypeAlias = tuple[str, ...]
"""What tells a content from others: its digest, its version in S3, or its address."""


class Paired(NamedTuple):
    """A dataset of a run. `subject` is what it is called where it has no role."""

    data: UsedData
    identity: Identity
    subject: str

    @property
    def role(self) -> str | None:
        return self.data.role


class _Row:
    def __init__(self, datasets: dict[str, Paired]) -> None:
        self.datasets = datasets
        self.role: str | None = None

    def takes(self, run: str, dataset: Paired) -> bool:
        return run not in self.datasets and (None in (self.role, dataset.role) or self.role == dataset.role)


_KEYS: tuple[Callable[[Paired], Hashable], ...] = (
    lambda dataset: (dataset.role, dataset.identity),
    lambda dataset: dataset.identity,
    lambda dataset: (dataset.role, dataset.subject),
    lambda dataset: dataset.subject,
    lambda dataset: dataset.role,
    lambda _: None,
)
"""What two datasets have in common that stand in one row, the best first; at last only that both are left."""


def paired(runs: dict[str, list[Paired]]) -> list[dict[str, Paired]]:
    """The datasets of the runs in rows, each with at most one of each run."""
    rows: list[_Row] = []
    rows_by: list[dict[Hashable, dict[int, _Row]]] = [defaultdict(dict) for _ in _KEYS]
    for run, datasets in runs.items():
        left = datasets
        for key_of, rows_by_key in zip(_KEYS, rows_by, strict=True):
            unpaired = []
            for dataset in left:
                row = next((row for row in rows_by_key[key_of(dataset)].values() if row.takes(run, dataset)), None)
                if row is None:
                    unpaired.append(dataset)
                else:
                    row.datasets[run] = dataset
            left = unpaired
        rows += [_Row({run: dataset}) for dataset in left]
        for row in rows:
            if (dataset_of_run := row.datasets.get(run)) is not None:
                row.role = row.role or dataset_of_run.role
                for key_of, rows_by_key in zip(_KEYS, rows_by, strict=True):
                    rows_by_key[key_of(dataset_of_run)][id(row)] = row
    return [row.datasets for row in rows]
