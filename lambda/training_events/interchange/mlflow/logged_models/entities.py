"""The state of a logged model as MLflow's entity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow.entities import LoggedModel, LoggedModelStatus, Metric

from training_events import mlflow_ids
from training_events.interchange.mlflow.artifact_roots import in_log
from training_events.interchange.mlflow.entities import milliseconds, text
from training_events.interchange.mlflow.facts import DIGEST_PREFIX

if TYPE_CHECKING:
    from training_events.folds.logged_model import Logged, Measured
    from training_events.folds.model import ModelState
    from training_events.interchange.mlflow.artifact_roots import ArtifactRoots

_STATUS = {
    "pending": LoggedModelStatus.PENDING,
    "ready": LoggedModelStatus.READY,
    "failed": LoggedModelStatus.FAILED,
}


def logged_model(state: ModelState, logged: Logged, roots: ArtifactRoots) -> LoggedModel:
    """A logged model, with the latest value of each of its metrics on each dataset."""
    id_ = state.stream.partition("/")[2]
    recorded = None if logged.artifact is None else logged.artifact.uri
    return LoggedModel(
        experiment_id=mlflow_ids.experiment_id(logged.group),
        model_id=id_,
        name=logged.name or id_,
        artifact_location=roots.shown(recorded or in_log("models", id_)),
        creation_timestamp=milliseconds(logged.at),
        last_updated_timestamp=milliseconds(logged.updated_at),
        model_type=logged.model_type,
        source_run_id=_run_id(logged.run),
        status=_STATUS[logged.status],
        tags={key: text(value) for key, value in state.tags.items()},
        params=dict(logged.params),
        metrics=[_metric(id_, measured) for measured in logged.metrics],
    )


def _metric(model_id: str, measured: Measured) -> Metric:
    reading, digest = measured.reading, measured.dataset_digest
    return Metric(
        measured.name,
        float(reading.value),
        milliseconds(reading.at),
        int(reading.step or 0),
        model_id=model_id,
        dataset_name=measured.dataset_name,
        dataset_digest=None if digest is None else digest.removeprefix(DIGEST_PREFIX),
        run_id=_run_id(measured.run),
    )


def _run_id(stream: str | None) -> str | None:
    return None if stream is None else mlflow_ids.run_id(stream.partition("/")[2])
