"""What MLflow's runs are made from: datasets with their digests, and models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow.entities import DatasetInput, _DatasetSummary

from training_events import mlflow_ids
from training_events.interchange.mlflow import entities, facts
from training_events.interchange.mlflow.problems import invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlflow.entities import LoggedModelInput, LoggedModelOutput

    from training_events.folds.summary import RunSummary
    from training_events.interchange.mlflow.runs import RunStore
    from training_events.interchange.mlflow.workspace import Workspace

MAX_SUMMARIES = 1000
"""How many datasets are listed of some experiments, as MLflow's own stores do."""


class InputStore:
    """The datasets and models of the runs of a log."""

    def __init__(self, workspace: Workspace, runs: RunStore) -> None:
        self._workspace, self._runs = workspace, runs

    def log_inputs(
        self, run_id: str, datasets: Sequence[DatasetInput] | None, models: Sequence[LoggedModelInput] | None
    ) -> None:
        """A dataset that the run has already, by its name and digest, is not recorded again."""
        if datasets is not None and not isinstance(datasets, list):
            raise TypeError(f"Argument 'datasets' should be a list, got '{type(datasets)}'")
        for number, given in enumerate(datasets or ()):
            _check(given, f"datasets[{number}]")
        state = self._runs.require_active(run_id)
        known = {(used.name, used.digest) for used in state.lineage.datasets}
        for given in datasets or ():
            fact = facts.dataset_used(given)
            identity = (fact.data["dataset"]["name"], fact.data["dataset"]["digest"])
            if identity not in known:
                self._workspace.record(state.stream, fact.type, fact.data)
                known.add(identity)
        for model in models or ():
            self._workspace.record(state.stream, *facts.model_used(model.model_id))

    def log_outputs(self, run_id: str, models: Iterable[LoggedModelOutput]) -> None:
        stream = self._runs.require_active(run_id).stream
        for model in models:
            self._workspace.record(stream, *facts.model_made(model.model_id, model.step))

    def search_datasets(self, found: Iterable[RunSummary]) -> list[_DatasetSummary]:
        """The datasets of these runs, each once for each experiment and role."""
        summaries = (
            _DatasetSummary(mlflow_ids.experiment_id(entities.group_of(run.tags)), *entities.named_digest(used), used.role)
            for run in found
            for used in run.datasets
        )
        each = {(it.experiment_id, it.name, it.digest, it.context): it for it in summaries}
        return list(each.values())[:MAX_SUMMARIES]


def _check(given: DatasetInput, where: str) -> None:
    if not isinstance(given, DatasetInput) or given.dataset is None:
        raise invalid(f"Missing value for required parameter '{where}.dataset'")
    for name in ("name", "digest"):
        if not isinstance(value := getattr(given.dataset, name), str) or not value:
            raise invalid(f"Invalid value {value!r} for parameter '{where}.dataset.{name}' supplied: a text is expected")
