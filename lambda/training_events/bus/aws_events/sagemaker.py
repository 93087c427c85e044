"""SageMaker's events: the state of a training job, of a version in the model registry, and of a pipeline's execution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.bus.aws_events.aws_event import event_id, to_event

if TYPE_CHECKING:
    from training_events.bus.aws_events.aws_event import AwsEvent
    from training_events.event import Event

SOURCE = "aws.sagemaker"

_PLACES = {"Pending": 0, "InProgress": 1, "Executing": 1, "Stopping": 2}
_LAST, _AGAIN = 3, 4
"""States of one subject may share a moment. Its number in the event's id then puts each behind those it came from: what has
ended comes last, and only a pipeline goes on from there, when its execution is retried."""


def training_job(received: AwsEvent) -> Event:
    """`run/<name of the job>`: the same stream as that of the recorder in the job."""
    name, arn = received.name("TrainingJobName"), received.arn("TrainingJobArn")
    status, secondary = received.needed("TrainingJobStatus"), received.text("SecondaryStatus")
    at = received.time("LastModifiedTime", "CreationTime")
    return to_event(
        source=SOURCE,
        type_="TrainingJobStateChanged",
        stream=f"run/{name}",
        named_at=("TrainingJobName",),
        occurred_at=at,
        event_id=event_id(f"sagemaker-job-{_PLACES.get(status, _LAST)}", arn, status, secondary, at),
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
        },
    )


def model_package(received: AwsEvent) -> Event:
    """`model/<group>`; a package outside of every group is a model by itself, whose only version bears its name."""
    arn = received.arn("ModelPackageArn")
    version = arn.rpartition("/")[2]
    named_at = next((key for key in ("ModelPackageGroupName", "ModelPackageName") if received.text(key)), "ModelPackageArn")
    status, approval = received.needed("ModelPackageStatus"), received.text("ModelApprovalStatus")
    at = received.time("LastModifiedTime", "CreationTime")  # there is no modification yet when it has just been made
    return to_event(
        source=SOURCE,
        type_="ModelPackageStateChanged",
        stream=f"model/{version if named_at == 'ModelPackageArn' else received.name(named_at)}",
        named_at=(named_at,),
        occurred_at=at,
        event_id=event_id(f"sagemaker-package-{_PLACES.get(status, _LAST)}", arn, status, approval, at),
        data={"version": version, "status": status, "approval_status": approval, "arn": arn},
    )


def pipeline_execution(received: AwsEvent) -> Event:
    """`run/<pipeline>-<execution id>`.

    Of the times of an execution SageMaker says its start and its end alone. What happens between them, that it is being
    stopped or retried, stands at the last of the two that the event says, behind the state it followed.
    """
    arn = received.name("pipelineExecutionArn")  # …:pipeline/<name>/execution/<id>
    pipeline, _, execution = arn.partition(":pipeline/")[2].partition("/execution/")
    status, previous = received.needed("currentPipelineExecutionStatus"), received.text("previousPipelineExecutionStatus")
    ended, retried = status not in _PLACES, previous is not None and previous not in _PLACES
    times = [received.time(key) for key in ("executionStartTime", "executionEndTime") if received.find(key) is not None]
    at = received.sent_at() if not times or (ended and received.find("executionEndTime") is None) else max(times)
    place = _LAST if ended else _AGAIN if retried else _PLACES[status]
    return to_event(
        source=SOURCE,
        type_="PipelineExecutionStateChanged",
        stream=f"run/{pipeline}-{execution}" if pipeline and execution else "run/",
        named_at=("pipelineExecutionArn",),
        occurred_at=at,
        event_id=event_id(f"sagemaker-pipeline-{place}", arn, status, previous, at),
        data={
            "status": status,
            "previous_status": previous,
            "arn": arn,
            "failure_reason": received.text("failureReason"),
            "name": received.text("pipelineExecutionDisplayName"),
        },
    )


def _present(**fields: Any) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}


def _object(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _count(value: Any) -> int | None:
    """A whole number, which SageMaker writes as `1.0` in some events."""
    whole = type(value) is int or (type(value) is float and value.is_integer())
    return int(value) if whole else None


def _inputs(channels: Any) -> list[str]:
    """Where the job's input channels are in S3."""
    found: list[str] = []
    for channel in channels if isinstance(channels, list) else ():
        value = channel
        for step in ("DataSource", "S3DataSource", "S3Uri"):
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, str):
            found.append(value)
    return found
