"""The events of a run: `run/<id>`. What is not known is absent. The log also keeps fields that are not named here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

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
    """A dataset of a run, and what the run used it for: `train`, `validation`.

    `name` is what the program calls it. `digest` tells the content where no SHA-256 does: `<algorithm>:<value>`, as in
    `mlflow:8f2c41d9`. `details` are what its describer says besides.
    """

    ADDED_LATER: ClassVar = frozenset({"name", "digest", "details"})

    role: str | None = None
    name: str | None = None
    digest: str | None = None
    details: dict[str, Any] | None = None

    def __hash__(self) -> int:
        return hash((self.uri, self.version_id, self.sha256, self.role, self.name, self.digest))  # the details cannot be hashed

    @property
    def is_known(self) -> bool:
        """Whether it has an address or a digest: by something has to be told which dataset it is."""
        return bool(self.uri or self.sha256 or self.digest)


_DESCRIBING = ("uri", "url", "path", "name", "version_id", "sha256")


def describes_one(datasets: Mapping[Any, Any]) -> bool:
    """Whether this object describes one dataset. The keys of any other are roles."""
    return any(isinstance(datasets.get(key), str) for key in _DESCRIBING)


def described_dataset(given: Mapping[Any, Any]) -> UsedDataset | None:
    """The dataset that this object describes; None where it has neither an address nor a digest."""
    try:
        dataset = msgspec.convert(given, UsedDataset)
    except msgspec.ValidationError:
        texts = {name: given[name] for name in ("uri", "sha256", "digest") if isinstance(given.get(name), str)}
        dataset = UsedDataset(**texts)
    return dataset if dataset.is_known else None


def _used(dataset: UsedDataset | str, role: str | None = None) -> UsedDataset:
    if isinstance(dataset, str):
        return UsedDataset(uri=dataset, role=role)
    return dataset if role is None else structs.replace(dataset, role=role)


class Cause(Struct, frozen=True):
    """The recorded event that led to this one."""

    stream: str
    event_id: str
    occurred_at: str


class TrainingRequested(Struct, frozen=True, omit_defaults=True):
    """Somebody, or another event, asked for a training. Nothing runs yet.

    `recipe` is the name of the recipe that tells how. `request` is a CreateTrainingJob request in full, in place of a recipe.
    `datasets` are pinned for this training; their roles are the channels. `reproduces` is the run that it does again:
    `run/digits-7`.
    """

    ADDED_LATER: ClassVar = frozenset({"recipe", "request", "datasets", "reproduces", "caused_by"})

    model: str | None = None
    requested_by: str | None = None
    hyperparameters: dict[str, Any] | None = None
    recipe: str | None = None
    request: dict[str, Any] | None = None
    datasets: list[UsedDataset] = []
    reproduces: str | None = None
    caused_by: Cause | None = None


class TrainingRefused(Struct, frozen=True, omit_defaults=True):
    """The training that was asked for does not start: nothing was started.

    `reason` is a word for programs: `unknown_recipe`, `invalid_recipe`, `paused`, `over_budget`, `loop`, `invalid_name`,
    `invalid_request`, `name_taken`, `quota`, `refused_by_sagemaker`. `explanation` is a line for people, `field` the field of
    the request that is wrong, and `request` the id of the event that asked.
    """

    reason: str
    explanation: str | None = None
    field: str | None = None
    request: str | None = None


class TrainingStarted(Struct, frozen=True, omit_defaults=True):
    """The training runs. The data is its pinned spec: all that another run needs to repeat it.

    `goals` says of a metric whether more or less of it is better, where its name does not. `datasets` may also be an object
    whose keys are roles, or one dataset, or its address. `arguments` are those of the program. A field that is too large for an
    event is stored elsewhere; its value then says where: uri, version id, sha256, bytes.

    `reproduces` is the run that this one does again: `run/digits-7`. `working_folder` is relative to the repository's root, and
    absent where it is the root. `direct_packages` came from no index; each tells from where: "editable file:///…", "file:///….whl",
    "git+https://…@<commit>". `machine` is the kind of machine and its system: "x86_64 Linux".
    """

    ADDED_LATER: ClassVar = frozenset({"reproduces", "working_folder", "direct_packages", "machine"})

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
    reproduces: str | None = None
    working_folder: str | None = None
    direct_packages: dict[str, str] | None = None
    machine: str | None = None

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
        return [dataset for dataset in used if dataset.is_known]


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
        return dataset if dataset.is_known else None


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


class ReproductionRequested(Struct, frozen=True, omit_defaults=True):
    """The run that `run` names does this run again. `allowed_unpinned` are what may differ, because nothing pins it."""

    run: str
    allowed_unpinned: list[str] = []
    requested_by: str | None = None


class ReproductionVerified(Struct, frozen=True, omit_defaults=True):
    """The run that `run` names did this run again, and gave the same.

    Each metric is equal, or within the `tolerance`; each artifact has the same content. `metrics` and `artifacts` count them.
    `inputs` are what differs all the same, as paths of the spec: `seeds`, `packages.numpy`.
    """

    run: str
    tolerance: float | None = None
    metrics: int = 0
    artifacts: int = 0
    inputs: list[str] = []
    explanation: str | None = None
    by: str | None = None


class FirstDifference(Struct, frozen=True, omit_defaults=True):
    """Where the curves of two runs part: the values of the original and of its reproduction at that step."""

    metric: str
    step: int | float | None = None
    original: float | NotFinite | None = None
    reproduced: float | NotFinite | None = None


class ReproductionDiverged(Struct, frozen=True, omit_defaults=True):
    """The run that `run` names did this run again, and gave something else.

    `inputs` are those that differ, as paths of the spec: `seeds`, `packages.numpy`. `first` is where the curves part, and
    `artifacts` are the names of those whose content differs. `explanation` says it all in one line: "loss parts at step 120;
    packages: numpy 2.1 → 2.3".
    """

    run: str
    tolerance: float | None = None
    inputs: list[str] = []
    first: FirstDifference | None = None
    artifacts: list[str] = []
    explanation: str | None = None
    by: str | None = None


REPRODUCTION = (ReproductionRequested, ReproductionVerified, ReproductionDiverged)
"""What is said of a run by those who do it again. None of it is the run's own word: the run does not go on."""

FACTS = (
    TrainingRequested,
    TrainingRefused,
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
    *REPRODUCTION,
)
