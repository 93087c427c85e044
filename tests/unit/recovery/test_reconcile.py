"""Back-filling missing states from SageMaker, whose training jobs are in moto."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from moto.sagemaker.models import sagemaker_backends
from training_events import aws, folds
from training_events.bus.received import event_of
from training_events.settings import DEFAULT_SOURCE
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
        open_event_log(address).append(
            make_event("run/other", "TrainingStarted")
        )  # a SQLite file becomes a log with its first event
        yield address


def job(name, modified=None, **changed):
    """Create a training job, with the attributes of moto's job changed as given."""
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
    created = sagemaker_backends[ACCOUNT]["eu-central-1"].training_jobs[name]
    if modified is not None:
        changed["last_modified_time"] = modified.replace(tzinfo=None)  # moto keeps UTC without a time zone
    for attribute, value in changed.items():
        setattr(created, attribute, value)


def event_of_sagemaker(name):
    """The event that SageMaker sends about the job in its current state."""
    described = aws.client("sagemaker").describe_training_job(TrainingJobName=name)
    modified = described["LastModifiedTime"].astimezone(UTC)
    keys = ("TrainingJobName", "TrainingJobArn", "TrainingJobStatus", "SecondaryStatus", "HyperParameters", "FailureReason",
            "AlgorithmSpecification", "InputDataConfig", "ResourceConfig", "ModelArtifacts")  # fmt: skip
    detail = {key: described[key] for key in keys if key in described}
    return event_of(envelope(KIND, {**detail, "LastModifiedTime": in_form(modified, "text of milliseconds")}))


def reconcile(capsys, *arguments):
    code, out, _ = run_cli(capsys, "reconcile", "--json", *arguments)
    assert code == 0
    return parse_document("reconcile", out)


def events(url, name):
    return [recorded.event for recorded in open_event_log(url).read(f"run/{name}")]


def test_a_state_that_never_arrived_is_recorded_and_marked_as_backfilled(url, capsys):
    job("arrived")
    job("lost", training_job_status="Failed", secondary_status="Failed", failure_reason="AlgorithmError: exit code 137")
    original = event_of_sagemaker("arrived")
    open_event_log(url).append(original)
    document = reconcile(capsys)
    assert (document["jobs"], [state["stream"] for state in document["backfilled"]]) == (2, ["run/lost"])
    [backfilled] = document["backfilled"]
    assert (backfilled["status"], backfilled["secondary_status"], backfilled["outcome"]) == ("Failed", "Failed", "recorded")
    [event] = events(url, "lost")
    expected = event_of_sagemaker("lost")
    # SageMaker answers with more than its events say
    assert event.data["details"].items() >= {"ModelArtifacts": expected.data["details"]["ModelArtifacts"]}.items()
    assert event.data["details"]["EnableManagedSpotTraining"] is False
    assert {**event.data, "details": None} == {**expected.data, "details": None, "backfilled": True}
    assert event.data["failure_reason"] == "AlgorithmError: exit code 137"
    assert (event.source, event.event_id[:16]) == (DEFAULT_SOURCE, expected.event_id[:16])
    assert event.event_id.endswith("-backfilled")
    assert event.position > expected.position
    assert (event.occurred_at, event.type) == (expected.occurred_at, "TrainingJobStateChanged")
    assert events(url, "arrived") == [original]


def test_a_job_of_a_team_is_recorded_under_the_source_of_the_team(url, capsys, monkeypatch):
    monkeypatch.setenv("TRAINING_EVENTS_TEAMS", '{"vision": {"source": "my.vision.training", "accounts": []}}')
    job("vision-lost")
    job("lost")
    reconcile(capsys)
    assert [events(url, name)[0].source for name in ("vision-lost", "lost")] == ["my.vision.training", DEFAULT_SOURCE]


def test_reconciling_again_changes_nothing(url, capsys):
    job("lost")
    first, second = reconcile(capsys), reconcile(capsys)
    assert (len(first["backfilled"]), second["backfilled"], second["jobs"]) == (1, [], 1)
    assert len(events(url, "lost")) == 1


def test_an_event_that_arrives_after_its_backfill_is_no_conflict_and_changes_no_state(url, capsys):
    job("late", training_job_status="Stopped", secondary_status="MaxRuntimeExceeded")
    reconcile(capsys)
    before = events(url, "late")
    open_event_log(url).append(event_of_sagemaker("late"))
    after = events(url, "late")
    assert len(after) == 2
    [old, new] = (msgspec.to_builtins(folds.decode("run/late", *states_of(events).values())) for events in (before, after))
    assert old.pop("counts") != new.pop("counts"), "the event is counted"
    assert old == new
    assert old["status"] == "stopped"
    assert reconcile(capsys)["backfilled"] == []


def test_a_later_state_is_backfilled_although_an_earlier_one_arrived(url, capsys):
    job("digits-7", training_job_status="InProgress", secondary_status="Training")
    open_event_log(url).append(event_of_sagemaker("digits-7"))
    ended = sagemaker_backends[ACCOUNT]["eu-central-1"].training_jobs["digits-7"]
    ended.training_job_status = ended.secondary_status = "Completed"
    assert [state["status"] for state in reconcile(capsys)["backfilled"]] == ["Completed"]


def test_a_dry_run_records_nothing(url, capsys):
    job("lost")
    document = reconcile(capsys, "--dry-run")
    assert (document["dry_run"], [state["outcome"] for state in document["backfilled"]]) == (True, ["missing"])
    assert reconcile(capsys)["backfilled"], "still missing"


def test_the_jobs_of_two_weeks_or_of_the_given_period_are_read_over_many_pages(url, capsys):
    now = datetime.now(UTC)
    for number in range(103):  # more than the 100 of a page
        job(f"job-{number:03d}", now - timedelta(days=15) if number % 2 else now)
    assert reconcile(capsys, "--dry-run")["jobs"] == 52
    assert reconcile(capsys, "--dry-run", "--since", "16 days ago")["jobs"] == 103


def test_missing_states_are_published_if_there_is_a_bus(url, capsys, monkeypatch):
    published = []

    class Bus:
        def put_events(self, Entries):  # noqa: N803 - botocore's name
            published.extend(Entries)
            return {"Entries": [{"EventId": "1"} for _ in Entries]}

    client = aws.client
    monkeypatch.setattr(aws, "client", lambda service, **more: Bus() if service == "events" else client(service, **more))
    monkeypatch.setenv("TRAINING_EVENTS_BUS", "training")
    job("lost")
    document = reconcile(capsys, "--source", "team.labels", "--log", url)
    assert [state["outcome"] for state in document["backfilled"]] == ["published"]
    [entry] = published
    assert (entry["Source"], entry["EventBusName"]) == ("team.labels", "training")
    arrived = {"source": entry["Source"], "detail-type": entry["DetailType"], "detail": json.loads(entry["Detail"])}
    open_event_log(url).append(event_of(arrived))
    assert reconcile(capsys, "--log", url)["backfilled"] == []


def test_the_text_output_names_each_missing_state_and_the_counts(url, capsys):
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
def test_an_error_of_sagemaker_ends_the_command_with_its_message(url, capsys, monkeypatch, operation, code):
    job("lost")
    client = aws.client("sagemaker")
    refuse(client, operation, float("inf"), code)
    monkeypatch.setattr(aws, "client", lambda *_, **__: client)
    exit_code, out, err = run_cli(capsys, "reconcile", "--json", "--log", url)
    assert (exit_code, out) == (1, "")
    assert code in err
    assert operation in err
