"""Translates SageMaker's events: the states of training jobs, of versions in the model registry, and of pipeline executions.

People write credentials into hyperparameters, and errors quote them: none is recorded. The id of an event comes from what AWS
said, so that it stays the same when more is known of how credentials look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.bus.aws_events import aws_event
from training_events.bus.aws_events.aws_event import event_id

if TYPE_CHECKING:
    from training_events.bus.aws_events.aws_event import AwsEvent
    from training_events.event import Event

SOURCE = "aws.sagemaker"

_RANKS = {"Pending": 0, "InProgress": 1, "Executing": 1, "Stopping": 2}
_RANK_OF_END, _RANK_OF_RETRY = 3, 4
"""Several states of one subject may have the same time. The rank, as a part of the event's id, then puts each state behind
those that came before it. An end comes last; only the execution of a pipeline may follow it, when it is retried, and the
decision on a version in the model registry."""
_RANK_OF_DECISION = 4
_UNDECIDED = (None, "PendingManualApproval")


def training_job(received: AwsEvent) -> Event:
    """The event's stream is `run/<name of the job>`, as that of the recorder inside the job."""
    name, arn = received.name("TrainingJobName"), received.arn("TrainingJobArn")
    status, secondary = received.required("TrainingJobStatus"), received.text("SecondaryStatus")
    at = received.changed_at(is_new=status == "InProgress" and secondary in (None, "Pending", "Starting"))
    details = received.rest(
        *("TrainingJobName", "TrainingJobArn", "TrainingJobStatus", "SecondaryStatus", "LastModifiedTime"),
        *("FailureReason", "HyperParameters"),
    )
    return _to_event(
        type_="TrainingJobStateChanged",
        stream=f"run/{name}",
        named_at=("TrainingJobName",),
        occurred_at=at,
        event_id=event_id(f"sagemaker-job-{_RANKS.get(status, _RANK_OF_END)}", arn, status, secondary, at, details),
        data={
            "status": status,
            "secondary_status": secondary,
            "arn": arn,
            "failure_reason": received.text("FailureReason"),
            "image": _present(uri=received.text("AlgorithmSpecification", "TrainingImage")),
            "instance": _present(
                type=received.text("ResourceConfig", "InstanceType"),
                count=_count(received.find("ResourceConfig", "InstanceCount")),
            ),
            "hyperparameters": _object(received.find("HyperParameters")),
            "datasets": _inputs(received.find("InputDataConfig")),
            "artifact": _present(uri=received.text("ModelArtifacts", "S3ModelArtifacts")),
            "tuning_job_arn": received.text("TuningJobArn"),
            "details": details,
        },
    )


def model_package(received: AwsEvent) -> Event:
    """The event's stream is `model/<group>`. A package without a group is a model by itself; its only version has its name."""
    arn = received.arn("ModelPackageArn")
    version = arn.rpartition("/")[2]
    named_at = next((key for key in ("ModelPackageGroupName", "ModelPackageName") if received.text(key)), "ModelPackageArn")
    status, approval = received.required("ModelPackageStatus"), received.text("ModelApprovalStatus")
    is_new = status in ("Pending", "InProgress") and approval in _UNDECIDED
    at = received.changed_at(is_new=is_new)
    rank = _RANKS.get(status, _RANK_OF_END if approval in _UNDECIDED else _RANK_OF_DECISION)
    life_cycle = _present(
        stage=received.text("ModelLifeCycle", "Stage"),
        status=received.text("ModelLifeCycle", "StageStatus"),
        description=received.text("ModelLifeCycle", "StageDescription"),
    )
    details = received.rest(
        *("ModelPackageArn", "ModelPackageGroupName", "ModelPackageName", "ModelPackageVersion", "ModelPackageStatus"),
        *("ModelApprovalStatus", "ModelLifeCycle", "LastModifiedTime"),
    )
    return _to_event(
        type_="ModelPackageStateChanged",
        stream=f"model/{version if named_at == 'ModelPackageArn' else received.name(named_at)}",
        named_at=(named_at,),
        occurred_at=at,
        event_id=event_id(f"sagemaker-package-{rank}", arn, status, approval, at, life_cycle, details),
        data={
            "version": version,
            "status": status,
            "approval_status": approval,
            "arn": arn,
            "life_cycle": life_cycle,
            "details": details,
        },
    )


def pipeline_execution(received: AwsEvent) -> Event:
    """The event's stream is `run/<pipeline>-<execution id>`.

    SageMaker tells only two times of an execution: its start and its end. A state between them (it is being stopped, or it is
    retried) gets the later one of those that the event has, and comes behind the state that it followed.
    """
    arn = received.name("pipelineExecutionArn")  # …:pipeline/<name>/execution/<id>
    pipeline, _, execution = arn.partition(":pipeline/")[2].partition("/execution/")
    status, previous = received.required("currentPipelineExecutionStatus"), received.text("previousPipelineExecutionStatus")
    ended, retried = status not in _RANKS, previous is not None and previous not in _RANKS
    times = [received.time(key) for key in ("executionStartTime", "executionEndTime") if received.find(key) is not None]
    at = received.sent_at() if not times or (ended and received.find("executionEndTime") is None) else max(times)
    rank = _RANK_OF_END if ended else _RANK_OF_RETRY if retried else _RANKS[status]
    details = received.rest(
        *("pipelineExecutionArn", "currentPipelineExecutionStatus", "previousPipelineExecutionStatus", "failureReason"),
        "pipelineExecutionDisplayName",
    )
    return _to_event(
        type_="PipelineExecutionStateChanged",
        stream=f"run/{pipeline}-{execution}" if pipeline and execution else "run/",
        named_at=("pipelineExecutionArn",),
        occurred_at=at,
        event_id=event_id(f"sagemaker-pipeline-{rank}", arn, status, previous, at, details),
        data={
            "status": status,
            "previous_status": previous,
            "arn": arn,
            "failure_reason": received.text("failureReason"),
            "name": received.text("pipelineExecutionDisplayName"),
            "details": details,
        },
    )


_NAMES = ("arn", "tuning_job_arn", "version")
"""They say which one it is, whatever they look like."""


def _to_event(data: dict[str, Any], **identity: Any) -> Event:
    # imported here: its many patterns take longer than all else that the processor starts with
    from training_events.redaction.values import redacted  # noqa: PLC0415

    names = {name: data[name] for name in _NAMES if name in data}
    return aws_event.to_event(source=SOURCE, data={**redacted(data).value, **names}, **identity)


def _present(**fields: Any) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}


def _object(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _count(value: Any) -> int | None:
    """A whole number; some events of SageMaker have `1.0`. None for anything else."""
    whole = type(value) is int or (type(value) is float and value.is_integer())
    return int(value) if whole else None


def _inputs(channels: Any) -> list[str]:
    """The addresses in S3 of the job's input channels."""
    uris: list[str] = []
    for channel in channels if isinstance(channels, list) else ():
        value = channel
        for step in ("DataSource", "S3DataSource", "S3Uri"):
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, str):
            uris.append(value)
    return uris
