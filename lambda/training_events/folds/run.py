"""What each event does to the state of its run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import structs

from training_events import strict_json
from training_events.canonical import MAX_DEPTH, canonical_json
from training_events.catalogue import run as facts
from training_events.catalogue.stored import Stored
from training_events.folds import attempts, metric, reproductions
from training_events.folds.run_state import (
    MAX_DATASETS,
    MAX_DETAILS_BYTES,
    MAX_KEPT,
    Artifact,
    Checkpoint,
    Error,
    Job,
    Lineage,
    Refusal,
)
from training_events.folds.silence import seconds_between

if TYPE_CHECKING:
    from training_events.event import LogEntry
    from training_events.folds.attempts import Attempt
    from training_events.folds.run_state import RunState

_SAGEMAKER_STATUS: dict[str, Literal["running"] | attempts.Ended] = {
    "InProgress": "running",
    "Executing": "running",
    "Stopping": "running",
    "Completed": "completed",
    "Succeeded": "completed",
    "CompletedWithFailures": "failed",
    "Failed": "failed",
    "Stopped": "stopped",
}
"""The run's status for each TrainingJobStatus and PipelineExecutionStatus of SageMaker. Another one is only kept in `job`.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribePipelineExecution.html"""


def requested(state: RunState, fact: facts.TrainingRequested, at: str, _: LogEntry) -> None:
    state.requested_at = at
    state.requested_by = fact.requested_by or state.requested_by
    state.model = fact.model or state.model
    # only the first request of a stream starts a training
    state.recipe = state.recipe or fact.recipe
    state.caused_by = state.caused_by or fact.caused_by
    state.reproduces = state.reproduces or fact.reproduces
    if not state.starts:
        state.hyperparameters |= fact.hyperparameters or {}
        known = state.lineage.datasets
        added = [dataset for dataset in dict.fromkeys(map(_bounded, fact.datasets)) if dataset not in known]
        state.lineage.datasets = [*known, *added][:MAX_DATASETS]
    if state.status == "unknown":
        state.status = "requested"


def refused(state: RunState, fact: facts.TrainingRefused, at: str, _: LogEntry) -> None:
    """A run that has started is not refused: somebody asked for it once more, or for another one by its name."""
    if state.status in ("unknown", "requested"):
        state.status = "refused"
        state.refused = Refusal(at, fact.reason, fact.explanation, fact.field)


def started(state: RunState, fact: facts.TrainingStarted, at: str, entry: LogEntry) -> None:
    """A start is a further attempt, unless it is that of a further rank. After an end it continues the run."""
    # first: an altered log may hold what no reader takes, and the state then stays as it is
    spec, by = strict_json.stored(entry.data), entry.numbering
    if attempts.is_repeated(state.attempts, at, by, same_spec=spec == state.spec):
        return
    hyperparameters, datasets = dict(spec.get("hyperparameters") or {}), [*map(_bounded, fact.used_datasets())]
    earlier = state.lineage.earlier_datasets
    if attempts.is_joined(state.attempts, by):
        # what an earlier rank has recorded meanwhile is of the same attempt
        hyperparameters = state.hyperparameters | hyperparameters
        datasets += [dataset for dataset in state.lineage.datasets if dataset not in datasets]
        if not attempts.leads_on_joining(state.attempts[-1], by):
            return
    else:
        attempts.start(state.attempts, at, by, spec, state.spec)
        _resume(state)
        if not state.starts:  # SageMaker's start is earlier: its job first waits for instances and data
            state.started_at = at
        else:
            earlier = [*state.lineage.datasets, *earlier]
        state.starts += 1
    state.model = fact.model or state.model
    state.requested_by = fact.requested_by or state.requested_by
    state.reproduces = fact.reproduces or state.reproduces
    state.spec = spec
    state.hyperparameters = hyperparameters
    state.lineage = Lineage(datasets, fact.resumed_from, _without(datasets, earlier)[:MAX_KEPT])
    state.goals = fact.goals
    for name, goal in fact.goals.items():
        if name in state.metrics:
            metric.set_goal(state.metrics[name], goal)


def _without(datasets: list[facts.UsedDataset], earlier: list[facts.UsedDataset]) -> list[facts.UsedDataset]:
    """Each of the earlier ones once, but not those that are among these."""
    present = set(datasets)
    return [dataset for dataset in dict.fromkeys(earlier) if dataset not in present]


def hyperparameters_recorded(state: RunState, fact: facts.HyperparametersRecorded, _at: str, entry: LogEntry) -> None:
    if _is_of_newest_attempt(state, entry):
        state.hyperparameters |= fact.hyperparameters


def dataset_used(state: RunState, fact: facts.DatasetUsed, _at: str, entry: LogEntry) -> None:
    state.datasets_used += 1
    used, known = fact.used(), state.lineage.datasets
    if used is None or len(known) >= MAX_DATASETS or not _is_of_newest_attempt(state, entry):
        return
    if (dataset := _bounded(used)) not in known:
        state.lineage.datasets = [*known, dataset]


def _bounded(dataset: facts.UsedDataset) -> facts.UsedDataset:
    """The dataset without details that are too large for a state."""
    if dataset.details is None or len(canonical_json(dataset.details, MAX_DEPTH)) <= MAX_DETAILS_BYTES:
        return dataset
    return structs.replace(dataset, details=None)


def _is_of_newest_attempt(state: RunState, entry: LogEntry) -> bool:
    """Whether the event tells of what the newest attempt is made from. A process that was superseded does not."""
    return not state.attempts or attempts.attempt_of(state.attempts, entry.numbering) is state.attempts[-1]


def metrics_recorded(state: RunState, fact: facts.MetricsRecorded, at: str, entry: LogEntry) -> None:
    attempt, points = _attempt_that_said(state, at, entry), fact.points
    if attempt is not None and attempt.first_step is None:
        attempt.first_step = next((point.step for point in points if point.step is not None), None)
    state.add_points(points, at, 1 if attempt is None else attempt.number)
    state.points += len(points)


def checkpoint_saved(state: RunState, fact: facts.CheckpointSaved, at: str, entry: LogEntry) -> None:
    _attempt_that_said(state, at, entry)
    state.checkpoints = [*state.checkpoints[1 - MAX_KEPT :], Checkpoint(at, fact.step, _stored(fact))]
    state.checkpoints_saved += 1


def artifact_saved(state: RunState, fact: facts.ArtifactSaved, at: str, entry: LogEntry) -> None:
    _attempt_that_said(state, at, entry)
    _keep_artifact(state, Artifact(at, fact.name, _stored(fact)))


def _attempt_that_said(state: RunState, at: str, entry: LogEntry) -> Attempt | None:
    """The attempt of the event, which counts it. Only where there are several, it matters who has recorded it."""
    if not state.attempts:
        return None
    attempt = attempts.attempt_of(state.attempts, entry.numbering if len(state.attempts) > 1 else None)
    if attempt is not None:
        attempt.events += 1
        attempt.last_at = at
    return attempt


def completed(state: RunState, fact: facts.TrainingCompleted, at: str, entry: LogEntry) -> None:
    if fact.artifact is not None:
        _keep_artifact(state, Artifact(at, None, fact.artifact))
    if _ends_run(state, "completed", at, entry):
        _finish(state, "completed", at, "training")


def failed(state: RunState, fact: facts.TrainingFailed, at: str, entry: LogEntry) -> None:
    if _ends_run(state, "failed", at, entry):
        state.error = Error(fact.error, fact.traceback)
        _finish(state, "failed", at, "training")


def stopped(state: RunState, fact: facts.TrainingStopped, at: str, entry: LogEntry) -> None:
    if _ends_run(state, "stopped", at, entry):
        state.stop_reason = fact.reason
        _finish(state, "stopped", at, "training")


def _ends_run(state: RunState, status: attempts.Ended, at: str, entry: LogEntry) -> bool:
    """Whether an end that the training has recorded is that of the run: of its newest attempt, by a process that may end it."""
    by = entry.numbering
    attempt = attempts.attempt_of(state.attempts, by)
    if attempt is None:
        return True
    if attempt is not state.attempts[-1]:
        attempt.status, attempt.finished_at = status, at
        return False
    if not attempts.may_end(attempt, by, status):
        state.ends_not_counted += 1
        return False
    return True


def job_state_changed(state: RunState, fact: facts.TrainingJobStateChanged, at: str, _: LogEntry) -> None:
    job = Job(at, fact.status, fact.secondary_status, fact.arn, fact.failure_reason)
    job.image = None if fact.image is None else fact.image.uri
    job.instance, job.hyperparameters, job.artifact = fact.instance, fact.hyperparameters, fact.artifact
    if not state.starts:
        # the job has them from its beginning: what was recorded since stands
        state.hyperparameters = (fact.hyperparameters or {}) | state.hyperparameters
        given = [facts.UsedDataset(uri=uri) for uri in fact.datasets]
        state.lineage.datasets = [*given, *(dataset for dataset in state.lineage.datasets if dataset not in given)]
    _follow_sagemaker(state, job)


def pipeline_state_changed(state: RunState, fact: facts.PipelineExecutionStateChanged, at: str, _: LogEntry) -> None:
    _follow_sagemaker(state, Job(at, fact.status, None, fact.arn, fact.failure_reason))


def _follow_sagemaker(state: RunState, job: Job) -> None:
    """SageMaker's word on the end counts where the training could not record it (killed, out of memory), never against it."""
    state.job = job
    status = _SAGEMAKER_STATUS.get(job.status)
    if status is None or state.ended_by == "training":
        return
    if status == "running":
        _resume(state)
        state.started_at = state.started_at or job.at
    elif status != state.status:  # otherwise it is known: SageMaker modifies a job after its end too
        if status == "failed":
            state.error = Error(job.failure_reason, None)
        if status == "stopped":
            state.stop_reason = job.secondary_status
        _finish(state, status, job.at, "SageMaker")


def _resume(state: RunState) -> None:
    state.status = "running"
    if state.attempts:
        state.attempts[-1].status, state.attempts[-1].finished_at = "running", None
    state.finished_at = state.ended_by = state.duration_seconds = state.error = state.stop_reason = state.refused = None


def _finish(state: RunState, status: attempts.Ended, at: str, by: Literal["training", "SageMaker"]) -> None:
    state.status = status
    state.refused = None
    if state.attempts:
        state.attempts[-1].status, state.attempts[-1].finished_at = status, at
    state.finished_at = at
    state.ended_by = by
    state.duration_seconds = None if state.started_at is None else seconds_between(state.started_at, at)
    if status != "failed":
        state.error = None
    if status != "stopped":
        state.stop_reason = None


def _keep_artifact(state: RunState, artifact: Artifact) -> None:
    state.artifacts = [*state.artifacts[1 - MAX_KEPT :], artifact]
    state.artifacts_saved += 1


def _stored(fact: Stored) -> Stored:
    return Stored(fact.uri, fact.version_id, fact.sha256, fact.bytes, fact.in_place)


APPLY = {
    facts.TrainingRequested: requested,
    facts.TrainingRefused: refused,
    facts.TrainingStarted: started,
    facts.HyperparametersRecorded: hyperparameters_recorded,
    facts.DatasetUsed: dataset_used,
    facts.MetricsRecorded: metrics_recorded,
    facts.CheckpointSaved: checkpoint_saved,
    facts.ArtifactSaved: artifact_saved,
    facts.TrainingCompleted: completed,
    facts.TrainingFailed: failed,
    facts.TrainingStopped: stopped,
    facts.TrainingJobStateChanged: job_state_changed,
    facts.PipelineExecutionStateChanged: pipeline_state_changed,
    **reproductions.APPLY,
}
