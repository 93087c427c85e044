"""What a training program has logged of a model, folded: its state, its files, and the latest value of each of its metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from training_events.catalogue.stored import Stored
from training_events.folds.metric import Reading, is_later
from training_events.folds.run_state import Artifact

if TYPE_CHECKING:
    from training_events.catalogue import model as facts
    from training_events.catalogue.run import ArtifactSaved
    from training_events.event import LogEntry
    from training_events.folds.model import ModelState

MAX_ARTIFACTS = 100
"""How many files a state keeps: the newest ones. It counts them all, and the log has them all."""
MAX_METRICS = 1000
"""Beyond so many metrics, a state takes in no further one. It has to fit into an item of DynamoDB, and the log has them all."""


class Measured(Struct):
    """The latest value of one metric on one dataset: that of the highest step, then of the highest time, then the highest.

    `run` has measured it. `dataset_name` and `dataset_digest` are null where the metric is of no dataset.
    """

    name: str
    reading: Reading
    run: str | None
    dataset_name: str | None
    dataset_digest: str | None


class Logged(Struct):
    """A model as a training program has logged it. `at` is when it did, and `updated_at` when it said more the last time.

    `group` is the one that its run is in. `artifact` is where all its files are; `artifacts` are its newest files, and
    `artifacts_saved` counts all of them.
    """

    at: str
    updated_at: str
    status: Literal["pending", "ready", "failed"] = "pending"
    name: str | None = None
    run: str | None = None
    group: str | None = None
    model_type: str | None = None
    params: dict[str, str] = field(default_factory=dict)
    artifact: Stored | None = None
    metrics: list[Measured] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)
    artifacts_saved: int = 0


def logged(state: ModelState, fact: facts.ModelLogged, at: str, _: LogEntry) -> None:
    model = _logged(state, at)
    model.status = fact.status
    model.name, model.run = fact.name or model.name, fact.run or model.run
    model.group, model.model_type = fact.group or model.group, fact.model_type or model.model_type
    model.params |= fact.params
    model.artifact = fact.artifact or model.artifact


def measured(state: ModelState, fact: facts.ModelMeasured, at: str, _: LogEntry) -> None:
    """Of each metric on each dataset the latest value stands, in whatever order they come."""
    model, dataset = _logged(state, at), fact.dataset
    name, digest = (None, None) if dataset is None else (dataset.name, dataset.digest or dataset.sha256)
    known = {(one.name, one.dataset_name, one.dataset_digest): one for one in model.metrics}
    for point in fact.points:
        reading, key = Reading(point.value, point.step, point.time or at), (point.name, name, digest)
        if (before := known.get(key)) is None:
            if len(known) < MAX_METRICS:
                known[key] = Measured(point.name, reading, fact.run, name, digest)
        elif is_later(reading, before.reading):
            before.reading, before.run = reading, fact.run
    model.metrics = list(known.values())


def artifact_saved(state: ModelState, fact: ArtifactSaved, at: str, _: LogEntry) -> None:
    model = _logged(state, at)
    stored = Stored(fact.uri, fact.version_id, fact.sha256, fact.bytes, fact.in_place)
    model.artifacts = [*model.artifacts[1 - MAX_ARTIFACTS :], Artifact(at, fact.name, stored)]
    model.artifacts_saved += 1


def _logged(state: ModelState, at: str) -> Logged:
    """What is logged of the model, which is said more of now."""
    if state.logged is None:
        state.logged = Logged(at, at)
    state.logged.updated_at = at
    return state.logged
