"""What lists and searches know of a stream: the parts of its state that people look for.

A summary has to fit into an item of DynamoDB beside the state, whatever was recorded. So each part has a bound; where something
did not fit, `whole` is false, and the state has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from msgspec import Struct

from training_events.canonical import canonical_json
from training_events.folds.cutter import Cutter, Scalar
from training_events.folds.group import GroupState
from training_events.folds.headline import Headline, headlines
from training_events.folds.model import ModelState
from training_events.folds.run_state import RunState
from training_events.folds.silence import last_heard_at, usual_gap_seconds
from training_events.folds.version import VERSION

if TYPE_CHECKING:
    from training_events.catalogue.run import UsedDataset
    from training_events.folds.dataset import DatasetState
    from training_events.folds.logged_model import Logged


class UsedVersion(Struct, frozen=True):
    """A version of a dataset, as a run has used it. `digest` tells the content where no SHA-256 does."""

    uri: str | None
    version_id: str | None
    sha256: str | None
    role: str | None
    name: str | None = None
    digest: str | None = None


class Serving(Struct, frozen=True):
    """Which version serves a stage, since when, and who promoted it."""

    version: str
    since: str | None
    promoted_by: str | None


class StreamSummary(Struct, frozen=True, kw_only=True):
    """What the summaries of all kinds of streams share.

    A field that came later has a default: summaries that were stored before do not have it. `folded_by` tells them apart: it is
    the version of the folds that made the summary, and 0 where it was not kept yet. `whole` is false where something was left
    out, or cut, because there was too much of it; the state has it.
    """

    stream: str
    status: str
    first_at: str
    events: int
    name: str | None = None
    tags: dict[str, Scalar] = {}
    hidden: bool = False
    whole: bool = True
    folded_by: int = 0

    @property
    def id(self) -> str:
        """The name of the stream without its kind."""
        return self.stream.partition("/")[2]


class RunSummary(StreamSummary, frozen=True, kw_only=True):
    """A run. Where `metrics_known` is false, only the log knows some of the values: a later attempt took points back.

    `hyperparameters` are flat: `optimizer.lr` is what the run has as `{"optimizer": {"lr": 0.1}}`. A list is there as JSON.
    `error` is the first line. `seeded` tells whether the run has recorded a seed. `checkpoints` counts all that were saved.
    `earlier_datasets` are those that only earlier attempts had.
    `files` are the beginnings of the digests of all checkpoints and artifacts; null where there are more than a state keeps.
    """

    model: str | None
    started_at: str | None
    finished_at: str | None
    duration_seconds: float | None
    metrics: dict[str, Headline]
    metrics_known: bool = True
    attempts: int = 0
    last_heard_at: str | None = None
    usual_gap_seconds: float | None = None
    hyperparameters: dict[str, Scalar] = {}
    datasets: list[UsedVersion] = []
    repository: str | None = None
    commit: str | None = None
    dirty: bool | None = None
    seeded: bool = False
    requested_by: str | None = None
    error: str | None = None
    image: str | None = None
    instance: str | None = None
    checkpoints: int = 0
    earlier_datasets: list[UsedVersion] = []
    resumed_from: str | None = None
    files: list[str] | None = None
    recipe: str | None = None
    reproduces: str | None = None


class LoggedSummary(Struct, frozen=True):
    """A model as a training program has logged it."""

    status: str
    name: str | None
    run: str | None
    group: str | None
    model_type: str | None
    at: str
    updated_at: str


class ModelSummary(StreamSummary, frozen=True, kw_only=True):
    """A model. `versions` counts them, `run` made the latest one, and `serving` tells which version serves each stage.

    `logged` is there where a training program has logged the model, and `updated_at` is when its newest event occurred.
    """

    latest_version: str | None
    stages: dict[str, str]
    versions: int = 0
    run: str | None = None
    serving: dict[str, Serving] = {}
    description: str | None = None
    updated_at: str | None = None
    logged: LoggedSummary | None = None

    @property
    def is_only_logged(self) -> bool:
        """Whether it is a logged model of which nobody has registered a version: a training may log thousands."""
        return self.logged is not None and not self.versions


class DatasetSummary(StreamSummary, frozen=True, kw_only=True):
    """A dataset. `versions` counts all that were registered; every other field is of the newest one. `bytes` is its size."""

    uri: str | None
    sha256: str | None
    versions: int = 0
    version_id: str | None = None
    bytes: int | None = None
    rows: int | None = None
    registered_at: str | None = None
    digest: str | None = None


class GroupSummary(StreamSummary, frozen=True, kw_only=True):
    """A group. `updated_at` is when something was said of it last. The runs in it have its name as their tag `group`."""

    description: str | None = None
    updated_at: str | None = None


Summary: TypeAlias = RunSummary | ModelSummary | DatasetSummary | GroupSummary


def summary_of(state: RunState | ModelState | DatasetState | GroupState, *, bounded: bool = True) -> Summary:
    """The summary of a state. Only a bounded one can be stored; the other one is whole."""
    cutter = Cutter(bounded=bounded)
    kind: type[Summary]
    if isinstance(state, RunState):
        kind, parts = RunSummary, _of_run(state, cutter)
    elif isinstance(state, ModelState):
        kind, parts = ModelSummary, _of_model(state, cutter)
    elif isinstance(state, GroupState):
        kind, parts = GroupSummary, _said_of(state, cutter)
    else:
        kind, parts = DatasetSummary, _of_dataset(state, cutter)
    return kind(
        stream=state.stream,
        status=state.status,
        first_at=state.first_at,
        events=state.counts.events,
        name=cutter.optional(state.name),
        tags=cutter.scalars(state.tags),
        hidden=state.hidden is not None,
        folded_by=VERSION,
        **parts,
        whole=cutter.whole,
    )


def _of_run(state: RunState, cutter: Cutter) -> dict[str, Any]:
    spec = state.spec or {}
    code, image, instance = (spec.get(name) or {} for name in ("code", "image", "instance"))
    of_job = _of_job(state)
    return {
        "model": cutter.optional(state.model),
        "started_at": state.started_at,
        "finished_at": state.finished_at,
        "duration_seconds": state.duration_seconds,
        "metrics": cutter.members(headlines(state.metrics).items()),
        "metrics_known": all(metric.are_extremes_known for metric in state.metrics.values()),
        "attempts": state.starts,
        "last_heard_at": last_heard_at(state),
        "usual_gap_seconds": usual_gap_seconds(state),
        "hyperparameters": cutter.scalars(state.hyperparameters),
        "datasets": _used(state.lineage.datasets, cutter),
        "repository": cutter.optional(code.get("repository")),
        "commit": cutter.optional(code.get("commit")),
        "dirty": code.get("dirty"),
        "seeded": spec.get("seeds") not in (None, {}),
        "requested_by": cutter.optional(state.requested_by),
        "error": None if state.error is None else _first_line(state.error.error, cutter),
        "image": cutter.optional(image.get("uri") or image.get("digest") or of_job.image),
        "instance": cutter.optional(instance.get("type") or of_job.instance),
        "checkpoints": state.checkpoints_saved,
        "earlier_datasets": _used(state.lineage.earlier_datasets, cutter),
        "resumed_from": cutter.optional(state.lineage.resumed_from),
        "files": _files(state),
        "recipe": cutter.optional(state.recipe),
        "reproduces": cutter.optional(state.reproduces),
    }


class _OfJob(NamedTuple):
    """What SageMaker says that its job runs on."""

    image: str | None = None
    instance: str | None = None


def _of_job(state: RunState) -> _OfJob:
    if state.job is None:
        return _OfJob()
    return _OfJob(state.job.image, None if state.job.instance is None else state.job.instance.type)


def _used(datasets: list[UsedDataset], cutter: Cutter) -> list[UsedVersion]:
    used = [
        UsedVersion(*map(cutter.optional, (it.uri, it.version_id, it.sha256, it.role, it.name, it.digest))) for it in datasets
    ]
    return list(cutter.members((str(number), version) for number, version in enumerate(used)).values())


def _files(state: RunState) -> list[str] | None:
    if (state.checkpoints_saved, state.artifacts_saved) != (len(state.checkpoints), len(state.artifacts)):
        return None
    stored = [checkpoint.stored for checkpoint in state.checkpoints] + [artifact.stored for artifact in state.artifacts]
    return sorted({beginning_of_digest(file.sha256) for file in stored if file.sha256})


def beginning_of_digest(sha256: str) -> str:
    """As much of a digest as a summary has room for. Whoever finds one in a summary looks for the whole digest in the state."""
    return sha256[:12]


def _first_line(error: str | dict[str, Any] | None, cutter: Cutter) -> str | None:
    if error is None:
        return None
    text = error if isinstance(error, str) else canonical_json(error).decode()
    return cutter.text(text.strip().partition("\n")[0])


def _of_model(state: ModelState, cutter: Cutter) -> dict[str, Any]:
    promoted = {promotion.stage: promotion for promotion in state.promotions}
    found: dict[str, Serving] = {}
    for stage, version in sorted(state.stages.items()):
        newest = promoted.get(stage)  # the state keeps only the newest promotions
        by = None if newest is None else cutter.optional(newest.promoted_by)
        found[stage] = Serving(cutter.text(version), None if newest is None else newest.at, by)
    serving = cutter.members(found.items())
    latest = None if state.latest_version is None else state.versions.get(state.latest_version)
    return {
        "latest_version": cutter.optional(state.latest_version),
        "stages": {stage: served.version for stage, served in serving.items()},
        "versions": len(state.versions),
        "run": None if latest is None else cutter.optional(latest.run),
        "serving": serving,
        "logged": None if state.logged is None else _of_logged(state.logged, cutter),
        **_said_of(state, cutter),
    }


def _of_logged(logged: Logged, cutter: Cutter) -> LoggedSummary:
    return LoggedSummary(
        status=logged.status,
        name=cutter.optional(logged.name),
        run=cutter.optional(logged.run),
        group=cutter.optional(logged.group),
        model_type=cutter.optional(logged.model_type),
        at=logged.at,
        updated_at=logged.updated_at,
    )


def _said_of(state: ModelState | GroupState, cutter: Cutter) -> dict[str, Any]:
    return {"description": cutter.optional(state.description), "updated_at": state.last_at}


def _of_dataset(state: DatasetState, cutter: Cutter) -> dict[str, Any]:
    newest = state.versions[-1] if state.versions else None
    stored = None if newest is None else newest.stored
    return {
        "uri": None if stored is None else cutter.optional(stored.uri),
        "sha256": None if stored is None else cutter.optional(stored.sha256),
        "versions": state.registered,
        "version_id": None if stored is None else cutter.optional(stored.version_id),
        "bytes": None if stored is None else stored.bytes,
        "rows": None if newest is None else newest.rows,
        "registered_at": None if newest is None else newest.registered_at,
        "digest": None if newest is None else cutter.optional(newest.digest),
    }
