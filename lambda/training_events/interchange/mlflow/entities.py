"""States of the log as MLflow's entities: what a client of MLflow, or its page, gets to see of a run or a group."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mlflow.entities import (
    Dataset,
    DatasetInput,
    Experiment,
    ExperimentTag,
    InputTag,
    LifecycleStage,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Param,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
    RunTag,
)
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT, MLFLOW_RUN_NAME

from training_events import mlflow_ids
from training_events.canonical import canonical_json
from training_events.folds.cutter import flattened
from training_events.interchange.mlflow.facts import (
    ARTIFACT_LOCATION,
    DIGEST_PREFIX,
    GROUP,
    MODEL_INPUT,
    MODEL_OUTPUT,
    mlflow_tag,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from training_events.catalogue.run import Point, UsedDataset
    from training_events.folds.metric import Reading
    from training_events.folds.run_state import RunState
    from training_events.folds.stream_state import StreamState
    from training_events.folds.summary import UsedVersion

STATUSES = {
    "requested": "SCHEDULED", "unknown": "RUNNING", "running": "RUNNING", "completed": "FINISHED", "failed": "FAILED",
    "refused": "FAILED", "stopped": "KILLED",
}  # fmt: skip
"""MLflow's word for the status of a run."""
_NOTE = "mlflow.note.content"
"""The tag in which MLflow's page keeps a description."""
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def run(state: RunState, *, artifact_uri: str, deleted: bool) -> Run:
    """A run, with the latest point of each metric."""
    return Run(
        run_info(state, artifact_uri=artifact_uri, deleted=deleted),
        RunData(
            metrics=[_metric(name, known.latest or known.last) for name, known in sorted(state.metrics.items())],
            params=[Param(name, value) for name, value in params(state.hyperparameters).items()],
            tags=[RunTag(name, value) for name, value in run_tags(state).items()],
        ),
        RunInputs(
            dataset_inputs=[_dataset_input(used) for used in state.lineage.datasets],
            model_inputs=[LoggedModelInput(id_) for id_, _ in _models(state, MODEL_INPUT)],
        ),
        RunOutputs(model_outputs=[LoggedModelOutput(id_, int(step)) for id_, step in _models(state, MODEL_OUTPUT)]),
    )


def run_info(state: RunState, *, artifact_uri: str, deleted: bool) -> RunInfo:
    name = state.stream.partition("/")[2]
    return RunInfo(
        run_id=mlflow_ids.run_id(name),
        run_name=state.name or name,
        experiment_id=mlflow_ids.experiment_id(group_of(state.tags)),
        user_id=state.requested_by or "",
        status=STATUSES[state.status],
        start_time=milliseconds(state.started_at or state.first_at),
        end_time=None if state.finished_at is None else milliseconds(state.finished_at),
        lifecycle_stage=LifecycleStage.DELETED if deleted else LifecycleStage.ACTIVE,
        artifact_uri=artifact_uri,
    )


def experiment(state: StreamState, *, artifact_location: str) -> Experiment:
    """A group. Its id is made of the name that it was created with; `artifact_location` is for one that says none itself."""
    created_as = state.stream.partition("/")[2]
    return Experiment(
        experiment_id=mlflow_ids.experiment_id(created_as),
        name=state.name or created_as,
        artifact_location=state.tags.get(ARTIFACT_LOCATION) or artifact_location,
        lifecycle_stage=LifecycleStage.ACTIVE if state.hidden is None else LifecycleStage.DELETED,
        tags=[ExperimentTag(*tag) for tag in tags(state.tags, state.description).items() if tag[0] != ARTIFACT_LOCATION],
        creation_time=milliseconds(state.first_at),
        last_update_time=milliseconds(state.last_at),
    )


def group_of(tags: Mapping[str, Any]) -> str | None:
    """The name of the group that a run is in."""
    return None if tags.get(GROUP) is None else str(tags[GROUP])


def params(hyperparameters: Mapping[str, Any]) -> dict[str, str]:
    """Hyperparameters as MLflow has them: flat, and texts."""
    return {name: text(value) for name, value in flattened("", hyperparameters)}


def run_tags(state: RunState) -> dict[str, str]:
    """The tags of a run, the name to show among them, and its description where MLflow's own tag does not say one."""
    name = state.name or state.stream.partition("/")[2]
    return {**tags(state.tags, state.description), MLFLOW_RUN_NAME: name}


def tags(recorded: Mapping[str, Any], description: str | None) -> dict[str, str]:
    """The tags of a stream, as texts."""
    found = {name: text(value) for key, value in recorded.items() if (name := mlflow_tag(key)) is not None}
    return found if description is None else {_NOTE: description, **found}


def text(value: Any) -> str:
    """A value as MLflow has it, which knows only texts: as Python prints it, and lists and objects as JSON."""
    return canonical_json(value).decode() if isinstance(value, (dict, list)) else str(value)


def metric(point: Point, at: str) -> Metric:
    """A point. `at` is when it was measured."""
    return Metric(point.name, float(point.value), milliseconds(at), int(point.step or 0))


def milliseconds(time: str) -> int:
    """A time of the log as MLflow counts it, since 1970."""
    return (datetime.fromisoformat(time) - _EPOCH) // timedelta(milliseconds=1)


def _models(state: RunState, prefix: str) -> Iterator[tuple[str, str]]:
    """The logged models that a run used or made, each with its step."""
    for key, value in state.tags.items():
        if key.startswith(prefix):
            yield key.removeprefix(prefix), str(value)


def _metric(name: str, reading: Reading) -> Metric:
    return Metric(name, float(reading.value), milliseconds(reading.at), int(reading.step or 0))


def named_digest(used: UsedDataset | UsedVersion) -> tuple[str, str]:
    """The name and the digest of a dataset. What others than MLflow have recorded goes by its address and its content."""
    digest = (used.digest or "").removeprefix(DIGEST_PREFIX) or used.sha256 or used.version_id or ""
    return used.name or (used.uri or "").rstrip("/").rpartition("/")[2] or digest, digest


def _dataset_input(used: UsedDataset) -> DatasetInput:
    details = used.details or {}
    dataset = Dataset(
        *named_digest(used),
        source_type=details.get("source_type") or "uri",
        source=details.get("source") or json.dumps({"uri": used.uri}),
        schema=details.get("schema"),
        profile=details.get("profile"),
    )
    roles = {} if used.role is None else {MLFLOW_DATASET_CONTEXT: used.role}
    return DatasetInput(dataset, [InputTag(key, value) for key, value in {**roles, **details.get("tags", {})}.items()])
