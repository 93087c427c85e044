"""Back-filling from SageMaker, with its training jobs in moto."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from moto.sagemaker.models import sagemaker_backends
from training_events import aws, folds
from training_events.bus.received import event_of
from training_events.event import DEFAULT_SOURCE
from training_events.stores.opening import open_event_log
from training_events.times import to_utc_text

from tests.support.aws_events import ACCOUNT, envelope, in_form
from tests.support.command_line import empty_store, make_event, parse_document, run_cli
from tests.support.fakes import refuse
from tests.support.histories import states_of

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
KIND = "SageMaker Training Job State Change"


@pytest.fixture(params=["sqlite", "dynamodb"])
def url(request, tmp_path, monkeypatch):
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    with empty_store(request.param, tmp_path) as address:
        monkeypatch.setenv("TRAINING_EVENTS_LOG", address)
        open_event_log(address).append(make_event("run/other", "TrainingStarted"))  # a file is a log with its first event
        yield address


def job(name, modified=None, **changed):
    """A job in SageMaker, in the state that is asked for."""
    aws.client("sagemaker").create_training_job(
        TrainingJobName=name,
        HyperParameters={"C": "1.0"},
        AlgorithmSpecification={"TrainingImage": "image:1", "TrainingInputMode": "File"},
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/training",
        InputDataConfig=[
            {"ChannelName": "train", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/d"}}}
        ],
        OutputDataConfig={"S3OutputPath": "s3://b/output"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
    )
    made = sagemaker_backends[ACCOUNT]["eu-central-1"].training_jobs[name]
    if modified is not None:
        changed["last_modified_time"] = modified.replace(tzinfo=None)  # moto has UTC without saying so
    for attribute, value in changed.items():
        setattr(made, attribute, value)


def told_by_sagemaker(name):
    """The event that SageMaker sends of the job as it is now."""
    described = aws.client("sagemaker").describe_training_job(TrainingJobName=name)
    modified = described["LastModifiedTime"].astimezone(UTC)
    keys = ("TrainingJobName", "TrainingJobArn", "TrainingJobStatus", "SecondaryStatus", "HyperParameters", "FailureReason",
            "AlgorithmSpecification", "InputDataConfig", "ResourceConfig", "ModelArtifacts")  # fmt: skip
    detail = {key: described[key] for key in keys if key in described}
    return event_of(envelope(KIND, {**detail, "LastModifiedTime": in_form(modified, "text of milliseconds")}))


def reconciled(capsys, *arguments):
    code, out, _ = run_cli(capsys, "reconcile", "--json", *arguments)
    assert code == 0
    return parse_document("reconcile", out)


def events(url, name):
    return [recorded.event for recorded in open_event_log(url).read(f"run/{name}")]


def test_what_never_arrived_is_recorded_and_marked(url, capsys):
    job("told")
    job("lost", training_job_status="Failed", secondary_status="Failed", failure_reason="AlgorithmError: exit code 137")
    original = told_by_sagemaker("told")
    open_event_log(url).append(original)
    found = reconciled(capsys)
    assert (found["jobs"], [one["stream"] for one in found["backfilled"]]) == (2, ["run/lost"])
    [one] = found["backfilled"]
    assert (one["status"], one["secondary_status"], one["outcome"]) == ("Failed", "Failed", "recorded")
    [event] = events(url, "lost")
    expected = told_by_sagemaker("lost")
    assert event.data == {**expected.data, "backfilled": True}
    assert event.data["failure_reason"] == "AlgorithmError: exit code 137"
    assert (event.source, event.event_id) == (DEFAULT_SOURCE, f"{expected.event_id}-backfilled")
    assert (event.occurred_at, event.type) == (expected.occurred_at, "TrainingJobStateChanged")
    assert events(url, "told") == [original]


def test_doing_it_again_changes_nothing(url, capsys):
    job("lost")
    first, second = reconciled(capsys), reconciled(capsys)
    assert (len(first["backfilled"]), second["backfilled"], second["jobs"]) == (1, [], 1)
    assert len(events(url, "lost")) == 1


def test_an_event_that_comes_after_all_is_no_conflict_and_changes_no_state(url, capsys):
    job("late", training_job_status="Stopped", secondary_status="MaxRuntimeExceeded")
    reconciled(capsys)
    before = events(url, "late")
    open_event_log(url).append(told_by_sagemaker("late"))
    after = events(url, "late")
    assert len(after) == 2
    [one, other] = (msgspec.to_builtins(folds.decode("run/late", *states_of(some).values())) for some in (before, after))
    assert one.pop("counts") != other.pop("counts"), "it is counted, of course"
    assert one == other
    assert one["status"] == "stopped"
    assert reconciled(capsys)["backfilled"] == []


def test_a_state_that_follows_one_that_arrived_is_missing_too(url, capsys):
    job("digits-7", training_job_status="InProgress", secondary_status="Training")
    open_event_log(url).append(told_by_sagemaker("digits-7"))
    ended = sagemaker_backends[ACCOUNT]["eu-central-1"].training_jobs["digits-7"]
    ended.training_job_status = ended.secondary_status = "Completed"
    assert [one["status"] for one in reconciled(capsys)["backfilled"]] == ["Completed"]


def test_a_dry_run_records_nothing(url, capsys):
    job("lost")
    found = reconciled(capsys, "--dry-run")
    assert (found["dry_run"], [one["outcome"] for one in found["backfilled"]]) == (True, ["missing"])
    assert reconciled(capsys)["backfilled"], "still missing"


def test_jobs_of_two_weeks_or_of_the_window_asked_for_over_many_pages(url, capsys):
    now = datetime.now(UTC)
    for number in range(103):  # more than the 100 of a page
        job(f"job-{number:03d}", now - timedelta(days=15) if number % 2 else now)
    assert reconciled(capsys, "--dry-run")["jobs"] == 52
    assert reconciled(capsys, "--dry-run", "--since", "16 days ago")["jobs"] == 103


def test_over_the_bus_where_there_is_one(url, capsys, monkeypatch):
    published = []

    class Bus:
        def put_events(self, Entries):  # noqa: N803 - botocore's name
            published.extend(Entries)
            return {"Entries": [{"EventId": "1"} for _ in Entries]}

    client = aws.client
    monkeypatch.setattr(aws, "client", lambda service, **more: Bus() if service == "events" else client(service, **more))
    monkeypatch.setenv("TRAINING_EVENTS_BUS", "training")
    job("lost")
    found = reconciled(capsys, "--source", "team.labels", "--log", url)
    assert [one["outcome"] for one in found["backfilled"]] == ["published"]
    [entry] = published
    assert (entry["Source"], entry["EventBusName"]) == ("team.labels", "training")
    arrived = {"source": entry["Source"], "detail-type": entry["DetailType"], "detail": json.loads(entry["Detail"])}
    open_event_log(url).append(event_of(arrived))
    assert reconciled(capsys, "--log", url)["backfilled"] == []


def test_for_people(url, capsys):
    job("lost", LONG_AGO)
    code, out, _ = run_cli(capsys, "reconcile", "--since", "2025-12-31")
    missing, summary = out.splitlines()
    assert code == 0
    assert missing == "run/lost: Completed since 2026-01-01T00:00:00.000000Z: recorded"
    assert summary == (
        f"1 training jobs modified since {to_utc_text('2025-12-31T00:00Z')}; the states of 1 were missing and are recorded"
    )


@pytest.mark.parametrize(
    ("operation", "code"),
    [("ListTrainingJobs", "AccessDeniedException"), ("DescribeTrainingJob", "AccessDeniedException"),
     ("ListTrainingJobs", "ThrottlingException")],
)  # fmt: skip
def test_sagemaker_refuses(url, capsys, monkeypatch, operation, code):
    job("lost")
    client = aws.client("sagemaker")
    refuse(client, operation, float("inf"), code)
    monkeypatch.setattr(aws, "client", lambda *_, **__: client)
    exit_code, out, err = run_cli(capsys, "reconcile", "--json", "--log", url)
    assert (exit_code, out) == (1, "")
    assert code in err
    assert operation in err
