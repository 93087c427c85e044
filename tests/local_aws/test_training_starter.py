"""A recorded event starts a training job, once: over the real bus, with IAM enforced but by SageMaker, which moto stands for.

moto has no events, and like AWS the bus refuses those of `aws.sagemaker` from anybody else. So SageMaker's word on a job is
handed to the event processor, as its rule does.
"""

import json
import uuid
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from training_events import folds
from training_events.bus.envelope import to_put_events_entry
from training_events.event import Event
from training_events.folds.run_state import RunState
from training_events.stores.dynamodb.event_log import DynamoDbLog
from training_events.times import now

from tests.local_aws.conftest import SOURCE, Deployed
from tests.support.aws_events import sample
from tests.support.patience import until

IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/train@sha256:" + "a" * 64
RECIPE = f"""\
max_running = 4
max_a_day = 100
[hyperparameters]
epochs = 8
[sagemaker]
image = "{IMAGE}"
instance_type = "ml.m5.xlarge"
"""


class Trainings:
    """What tests do with the starter, as root."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed
        self.log = DynamoDbLog(deployed.outputs["event_log_table_name"], deployed.client("dynamodb"))
        self.sagemaker = deployed.client("sagemaker")
        self.bucket = deployed.outputs["data_bucket_name"]
        self.s3 = deployed.client("s3")

    def put_recipe(self, name: str, text: str = RECIPE) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=f"recipes/{name}.toml", Body=text.encode())

    def ask(self, run: str, copies: int = 1, **data: Any) -> Event:
        event = Event(uuid.uuid4().hex, f"run/{run}", "TrainingRequested", now(), SOURCE, data)
        self.publish(event, copies)
        return event

    def publish(self, event: Event, copies: int = 1) -> None:
        entry = to_put_events_entry(self.deployed.outputs["event_bus_name"], event)
        for _ in range(copies):
            assert self.deployed.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0

    def act(self, event: Event) -> Any:
        """What the starter answers, where it gets the event once more."""
        entry = to_put_events_entry("", event)
        envelope = {"id": uuid.uuid4().hex, "source": event.source, "detail-type": event.type}
        return self.invoke("training_starter", {**envelope, "detail": json.loads(entry["Detail"])})

    def invoke(self, function: str, payload: Any) -> Any:
        name = self.deployed.outputs[f"{function}_function_name"]
        answer = self.deployed.client("lambda").invoke(FunctionName=name, Payload=json.dumps(payload).encode())
        return json.loads(answer["Payload"].read())

    def names(self) -> list[str]:
        pages = self.sagemaker.get_paginator("list_training_jobs").paginate()
        return [job["TrainingJobName"] for page in pages for job in page["TrainingJobSummaries"]]

    def is_refused(self, run: str) -> bool:
        return self.state(run).status == "refused"

    def state(self, run: str) -> RunState:
        return folds.fold(RunState(f"run/{run}"), self.log.entries(f"run/{run}"))


@pytest.fixture(scope="module")
def trainings(deployed: Deployed) -> Trainings:
    return Trainings(deployed)


@pytest.fixture
def name(trainings: Trainings) -> Iterator[str]:
    """The name of a recipe for a test, which is also the first part of its runs' names."""
    name = f"r{uuid.uuid4().hex[:10]}"
    trainings.put_recipe(name)
    yield name
    trainings.s3.delete_object(Bucket=trainings.bucket, Key=f"recipes/{name}.toml")


def test_an_event_doubled_and_replayed_ten_times_starts_one_job(trainings: Trainings, name: str) -> None:
    event = trainings.ask(name, copies=2, recipe=name, hyperparameters={"epochs": 3})
    until(lambda: name in trainings.names())
    created = trainings.sagemaker.describe_training_job(TrainingJobName=name)
    assert created["RoleArn"].endswith(":role/training-local-training-jobs")
    assert created["HyperParameters"] == {"epochs": "3"}
    trainings.publish(event, copies=10)
    assert [trainings.act(event)["outcome"] for _ in range(3)] == ["nothing"] * 3
    tags = {tag["Key"]: tag["Value"] for tag in trainings.sagemaker.list_tags(ResourceArn=created["TrainingJobArn"])["Tags"]}
    assert tags == {"environment": "local", "training-events:request": event.event_id, "training-events:recipe": name}
    assert trainings.names().count(name) == 1
    assert trainings.sagemaker.describe_training_job(TrainingJobName=name)["CreationTime"] == created["CreationTime"]
    assert [record.event.type for record in trainings.log.read(f"run/{name}")] == ["TrainingRequested"]


@pytest.mark.parametrize(("status", "ends"), [("Failed", "failed"), ("Stopped", "stopped"), ("Completed", "completed")])
def test_how_the_job_ends_is_in_the_stream_that_asked_for_it(trainings: Trainings, name: str, status: str, ends: str) -> None:
    event = trainings.ask(name, recipe=name)
    until(lambda: name in trainings.names())
    said = sample("aws_training_job")
    arn = trainings.sagemaker.describe_training_job(TrainingJobName=name)["TrainingJobArn"]
    job = {"TrainingJobName": name, "TrainingJobArn": arn, "TrainingJobStatus": status, "SecondaryStatus": status}
    said = {**said, "source": "aws.sagemaker", "detail": {**said["detail"], **job, "LastModifiedTime": now()}}
    assert trainings.invoke("event_processor", said)["outcome"] == "recorded"
    assert trainings.state(name).status == ends
    assert trainings.act(event)["outcome"] == "nothing"


def test_a_quota_and_an_unknown_recipe_are_facts_in_the_stream(trainings: Trainings, name: str) -> None:
    trainings.put_recipe(name, RECIPE.replace("ml.m5.xlarge", "ml.p5.48xlarge"))
    trainings.ask(f"{name}-quota", recipe=name)
    trainings.ask(f"{name}-none", recipe=f"{name}x")
    for run, reason in {f"{name}-none": "unknown_recipe", f"{name}-quota": "quota"}.items():
        until(partial(trainings.is_refused, run))
        refused = trainings.state(run).refused
        assert refused is not None
        assert refused.reason == reason
        assert run not in trainings.names()


def test_more_instances_than_the_environment_may_have_are_refused(trainings: Trainings, name: str) -> None:
    trainings.put_recipe(name, f"{RECIPE}instance_count = 5\n")
    trainings.ask(name, recipe=name)
    until(partial(trainings.is_refused, name))
    assert "instances of this environment" in str(trainings.state(name).refused)
    assert name not in trainings.names()


def test_a_paused_recipe_starts_nothing(trainings: Trainings, name: str) -> None:
    pause = f"recipes/{name}.paused"
    trainings.s3.put_object(Bucket=trainings.bucket, Key=pause, Body=b'{"by": "operator"}')
    trainings.ask(name, recipe=name)
    until(partial(trainings.is_refused, name))
    assert "paused" in str(trainings.state(name).refused)
    trainings.s3.delete_object(Bucket=trainings.bucket, Key=pause)


def test_a_new_object_of_a_dataset_starts_the_recipe_that_waits_for_it(trainings: Trainings, name: str) -> None:
    """MiniStack's events of S3 name no version, as AWS's do: tests/unit/handlers has what follows from one."""
    trigger = f'dataset = "{name}"\non = "DatasetRegistered"\n'
    trainings.put_recipe(name, f'{trigger}{RECIPE}[channels]\ntrain = {{ dataset = "{name}" }}\n')
    key = f"datasets/{name}/data.npz"
    trainings.s3.put_object(Bucket=trainings.bucket, Key=key, Body=b"12345")
    until(lambda: [job for job in trainings.names() if job.startswith(f"{name}-")])
    (job,) = [job for job in trainings.names() if job.startswith(f"{name}-")]
    (dataset,) = [
        record.event.data["datasets"][0]
        for record in trainings.log.read(f"run/{job}")
        if record.event.type == "TrainingRequested"
    ]
    assert (dataset["uri"], dataset["role"]) == (f"s3://{trainings.bucket}/{key}", "train")
