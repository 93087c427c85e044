"""The state of a run, as its folds leave it."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from training_events.catalogue import run as facts
from training_events.catalogue.stored import Stored
from training_events.folds import metric
from training_events.folds.attempts import Attempt
from training_events.folds.stream_state import StreamState

MAX_KEPT = 100
"""How many checkpoints, and how many artifacts, a state keeps: the newest ones. A state has to fit into an item of DynamoDB,
and memory must not grow with the stream. The state counts them all, and the log has them all."""
MAX_DATASETS = 1000
"""Beyond so many datasets, a state keeps none that is recorded later: a program may record each of its shards. `datasets_used`
counts all of these records, and the log has them all."""

MAX_DETAILS_BYTES = 2048
"""A state keeps what a describer says of a dataset up to this size, as canonical JSON: a schema may have thousands of columns.
The log has all of it."""
MAX_REPRODUCTIONS = 100
"""How many runs that did this one again a state keeps: the newest ones. The log has them all."""

Status = Literal["unknown", "requested", "refused", "running", "completed", "failed", "stopped"]
_FINISHED = ("refused", "completed", "failed", "stopped")


class Checkpoint(Struct):
    at: str
    step: int | float | None
    stored: Stored


class Artifact(Struct):
    at: str
    name: str | None
    stored: Stored


class Error(Struct):
    error: str | dict[str, Any] | None
    traceback: str | Stored | None


class Job(Struct):
    """The last state that SageMaker gave of the training job, or of the pipeline's execution. `image` is a URI."""

    at: str
    status: str
    secondary_status: str | None
    arn: str | None
    failure_reason: str | None
    image: str | None = None
    instance: facts.Instance | None = None
    hyperparameters: dict[str, Any] | None = None
    artifact: Stored | None = None


class Refusal(Struct):
    """Why the training that was asked for did not start. `field` is what is wrong in the request."""

    at: str
    reason: str
    explanation: str | None
    field: str | None


class Reproduction(Struct):
    """A run that did this one again, and the newest word on it. `inputs` are those that differ.

    It is `requested` until both runs were compared. `allowed_unpinned` are what may differ, because no pin holds it.
    """

    at: str
    run: str
    status: Literal["requested", "verified", "diverged"]
    explanation: str | None = None
    allowed_unpinned: list[str] = []
    inputs: list[str] = []
    tolerance: float | None = None
    by: str | None = None


class Lineage(Struct):
    """What the run was made from: its datasets, and the run that it resumed.

    The datasets are those of the newest attempt's spec, else those of its job and its request, and what was recorded later.
    `earlier_datasets` are those that only earlier attempts had: what these made came of them.
    """

    datasets: list[facts.UsedDataset] = []
    resumed_from: str | None = None
    earlier_datasets: list[facts.UsedDataset] = []


class RunState(StreamState):
    """A run. Times are UTC with microseconds. `spec` is what the newest attempt pinned when it started, as it was recorded.

    `hyperparameters` are those that stand: of the newest attempt's spec, then what was recorded later. Before the first attempt
    they are those of the training job, or of the request.

    `ended_by` is who recorded the end: the training itself, or SageMaker where the training could not. `ends_not_counted` is
    the number of ends that were recorded by processes which do not lead the training.

    `recipe` is the name of the recipe that starts it, `caused_by` the event that asked for it, and `refused` why it did not
    start. `reproduces` is the run that it does again, and `reproductions` are those that did this one again.
    """

    kind: Literal["run"] = "run"
    status: Status = "unknown"
    model: str | None = None
    requested_by: str | None = None
    requested_at: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    ended_by: Literal["training", "SageMaker"] | None = None
    duration_seconds: float | None = None
    spec: dict[str, Any] | None = None
    metrics: dict[str, metric.Metric] = field(default_factory=dict)
    goals: dict[str, metric.Goal] = field(default_factory=dict)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)
    error: Error | None = None
    stop_reason: str | None = None
    job: Job | None = None
    lineage: Lineage = field(default_factory=Lineage)
    points: int = 0
    starts: int = 0
    attempts: list[Attempt] = field(default_factory=list)
    ends_not_counted: int = 0
    checkpoints_saved: int = 0
    artifacts_saved: int = 0
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    datasets_used: int = 0
    recipe: str | None = None
    reproduces: str | None = None
    caused_by: facts.Cause | None = None
    refused: Refusal | None = None
    reproductions: list[Reproduction] = field(default_factory=list)

    @property
    def finished(self) -> bool:
        return self.status in _FINISHED

    def living(self) -> set[str]:
        return {"status"} if self.starts and self.status == "running" else set()

    def add_points(self, points: list[facts.Point], at: str, attempt: int) -> None:
        """Take in what this attempt has measured."""
        metric.add_points(self.metrics, points, at, attempt, self.goals)
