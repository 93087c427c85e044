"""What each event does to the state of its run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from training_events import strict_json
from training_events.catalogue import run as facts
from training_events.catalogue.stored import Stored
from training_events.folds import attempts, metric
from training_events.folds.run_state import MAX_DATASETS, MAX_KEPT, Artifact, Checkpoint, Error, Job, Lineage
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
    if not state.starts:
        state.hyperparameters |= fact.hyperparameters or {}
    if state.status == "unknown":
        state.status = "requested"


def started(state: RunState, fact: facts.TrainingStarted, at: str, entry: LogEntry) -> None:
    """A start is a further attempt, unless it is that of a further rank. After an end it continues the run."""
    # first: an altered log may hold what no reader takes, and the state then stays as it is
    spec, by = strict_json.stored(entry.data), entry.numbering
    if attempts.is_repeated(state.attempts, at, by, same_spec=spec == state.spec):
        return
    hyperparameters, datasets = dict(spec.get("hyperparameters") or {}), fact.used_datasets()
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
    dataset, known = fact.used(), state.lineage.datasets
    if dataset is not None and dataset not in known and len(known) < MAX_DATASETS and _is_of_newest_attempt(state, entry):
        state.lineage.datasets = [*known, dataset]


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
    state.finished_at = state.ended_by = state.duration_seconds = state.error = state.stop_reason = None


def _finish(state: RunState, status: attempts.Ended, at: str, by: Literal["training", "SageMaker"]) -> None:
    state.status = status
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
}
