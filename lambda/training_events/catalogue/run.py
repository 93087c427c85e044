"""The events of a run: `run/<id>`. What is not known is absent. The log also keeps fields that are not named here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct, structs

from training_events.catalogue.stored import Stored

NotFinite = Literal["NaN", "Infinity", "-Infinity"]
"""JSON has no such numbers, but a loss that became NaN is news: it is recorded by its name."""


class Code(Struct, frozen=True, omit_defaults=True):
    """The version of the code. Where the code is `dirty`, the commit lacks a part of what ran.

    `diff` is that part: a patch for `git apply`, with the files of the program that git does not have. `not_kept` are the paths
    of files of which the patch has nothing, with the reason; the path `.` stands for all.
    """

    repository: str | None = None
    commit: str | None = None
    dirty: bool | None = None
    diff: Stored | None = None
    not_kept: dict[str, str] | None = None


class Image(Struct, frozen=True, omit_defaults=True):
    uri: str | None = None
    digest: str | None = None


class Instance(Struct, frozen=True, omit_defaults=True):
    type: str | None = None
    count: int | None = None


class UsedDataset(Stored, frozen=True, omit_defaults=True):
    """A dataset of a run, and what the run used it for: `train`, `validation`."""

    role: str | None = None


_DESCRIBING = ("uri", "url", "path", "name", "version_id", "sha256")


def describes_one(datasets: Mapping[Any, Any]) -> bool:
    """Whether this object describes one dataset. The keys of any other are roles."""
    return any(isinstance(datasets.get(key), str) for key in _DESCRIBING)


def described_dataset(given: Mapping[Any, Any]) -> UsedDataset | None:
    """The dataset that this object describes; None where it has neither an address nor a digest."""
    try:
        dataset = msgspec.convert(given, UsedDataset)
    except msgspec.ValidationError:
        address, digest = (value if isinstance(value, str) else None for value in map(given.get, ("uri", "sha256")))
        dataset = UsedDataset(uri=address, sha256=digest)
    return dataset if dataset.uri or dataset.sha256 else None


def _used(dataset: UsedDataset | str, role: str | None = None) -> UsedDataset:
    if isinstance(dataset, str):
        return UsedDataset(uri=dataset, role=role)
    return dataset if role is None else structs.replace(dataset, role=role)


class TrainingRequested(Struct, frozen=True, omit_defaults=True):
    """Somebody asked for a training. Nothing runs yet."""

    model: str | None = None
    requested_by: str | None = None
    hyperparameters: dict[str, Any] | None = None


class TrainingStarted(Struct, frozen=True, omit_defaults=True):
    """The training runs. The data is its pinned spec: all that another run needs to repeat it.

    `goals` says of a metric whether more or less of it is better, where its name does not. `datasets` may also be an object
    whose keys are roles, or one dataset, or its address. `arguments` are those of the program. A field that is too large for an
    event is stored elsewhere; its value then says where: uri, version id, sha256, bytes.
    """

    model: str | None = None
    code: Code | None = None
    image: Image | None = None
    entry_point: str | None = None
    arguments: list[str] | Stored | None = None
    hyperparameters: dict[str, Any] | None = None
    seeds: dict[str, Any] | int | None = None
    datasets: (
        list[UsedDataset | str]
        | dict[str, UsedDataset | list[UsedDataset | str] | str | int | float | bool | None]
        | str
        | None
    ) = []
    instance: Instance | None = None
    packages: dict[str, str | int] | None = None
    python: str | None = None
    environment: dict[str, str | int] | None = None
    requested_by: str | None = None
    resumed_from: str | None = None
    goals: dict[str, Literal["minimize", "maximize"]] = {}

    def used_datasets(self) -> list[UsedDataset]:
        """Each dataset with its role, in whatever form they are recorded. What has no address and no digest is left out."""
        given = self.datasets or []
        if isinstance(given, dict) and describes_one(given):
            dataset = described_dataset(given)
            return [dataset] if dataset else []
        roles = given if isinstance(given, dict) else {None: [given] if isinstance(given, str) else given}
        used = [
            _used(dataset, role)
            for role, one_or_several in roles.items()
            for dataset in (one_or_several if isinstance(one_or_several, list) else [one_or_several])
            if isinstance(dataset, (str, UsedDataset))
        ]
        return [dataset for dataset in used if dataset.uri or dataset.sha256]


class HyperparametersRecorded(Struct, frozen=True, omit_defaults=True):
    """The training uses these hyperparameters too, or these values in place of those of its spec."""

    hyperparameters: dict[str, Any]


class DatasetUsed(Struct, frozen=True, omit_defaults=True):
    """The training uses this dataset too, beside those of its spec."""

    dataset: UsedDataset | str
    role: str | None = None

    def used(self) -> UsedDataset | None:
        """The dataset with its role; None if it has neither an address nor a digest."""
        dataset = _used(self.dataset, self.role)
        return dataset if dataset.uri or dataset.sha256 else None


class Point(Struct, frozen=True, omit_defaults=True, gc=False):
    """One value of one metric. `time` (UTC) is when it was measured, where that is not when the event occurred."""

    name: str
    value: float | NotFinite
    step: int | float | None = None
    time: str | None = None


class MetricsRecorded(Struct, frozen=True, gc=False):
    """A batch of points, in the order in which they were measured."""

    points: list[Point]


class CheckpointSaved(Stored, frozen=True, omit_defaults=True):
    """The state of the training at a step is stored. The object is there before the event is recorded."""

    step: int | float | None = None


class ArtifactSaved(Stored, frozen=True, omit_defaults=True):
    """A file that the training made is stored."""

    name: str | None = None


class TrainingCompleted(Struct, frozen=True, omit_defaults=True):
    """The training reached its end."""

    artifact: Stored | None = None


class TrainingFailed(Struct, frozen=True, omit_defaults=True):
    """The training ended with an error."""

    error: str | dict[str, Any] | None = None
    traceback: str | Stored | None = None


class TrainingStopped(Struct, frozen=True, omit_defaults=True):
    """Something outside ended the training: a person, a limit, or the loss of its instance."""

    reason: str | None = None


class TrainingJobStateChanged(Struct, frozen=True, omit_defaults=True):
    """SageMaker's training job, which runs the training, has this state, and was started with this.

    `datasets` are the URIs of its input channels. `details` are what else its event has, as it has it. `backfilled` is true
    where SageMaker's own event never arrived, and `training-events reconcile` asked for the state.
    """

    status: str
    secondary_status: str | None = None
    arn: str | None = None
    failure_reason: str | None = None
    image: Image | None = None
    instance: Instance | None = None
    hyperparameters: dict[str, Any] | None = None
    datasets: list[str] = []
    artifact: Stored | None = None
    tuning_job_arn: str | None = None
    details: dict[str, Any] = {}
    backfilled: bool = False


class PipelineExecutionStateChanged(Struct, frozen=True, omit_defaults=True):
    """An execution of a pipeline in SageMaker, which is a run by itself, has this state.

    `name` is its display name. `details` are what else its event has, as it has it.
    """

    status: str
    previous_status: str | None = None
    arn: str | None = None
    failure_reason: str | None = None
    name: str | None = None
    details: dict[str, Any] = {}


FACTS = (
    TrainingRequested,
    TrainingStarted,
    HyperparametersRecorded,
    DatasetUsed,
    MetricsRecorded,
    CheckpointSaved,
    ArtifactSaved,
    TrainingCompleted,
    TrainingFailed,
    TrainingStopped,
    TrainingJobStateChanged,
    PipelineExecutionStateChanged,
)
