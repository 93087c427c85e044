"""What MLflow's calls say, as the types and data of events."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from mlflow.utils import mlflow_tags

from training_events import mlflow_ids
from training_events.catalogue.run import Point
from training_events.recorder.labels import batches
from training_events.times import from_nanoseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mlflow.entities import DatasetInput, Metric

    from training_events.catalogue.run import UsedDataset

GROUP = "group"
"""The tag that holds the experiment of a run."""
_USERS_GROUP = "mlflow.tags.group"
"""As which a tag `group` of MLflow's own is recorded."""
ARTIFACT_LOCATION = mlflow_tags.MLFLOW_ARTIFACT_LOCATION
"""The tag of an experiment whose caller said where the artifacts of its runs go."""
MODEL_INPUT, MODEL_OUTPUT = "mlflow.modelInput.", "mlflow.modelOutput."
"""Before the id of a logged model, in the tags that say which models a run used, and which it made: their value is the step."""
ARTIFACT_URI = "mlflow.artifactUri"
"""The tag of a run whose artifacts are kept somewhere else than with the log."""
DIGEST_PREFIX = "mlflow:"
"""Before a digest that MLflow has computed of a dataset, in its own way."""
ENDS = {"FINISHED": "TrainingCompleted", "FAILED": "TrainingFailed", "KILLED": "TrainingStopped"}
"""The event of each of MLflow's statuses that end a run."""


class Fact(NamedTuple):
    """An event that is to be recorded."""

    type: str
    data: dict[str, Any]


def started(user: str | None, tags: Mapping[str, str | None], pinned: Mapping[str, Any] | None = None) -> Fact:
    """The start of a run: what this process has pinned, and what the tags say besides."""
    code = {
        "repository": tags.get(mlflow_tags.MLFLOW_GIT_REPO_URL),
        "commit": tags.get(mlflow_tags.MLFLOW_GIT_COMMIT),
        "dirty": _boolean(tags.get(mlflow_tags.MLFLOW_GIT_DIRTY)),
    }
    image = {"uri": tags.get(mlflow_tags.MLFLOW_DOCKER_IMAGE_URI), "digest": tags.get(mlflow_tags.MLFLOW_DOCKER_IMAGE_ID)}
    by_tags = {
        "code": _known(code) or None,
        "image": _known(image) or None,
        "entry_point": tags.get(mlflow_tags.MLFLOW_SOURCE_NAME),
        "requested_by": user or tags.get(mlflow_tags.MLFLOW_USER),
    }
    return Fact("TrainingStarted", {**_known(by_tags), **(pinned or {})})


def ended(status: str) -> Fact | None:
    """The end of a run with this status of MLflow's; None for one that is no end."""
    return Fact(ENDS[status], {}) if status in ENDS else None


def placed(group: str, tags: Mapping[str, str]) -> Iterator[Fact]:
    """The experiment of a new run, with tags that are not MLflow's."""
    own = tags if group == mlflow_ids.DEFAULT_EXPERIMENT else {GROUP: group, **tags}
    return tagged(own)


def tagged(tags: Mapping[str, str | None]) -> Iterator[Fact]:
    """Tags of a stream, in events of a size that any bus takes; None removes one. Names to show are not among them."""
    for batch in batches(tags):
        yield Fact("Tagged", {"tags": batch})


def tags_of_run(tags: Mapping[str, str | None]) -> Iterator[Fact]:
    """Tags of a run, the name of the run among them."""
    others = {recorded_tag(key): value for key, value in tags.items() if key != mlflow_tags.MLFLOW_RUN_NAME}
    yield from tagged(others)
    if (name := tags.get(mlflow_tags.MLFLOW_RUN_NAME)) is not None:
        yield named(name)


def named(name: str) -> Fact:
    """The name to show of a run or an experiment."""
    return Fact("Described", {"name": name})


def recorded_tag(key: str) -> str:
    """The name under which the log has a tag of MLflow's."""
    return _USERS_GROUP if key == GROUP else key


def mlflow_tag(key: str) -> str | None:
    """The name under which MLflow has a tag of the log's; None for what is no tag there."""
    if key in (GROUP, ARTIFACT_URI) or key.startswith((MODEL_INPUT, MODEL_OUTPUT)):
        return None
    return GROUP if key == _USERS_GROUP else key


def hyperparameters(params: Mapping[str, Any]) -> Iterator[Fact]:
    for batch in batches(params):
        yield Fact("HyperparametersRecorded", {"hyperparameters": batch})


def point(metric: Metric) -> Point:
    """A value of a metric. What is no finite number goes by its name."""
    value = float(metric.value)
    name: Any = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return Point(metric.key, value if math.isfinite(value) else name, int(metric.step), text_of(metric.timestamp))


def dataset_used(given: DatasetInput) -> Fact:
    """A dataset of a run. What MLflow says besides its name and digest is in the details."""
    dataset, tags = given.dataset, {tag.key: tag.value for tag in given.tags or []}
    role = tags.pop(mlflow_tags.MLFLOW_DATASET_CONTEXT, None)
    details = {
        "source_type": dataset.source_type,
        "source": dataset.source,
        "schema": dataset.schema,
        "profile": dataset.profile,
        "tags": tags or None,
    }
    used = {
        "uri": _address(dataset.source),
        "name": dataset.name,
        "digest": f"{DIGEST_PREFIX}{dataset.digest}",
        "details": _known(details) or None,
    }
    return Fact("DatasetUsed", _known({"dataset": _known(used), "role": role}))


def datasets_used_again(datasets: Iterable[UsedDataset]) -> Iterator[Fact]:
    """The datasets of a run, for a further attempt."""
    for dataset in datasets:
        yield Fact("DatasetUsed", {"dataset": msgspec.to_builtins(dataset)})


def model_used(model_id: str) -> Fact:
    """The run uses a logged model."""
    return Fact("Tagged", {"tags": {f"{MODEL_INPUT}{model_id}": "0"}})


def model_made(model_id: str, step: int) -> Fact:
    """The run has made a logged model, at this step."""
    return Fact("Tagged", {"tags": {f"{MODEL_OUTPUT}{model_id}": str(step)}})


def text_of(milliseconds: float) -> str:
    """The text of a time that MLflow has in milliseconds since 1970."""
    return from_nanoseconds(int(milliseconds) * 1_000_000)


def _address(source: str | None) -> str | None:
    """Where the dataset is: MLflow describes its source in JSON, in a way of each type of source."""
    described = None
    with suppress(ValueError, TypeError):
        described = json.loads(source or "")
    if isinstance(described, dict):
        found = (described.get(key) for key in ("uri", "url", "path"))
        return next((address for address in found if isinstance(address, str) and address), None)
    return source if source and "://" in source else None


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _boolean(text: str | None) -> bool | None:
    return None if text is None else text.strip().lower() == "true"
