"""`reproduce` of a SageMaker training job: its request, the commands that send it, and one that is asked for on the bus."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from training_events import aws
from training_events.bus.received import event_of
from training_events.stores.opening import open_event_log

from tests.support.command_line import empty_store, let_commands_use, make_event, parse_document, record_events, run_cli

BUCKET = "team-data"
IMAGE = f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/train@sha256:{'a' * 64}"
ARN = "arn:aws:sagemaker:eu-central-1:123456789012:training-job"
DETAILS = {
    "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
    "RoleArn": "arn:aws:iam::123456789012:role/training",
    "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
    "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    "InputDataConfig": [
        {
            "ChannelName": "train",
            "DataSource": {
                "S3DataSource": {
                    "S3DataType": "S3Prefix",
                    "S3Uri": f"s3://{BUCKET}/datasets/",
                    "S3DataDistributionType": "FullyReplicated",
                }
            },
        }
    ],
}


def job(run: str, status: str, second: int) -> Any:
    return make_event(
        f"run/{run}",
        "TrainingJobStateChanged",
        second,
        status=status,
        arn=f"{ARN}/{run}",
        image={"uri": IMAGE},
        instance={"type": "ml.m5.xlarge", "count": 1},
        hyperparameters={"epochs": "8"},
        details=DETAILS,
    )


def metric(run: str, value: float) -> Any:
    return make_event(f"run/{run}", "MetricsRecorded", 2, points=[{"name": "loss", "value": value, "step": 1}])


@pytest.fixture
def version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """The version of the data that the job `a` has read. There is a newer one by now."""
    monkeypatch.chdir(tmp_path)
    with empty_store("dynamodb", tmp_path) as url:
        s3 = aws.client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        put = s3.put_object(Bucket=BUCKET, Key="datasets/x y.npz", Body=b"old", ChecksumAlgorithm="SHA256")
        s3.put_object(Bucket=BUCKET, Key="datasets/x y.npz", Body=b"new", ChecksumAlgorithm="SHA256")
        data = {
            "uri": f"s3://{BUCKET}/datasets/x y.npz",
            "version_id": put["VersionId"],
            "sha256": "cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4",
            "bytes": 3,
        }
        started = make_event(
            "run/a", "TrainingStarted", 1, datasets=[data], seeds=7, hyperparameters={"epochs": 8}, python="3.12.1"
        )
        monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
        monkeypatch.setenv("TRAINING_EVENTS_BUCKET", BUCKET)
        record_events(url, [job("a", "InProgress", 0), started, metric("a", 0.5), job("a", "Completed", 9)])
        yield put["VersionId"]


def test_the_request_repeats_the_job_with_the_version_that_it_has_read(capsys: pytest.CaptureFixture[str], version: str):
    code, out, err = run_cli(capsys, "reproduce", "a", "--json")
    assert (code, err) == (0, "")
    document = parse_document("reproduce", out)
    request = document["request"]
    assert request["AlgorithmSpecification"]["TrainingImage"] == IMAGE
    assert request["TrainingJobName"].startswith("a-again-")
    copy, manifest, create, judge = document["commands"]
    assert f"{BUCKET}/datasets/x%20y.npz?versionId={version}" in shlex.split(copy)
    assert manifest.startswith("printf %s '[{")
    assert json.loads(shlex.split(create)[-1]) == request
    assert judge == f"training-events reproduce run/a --judge run/{request['TrainingJobName']}"
    [channel] = request["InputDataConfig"]
    assert shlex.split(manifest)[-1] == channel["DataSource"]["S3DataSource"]["S3Uri"]


@pytest.fixture
def starter(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """In place of the bus and of what listens there: what is published is in the log, and a job that is asked for runs."""
    asked: list[Any] = []

    def run(params: Any, **_: Any) -> None:
        log = open_event_log("dynamodb://event-log?read_models=read-models")
        for entry in params["Entries"]:
            envelope = {
                "id": "i",
                "time": "2026-11-22T15:00:00Z",
                "source": entry["Source"],
                "detail-type": entry["DetailType"],
            }
            event = event_of({**envelope, "detail": json.loads(entry["Detail"])})
            log.append(event)
            if event.type == "TrainingRequested":
                asked.append(event)
                name = event.stream.removeprefix("run/")
                for more in outcome(name):
                    log.append(more)

    def outcome(name: str) -> list[Any]:
        if refusals:
            return [make_event(f"run/{name}", "TrainingRefused", 1, reason="over_budget", explanation=refusals[0])]
        return [job(name, "InProgress", 1), metric(name, 0.5), job(name, "Completed", 9)]

    refusals: list[str] = []
    asked.append(refusals)
    events = aws.client("events")
    events.create_event_bus(Name="training")
    events.meta.events.register("provide-client-params.eventbridge.PutEvents", run)
    let_commands_use(monkeypatch, events)
    monkeypatch.setenv("TRAINING_EVENTS_BUS", "training")
    return asked


def test_a_job_is_asked_for_on_the_bus_and_judged(capsys: pytest.CaptureFixture[str], version: str, starter: list[Any]):
    code, out, _ = run_cli(capsys, "reproduce", "a", "--launch", "--json")
    document = parse_document("reproduce", out)
    assert (code, document["reproduction"]["status"]) == (0, "verified")
    _, asked = starter
    assert asked.data["reproduces"] == "run/a"
    [channel] = asked.data["request"]["InputDataConfig"]
    manifest = channel["DataSource"]["S3DataSource"]["S3Uri"].removeprefix(f"s3://{BUCKET}/")
    s3 = aws.client("s3")
    prefix, name = json.loads(s3.get_object(Bucket=BUCKET, Key=manifest)["Body"].read())
    copied = s3.get_object(Bucket=BUCKET, Key=prefix["prefix"].removeprefix(f"s3://{BUCKET}/") + name)
    assert copied["Body"].read() == b"old"


def test_a_job_that_is_refused_is_one_line(capsys: pytest.CaptureFixture[str], version: str, starter: list[Any]):
    starter[0].append("8 instances run, and 8 may")
    code, _, err = run_cli(capsys, "reproduce", "a", "--launch")
    assert code == 1
    assert err.endswith("was refused: 8 instances run, and 8 may\n")


def test_without_a_bus_nothing_is_asked_for(capsys: pytest.CaptureFixture[str], version: str):
    code, _, err = run_cli(capsys, "reproduce", "a", "--launch")
    assert code == 2
    assert "set TRAINING_EVENTS_BUS" in err


def test_without_a_bucket_there_is_no_request(
    capsys: pytest.CaptureFixture[str], version: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("TRAINING_EVENTS_BUCKET")
    code, out, err = run_cli(capsys, "reproduce", "a")
    assert (code, out) == (2, "")
    assert "TRAINING_EVENTS_BUCKET is not set" in err
