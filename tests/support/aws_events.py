"""AWS's own events: the samples in AWS's documentation, and generated lives of jobs, packages and pipelines.

A life is the states of one subject. AWS delivers each state at least once, in any order, each time in another envelope, and
its times in any of several forms.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.support.paths import EVENTS

ACCOUNT = "123456789012"
START = datetime(2026, 11, 22, 15, 8, 39, tzinfo=UTC)

JOB = "SageMaker Training Job State Change"
PACKAGE = "SageMaker Model Package State Change"
PIPELINE = "SageMaker Model Building Pipeline Execution Status Change"


def sample(name: str, **detail: Any) -> dict[str, Any]:
    """A sample of AWS's documentation, with parts of its detail replaced."""
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return {**event, "detail": {**event["detail"], **detail}}


def in_form(moment: datetime, form: str) -> str | int | float:
    """A time of whole milliseconds, in one of the forms that AWS's events have."""
    milliseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    iso = moment.strftime("%Y-%m-%dT%H:%M:%S")
    written: dict[str, str | int | float] = {
        "ISO": f"{iso}.{milliseconds % 1000:03d}Z",
        "ISO with nanoseconds": f"{iso}.{milliseconds % 1000:03d}000000Z",
        "text of milliseconds": str(milliseconds),
        "float": float(milliseconds),
        "integer": milliseconds,
    }
    return written[form]


forms = st.sampled_from(["ISO", "ISO with nanoseconds", "text of milliseconds", "float", "integer"])
moments = st.integers(0, 9_999).map(lambda milliseconds: START + timedelta(milliseconds=milliseconds))


@st.composite
def job_lives(draw: st.DrawFn) -> list[dict[str, Any]]:
    """The details of the states of one training job, in their order. Their times are still datetimes."""
    never_changes = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "HyperParameters": st.dictionaries(st.sampled_from("ab"), st.sampled_from(["1", "0.5"])),
                "AlgorithmSpecification": st.just({"TrainingImage": "image:1", "TrainingInputMode": "File"}),
                "ResourceConfig": st.just({"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 20}),
                "InputDataConfig": st.just([{"DataSource": {"S3DataSource": {"S3Uri": "s3://b/d"}}}, {"ChannelName": "x"}]),
                "CreationTime": st.just(START),
            },
        )
    )
    on_the_way = [("InProgress", word) for word in ("Starting", "Downloading", "Training", "Uploading")]
    kept = draw(st.lists(st.booleans(), min_size=4, max_size=4))
    states = [state for state, keep in zip(on_the_way, kept, strict=True) if keep]
    ends = [("Completed", "Completed"), ("Failed", "Failed"), ("Stopped", "MaxRuntimeExceeded")]
    end = draw(st.sampled_from([None, *ends]))
    if end is not None:
        states += [("Stopping", "Stopping")] * draw(st.integers(0, 1)) + [end]
    times = sorted(draw(st.lists(moments, min_size=len(states), max_size=len(states))))
    return [
        {
            "TrainingJobName": "digits-7",
            "TrainingJobArn": f"arn:aws:sagemaker:eu-central-1:{ACCOUNT}:training-job/digits-7",
            "TrainingJobStatus": status,
            "SecondaryStatus": secondary,
            "LastModifiedTime": at,
            **({"FailureReason": "AlgorithmError: exit code 137"} if status == "Failed" else {}),
            **never_changes,
        }
        for (status, secondary), at in zip(states, times, strict=True)
    ]


@st.composite
def package_lives(draw: st.DrawFn) -> list[dict[str, Any]]:
    """The same for a version in the model registry."""
    in_a_group = draw(st.booleans())
    names = {"ModelPackageGroupName": "digits", "ModelPackageVersion": 3} if in_a_group else {"ModelPackageName": "digits"}
    name = "digits/3" if in_a_group else "digits"
    states = [("Pending", None), ("InProgress", None), ("Completed", "PendingManualApproval"), ("Completed", "Approved")]
    times = sorted(draw(st.lists(moments, min_size=len(states), max_size=len(states), unique=True)))
    return [
        {
            **names,
            "ModelPackageArn": f"arn:aws:sagemaker:eu-central-1:{ACCOUNT}:model-package/{name}",
            "ModelPackageStatus": status,
            "ModelApprovalStatus": approval,
            "CreationTime": START,
            **({"LastModifiedTime": at} if status != "Pending" else {}),
        }
        for (status, approval), at in zip(states, times, strict=True)
    ]


@st.composite
def pipeline_lives(draw: st.DrawFn) -> list[dict[str, Any]]:
    """The same for an execution of a pipeline, which may be stopped, or be retried after a failure."""
    states: list[tuple[str | None, str]] = [(None, "Executing")]
    if draw(st.booleans()):
        states += [("Executing", "Failed"), ("Failed", "Executing")]
    states += draw(st.sampled_from([[], [("Executing", "Succeeded")], [("Executing", "Stopping"), ("Stopping", "Stopped")]]))
    ends = iter(sorted(draw(st.lists(moments, min_size=2, max_size=2, unique=True))))
    arn = f"arn:aws:sagemaker:eu-central-1:{ACCOUNT}:pipeline/digits"
    life: list[dict[str, Any]] = []
    ended: dict[str, datetime] = {}
    for previous, status in states:
        if status in ("Failed", "Succeeded", "Stopped"):
            ended = {"executionEndTime": next(ends)}
        life.append(
            {
                "pipelineArn": arn,
                "pipelineExecutionArn": f"{arn}/execution/p4jn9xou8a8s",
                "pipelineExecutionDisplayName": "nightly",
                "previousPipelineExecutionStatus": previous,
                "currentPipelineExecutionStatus": status,
                "executionStartTime": START,
                **ended,
            }
        )
    return life


LIVES = {JOB: job_lives(), PACKAGE: package_lives(), PIPELINE: pipeline_lives()}


@st.composite
def deliveries_of(draw: st.DrawFn, kind: str, life: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Envelopes with the states of this life: every state at least once, in any order, no envelope like another."""
    again = draw(st.lists(st.sampled_from(life), max_size=6)) if life else []
    deliveries = draw(st.permutations([*life, *again]))
    return [
        envelope(kind, draw(_in_any_form(detail)), number, stray=draw(st.booleans()))
        for number, detail in enumerate(deliveries)
    ]


@st.composite
def _in_any_form(draw: st.DrawFn, detail: dict[str, Any]) -> dict[str, Any]:
    form = draw(forms)
    return {key: in_form(value, form) if isinstance(value, datetime) else value for key, value in detail.items()}


def envelope(kind: str, detail: dict[str, Any], number: int = 0, *, stray: bool = False) -> dict[str, Any]:
    """The detail in an envelope with an id and a time of its own; its source may be an array of one."""
    return {
        "version": "0",
        "id": f"00000000-0000-0000-0000-{number:012d}",
        "detail-type": kind,
        "source": ["aws.sagemaker"] if stray else "aws.sagemaker",
        "account": ACCOUNT,
        "time": f"2026-11-22T15:{number:02d}:59Z",
        "region": "eu-central-1",
        "resources": [],
        "detail": detail,
    }


def in_order(kind: str, life: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One envelope a state, in their order, times as ISO."""
    return [
        envelope(kind, {key: in_form(value, "ISO") if isinstance(value, datetime) else value for key, value in detail.items()})
        for detail in life
    ]
