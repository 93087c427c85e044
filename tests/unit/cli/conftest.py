"""What the tests of the commands stand on: an environment that names nothing, and an AWS account that has everything."""

import os

import pytest
from training_events import aws

from tests.support.dynamodb import READ_MODELS, TABLE, aws_in_this_process, create_read_models_table, create_table
from tests.support.queues import BUCKET


@pytest.fixture
def bare_environment(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith(("AWS_", "TRAINING_EVENTS_", "PYTHON")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    monkeypatch.chdir(tmp_path)
    aws.forget_sessions()
    yield
    aws.forget_sessions()


@pytest.fixture
def account(monkeypatch):
    """The URL of the queue in an account with all that undelivered, redrive and replay touch. The environment names it."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    with aws_in_this_process():
        create_table()
        create_read_models_table()
        aws.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        queue = aws.client("sqs").create_queue(QueueName="undelivered")["QueueUrl"]
        bus = aws.client("events").create_event_bus(Name="training")["EventBusArn"]
        aws.client("events").create_archive(ArchiveName="everything", EventSourceArn=bus)
        monkeypatch.setenv("TRAINING_EVENTS_LOG", f"dynamodb://{TABLE}?read_models={READ_MODELS}")
        monkeypatch.setenv("TRAINING_EVENTS_UNDELIVERED", queue)
        monkeypatch.setenv("TRAINING_EVENTS_BUS", "training")
        monkeypatch.setattr(aws, "client", without_waiting(aws.client))
        yield queue


def without_waiting(make):
    """Clients that do not wait for messages: nothing else writes to the queue meanwhile."""

    def client(service, **more):
        made = make(service, **more)
        made.meta.events.register(
            "provide-client-params.sqs.ReceiveMessage", lambda params, **_: {**params, "WaitTimeSeconds": 0}
        )
        return made

    return client
