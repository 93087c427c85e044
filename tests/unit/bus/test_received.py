"""AWS's own events, translated from the samples in AWS's documentation.

tests/properties/test_translation.py tests that duplicates and disorder do no harm.
"""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events import catalogue, folds
from training_events.bus.envelope import decode
from training_events.bus.received import event_of
from training_events.errors import NotRecordable
from training_events.event import Event
from training_events.stores.event_log import Appended

from tests.support.aws_events import in_form, sample
from tests.support.fakes import InMemoryLog
from tests.support.histories import states_of

JOB, PACKAGE, PIPELINE, OBJECT = "aws_training_job", "aws_model_package", "aws_pipeline_execution", "aws_object_created"


def test_a_training_job():
    event = event_of(sample(JOB, ModelArtifacts={"S3ModelArtifacts": "s3://bucket/output/model.tar.gz"}))
    assert event.stream == "run/89c96cc8-dded-4739-afcc-6f1dc936701d", "the job's name, as the recorder in the job has it"
    assert (event.type, event.source, event.resources) == ("TrainingJobStateChanged", "aws.sagemaker", ())
    assert event.occurred_at == "2020-03-10T09:18:09.050000Z"
    assert event.event_id.startswith("sagemaker-job-")
    assert event.data == {
        "status": "Completed",
        "secondary_status": "Completed",
        "arn": "arn:aws:sagemaker:us-east-1:123456789012:training-job/kmeans-1",
        "image": {"uri": "TrainingImage"},
        "instance": {"type": "InstanceType", "count": 3},
        "hyperparameters": {"Hyper": "Parameters"},
        "datasets": ["S3Uri"],
        "artifact": {"uri": "s3://bucket/output/model.tar.gz"},
        "details": event.data["details"],
    }
    assert event.data["details"]["RoleArn"] == "arn:aws:iam::123456789012:role/SMRole"
    assert event.data["details"]["StoppingCondition"] == {"MaxRuntimeInSeconds": 60}
    assert event.data["details"]["TrainingEndTime"] == "2020-03-10T09:18:09.050000Z"


def test_a_training_job_whose_arn_is_only_among_the_resources():
    event = event_of(sample("sagemaker_training_job_state_change"))
    assert (event.stream, event.occurred_at) == ("run/digits-7", "2026-11-22T15:10:19.955000Z")
    assert event.data["arn"] == "arn:aws:sagemaker:eu-central-1:123456789012:training-job/digits-7"


def test_a_training_job_that_failed():
    event = event_of(sample(JOB, TrainingJobStatus="Failed", SecondaryStatus="Failed", FailureReason="ClientError: no data"))
    assert (event.data["status"], event.data["failure_reason"]) == ("Failed", "ClientError: no data")


def test_what_looks_like_a_credential_in_an_event_of_sagemaker_is_not_recorded():
    secret = "hf_" + "aB3dE5gH7jK9mN1pQ3sT5vW7xY9zAbCdEf"
    words = {
        "HyperParameters": {"hub_token": f'"{secret}"', "epochs": "3", "sagemaker_env": f'{{"HF_TOKEN":"{secret}"}}'},
        "FailureReason": f"AlgorithmError: GET https://u:pw9@h/x failed with token={secret}",
        "InputDataConfig": [{"DataSource": {"S3DataSource": {"S3Uri": "s3://b/k"}}, "Note": f"--token {secret}"}],
    }
    event = event_of(sample(JOB, **words))
    assert secret not in event.canonical.decode()
    assert "pw9" not in event.canonical.decode()
    assert event.data["hyperparameters"] == {"hub_token": "***", "epochs": "3", "sagemaker_env": '{"HF_TOKEN":"***"}'}
    assert event.data["datasets"] == ["s3://b/k"]
    assert event.data["arn"] == event_of(sample(JOB)).data["arn"]
    again = event_of(sample(JOB, **words))
    assert (again.position, again.digest) == (event.position, event.digest)
    package = event_of(sample(PACKAGE, ModelPackageDescription=f"made with {secret}"))
    assert secret not in package.canonical.decode()
    pipeline = event_of(sample(PIPELINE, failureReason=f"token {secret} is not valid"))
    assert secret not in pipeline.canonical.decode()


def test_a_name_that_looks_like_a_credential_stays_a_name():
    arn = "arn:aws:sagemaker:eu-central-1:123456789012:training-job/sk-2026-11-22-15-08-39-955-digits"
    event = event_of(sample(JOB, TrainingJobName=arn.rpartition("/")[2], TrainingJobArn=arn))
    assert (event.stream, event.data["arn"]) == (f"run/{arn.rpartition('/')[2]}", arn)


def test_an_event_that_another_program_puts_on_the_bus_is_not_changed():
    """Its digest is its producer's."""
    detail = {"event_id": "e", "stream": "run/a", "occurred_at": "2026-11-22T15:08:39.000000Z", "data": {"api_key": "hunter2"}}
    received = {"source": "my.sagemaker.training.jobs", "detail-type": "Happened", "detail": detail}
    assert event_of(received).data == {"api_key": "hunter2"}


def test_a_model_package():
    received = sample(PACKAGE)
    assert received["source"] == ["aws.sagemaker"], "AWS's sample has the source as an array"
    event = event_of(received)
    assert (event.stream, event.type) == ("model/versionedmp-p-idy6c3e1fiqj", "ModelPackageStateChanged")
    assert (event.source, event.occurred_at) == ("aws.sagemaker", "2021-02-24T17:00:14.000000Z")
    assert event.data == {
        "version": "2",
        "status": "Completed",
        "approval_status": "Rejected",
        "arn": "arn:aws:sagemaker:us-east-2:123456789012:model-package/versionedmp-p-idy6c3e1fiqj/2",
        "details": event.data["details"],
    }
    assert event.data["details"]["MetadataProperties"] == received["detail"]["MetadataProperties"]


def test_a_model_package_without_a_group():
    arn = "arn:aws:sagemaker:us-east-2:123456789012:model-package/digits"
    names = {"ModelPackageGroupName": None, "ModelPackageVersion": None, "ModelPackageArn": arn}
    named, unnamed = event_of(sample(PACKAGE, ModelPackageName="Digits", **names)), event_of(sample(PACKAGE, **names))
    assert (named.stream, named.data["version"]) == ("model/Digits", "digits")
    assert unnamed.stream == "model/digits"


def decided(approval, minute, status="Completed", **detail):
    """A model package's event without a LastModifiedTime, as SageMaker sends some."""
    received = sample(PACKAGE, LastModifiedTime=None, ModelPackageStatus=status, ModelApprovalStatus=approval, **detail)
    return {**received, "time": f"2026-11-22T15:{minute:02d}:00Z"}


def version_after(events: list[Event]) -> Any:
    """The package's version in the model's state."""
    [(stream, state)] = states_of(events).items()
    model: Any = folds.decode(stream, state)
    return model.versions["2"]


@given(st.permutations(range(4)))
def test_packages_without_a_time_of_modification_are_in_the_order_of_their_envelopes(order):
    approvals = ["PendingManualApproval", "Approved", "Rejected", "Approved"]
    events = [event_of(decided(approval, minute)) for minute, approval in enumerate(approvals)]
    log = InMemoryLog()
    for index in order:
        assert log.append(events[index]) is Appended.RECORDED, "a second approval is no repeat of the first"
        assert log.append(events[index]) is Appended.REPEATED
    assert version_after(log.events()).approval_status == "Approved"
    assert version_after([event for event in log.events() if "15:03" not in event.occurred_at]).approval_status == "Rejected"


def test_a_package_that_is_new_has_its_state_since_it_was_created():
    """Whatever envelope it comes in."""
    one, other = (event_of(decided("PendingManualApproval", minute, status="Pending")) for minute in (1, 2))
    assert one.digest == other.digest
    assert one.occurred_at == "2021-02-24T17:00:14.000000Z"


def test_in_one_second_a_decision_comes_behind_what_it_decides():
    waiting, decision = (event_of(decided(approval, 1)) for approval in ("PendingManualApproval", "Rejected"))
    assert waiting.position < decision.position


def test_a_job_without_a_time_of_modification_has_the_envelopes_time():
    received = {**sample(JOB, LastModifiedTime=None), "time": "2026-11-22T15:08:39Z"}
    assert event_of(received).occurred_at == "2026-11-22T15:08:39.000000Z"
    new = sample(JOB, LastModifiedTime=None, TrainingJobStatus="InProgress", SecondaryStatus="Starting")
    assert event_of(new).occurred_at == "2020-03-10T09:18:09.050000Z", "a new job has its state since it was created"


def starting(**detail):
    received = sample(JOB, LastModifiedTime=None, CreationTime=None, TrainingJobStatus="InProgress", **detail)
    return {**received, "time": "2026-11-22T15:08:39Z"}


@pytest.mark.parametrize("secondary", [None, "Pending", "Starting", "Downloading"])
@pytest.mark.parametrize("received", [starting, lambda **_: decided(None, 8, status="Pending", CreationTime=None)])
def test_what_is_new_and_without_any_time_of_its_own_has_the_envelopes_time(secondary, received):
    assert event_of(received(SecondaryStatus=secondary)).occurred_at[:16] == "2026-11-22T15:08"


def test_what_else_sagemaker_says_is_kept():
    life_cycle = {"Stage": "Staging", "StageStatus": "Approved", "StageDescription": "by the team"}
    package = event_of(sample(PACKAGE, ModelLifeCycle=life_cycle, ApprovalDescription="good"))
    assert package.data["life_cycle"] == {"stage": "Staging", "status": "Approved", "description": "by the team"}
    assert package.data["details"]["ApprovalDescription"] == "good"
    assert version_after([package]).life_cycle.stage == "Staging"
    tuning = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/t"
    job = event_of(sample(JOB, TuningJobArn=tuning, BillableTimeInSeconds=7, Environment={"TOKEN": "secret", "A": "b"}))
    assert job.data["tuning_job_arn"] == tuning
    assert job.data["details"]["BillableTimeInSeconds"] == 7
    assert job.data["details"]["Environment"] == ["A", "TOKEN"], "the names: the log cannot forget a secret"
    for event in (package, job):
        catalogue.read(event.stream, event.type, event.schema_version, event.canonical_data.decode())


def test_an_execution_of_a_pipeline():
    event = event_of(sample(PIPELINE))
    assert (event.stream, event.type) == ("run/myPipeline-123-p4jn9xou8a8s", "PipelineExecutionStateChanged")
    assert event.occurred_at == "2021-03-15T16:10:10.000000Z", "its end"
    assert event.data == {
        "status": "Succeeded",
        "previous_status": "Executing",
        "arn": "arn:aws:sagemaker:us-east-1:123456789012:pipeline/myPipeline-123/execution/p4jn9xou8a8s",
        "name": "SomeDisplayName",
        "details": {
            "pipelineArn": "arn:aws:sagemaker:us-east-1:123456789012:pipeline/myPipeline-123",
            "pipelineExecutionDescription": "SomeDescription",
            "executionStartTime": "2021-03-15T16:03:13.000000Z",
            "executionEndTime": "2021-03-15T16:10:10.000000Z",
        },
    }
    begun = event_of(sample(PIPELINE, currentPipelineExecutionStatus="Executing", executionEndTime=None))
    assert begun.occurred_at == "2021-03-15T16:03:13.000000Z", "its start"
    ended = event_of(sample(PIPELINE, executionEndTime=None))
    assert ended.occurred_at == "2021-03-15T16:10:11.000000Z", "the time of sending, because the event has no end"


def test_a_new_object_of_a_dataset():
    key = "datasets/digits/träin+ing set%20.npz"
    event = event_of(sample(OBJECT, object={**sample(OBJECT)["detail"]["object"], "key": key}))
    assert (event.stream, event.type, event.source) == ("dataset/digits", "DatasetRegistered", "aws.s3")
    assert event.occurred_at == "2021-11-12T00:00:00.000000Z"
    assert event.data == {
        "uri": f"s3://amzn-s3-demo-bucket1/{key}",  # not decoded: S3 does not encode keys for EventBridge
        "version_id": "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",
        "bytes": 5,
    }


def test_another_version_of_an_object_is_another_event():
    [one, other] = (event_of(an_object(key="datasets/digits/x", **{"version-id": version})) for version in ("a", "b"))
    assert one.position != other.position


@pytest.mark.parametrize("name", [JOB, PACKAGE, PIPELINE])
def test_a_detail_may_be_json_text(name):
    received = sample(name)
    assert event_of({**received, "detail": json.dumps(received["detail"])}).digest == event_of(received).digest


@pytest.mark.parametrize("form", ["ISO", "ISO with nanoseconds", "text of milliseconds", "float", "integer"])
def test_all_forms_of_a_time_give_the_same_event(form):
    moment = in_form(datetime(2020, 3, 10, 9, 18, 9, 50_000, tzinfo=UTC), form)
    assert event_of(sample(JOB, LastModifiedTime=moment)).digest == event_of(sample(JOB)).digest


@pytest.mark.parametrize(
    ("name", "other"),
    [
        (JOB, {"LastModifiedTime": "1583831889051"}),
        (JOB, {"SecondaryStatus": "Uploading"}),
        (JOB, {"TrainingJobStatus": "InProgress"}),
        (JOB, {"TrainingJobStatus": "Failed"}),
        (JOB, {"TrainingJobArn": "arn:aws:sagemaker:us-west-2:123456789012:training-job/kmeans-1"}),
        (PACKAGE, {"ModelApprovalStatus": "Approved"}),
        (PACKAGE, {"ModelPackageStatus": "Failed"}),
        (PACKAGE, {"ModelLifeCycle": {"Stage": "Staging"}}),
        (PACKAGE, {"ApprovalDescription": "good"}),
        (JOB, {"TuningJobArn": "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/t"}),
        (PACKAGE, {"ModelPackageArn": "arn:aws:sagemaker:us-east-2:123456789012:model-package/versionedmp-p-idy6c3e1fiqj/3"}),
        (PIPELINE, {"currentPipelineExecutionStatus": "Failed"}),
        (PIPELINE, {"previousPipelineExecutionStatus": "Stopping"}),
    ],
)
def test_two_states_that_differ_in_one_of_these_are_two_events(name, other):
    assert event_of(sample(name)).position != event_of(sample(name, **other)).position


@pytest.mark.parametrize("name", ["recorder", "plain", "plain_model", "unknown_type", "future_schema_version"])
def test_an_event_that_is_not_translated_is_decoded_as_it_is(name):
    received = sample(name)
    assert event_of(received) == decode(received)
    foreign = {**received, "source": "aws.sagemaker"}
    assert event_of(foreign) == decode(foreign), "of AWS's source, but no kind that is known"


def an_object(**changed):
    return sample(OBJECT, object={**sample(OBJECT)["detail"]["object"], **changed})


@pytest.mark.parametrize(
    ("received", "reason", "place"),
    [
        (None, "not_an_object", "$: "),
        ({**sample(JOB), "detail": []}, "not_an_object", "$.detail: "),
        ({**sample(JOB), "detail": '{"a": 1, "a": 2}'}, "duplicate_key", "$.detail.a: "),
        (sample(JOB, HyperParameters={"a": float("nan")}), "not_finite_number", "$.detail.HyperParameters.a: "),
        (sample(JOB, TrainingJobName=None), "no_stream", "$.detail.TrainingJobName: "),
        (sample(JOB, TrainingJobName=" a"), "bad_field", "$.detail.TrainingJobName: "),
        (sample(JOB, TrainingJobName=7), "no_stream", "$.detail.TrainingJobName: "),
        (sample(JOB, TrainingJobStatus=None), "bad_field", "$.detail.TrainingJobStatus: "),
        (sample(JOB, TrainingJobStatus=[]), "bad_field", "$.detail.TrainingJobStatus: "),
        ({**sample(JOB, LastModifiedTime=None, CreationTime=None), "time": None}, "bad_field", "$.detail.LastModifiedTime: "),
        (sample(JOB, LastModifiedTime="soon"), "bad_time", "$.detail.LastModifiedTime: "),
        ({**sample(JOB, TrainingJobArn=None), "resources": []}, "bad_field", "$.detail.TrainingJobArn: "),
        ({**sample(PACKAGE, ModelPackageArn=None), "resources": None}, "bad_field", "$.detail.ModelPackageArn: "),
        (sample(PACKAGE, ModelPackageGroupName="a\n"), "bad_field", "$.detail.ModelPackageGroupName: "),
        (sample(PACKAGE, ModelPackageStatus=None), "bad_field", "$.detail.ModelPackageStatus: "),
        (sample(PIPELINE, pipelineExecutionArn=None), "no_stream", "$.detail.pipelineExecutionArn: "),
        (sample(PIPELINE, pipelineExecutionArn="arn:a"), "bad_field", "$.detail.pipelineExecutionArn: "),
        (sample(PIPELINE, executionEndTime="soon"), "bad_time", "$.detail.executionEndTime: "),
        ({**sample(PIPELINE, executionEndTime=None), "time": None}, "bad_time", "$.time: "),
        (sample(OBJECT), "no_stream", "$.detail.object.key: "),
        (an_object(key="checkpoints/digits/x"), "no_stream", "$.detail.object.key: "),
        (an_object(key="datasets/digits.npz"), "no_stream", "$.detail.object.key: "),
        (an_object(key="datasets/digits/"), "no_stream", "$.detail.object.key: "),
        (an_object(key="datasets//x"), "no_stream", "$.detail.object.key: "),
        (an_object(key="datasets/ digits/x"), "bad_field", "$.detail.object.key: "),
        (an_object(key=None), "no_stream", "$.detail.object.key: "),
        (sample(OBJECT, bucket={}), "bad_field", "$.detail.bucket.name: "),
        ({**an_object(key="datasets/d/x"), "time": "soon"}, "bad_time", "$.time: "),
        ({**sample(JOB), "detail-type": "SageMaker Endpoint State Change"}, "no_stream", "$.detail: "),
        ({**sample(JOB), "source": ["aws.sagemaker", "aws.s3"]}, "bad_field", "$.source: "),
    ],
)  # fmt: skip
def test_an_event_that_cannot_be_understood_says_why_and_where(received, reason, place):
    with pytest.raises(NotRecordable) as raised:
        event_of(received)
    assert raised.value.reason == reason
    assert str(raised.value).startswith(place)
