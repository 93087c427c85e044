"""DynamoDB inside this process, by moto. The tables have the keys that stacks/ declares."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from training_events import aws
from training_events.stores.dynamodb.event_log import DynamoDbLog
from training_events.stores.dynamodb.read_models import DynamoDbReadModels

from tests.support.moto import mock_aws

TABLE = "event-log"
READ_MODELS = "read-models"
REGION = {"AWS_DEFAULT_REGION": "eu-central-1"}


@contextmanager
def aws_in_this_process(**environment: str) -> Iterator[None]:
    """AWS by moto. No variable of the environment names an endpoint or a profile of this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TRAINING_EVENTS_"))}
    with patch.dict(os.environ, {**kept, **REGION, **environment}, clear=True), mock_aws():
        aws.forget_sessions()
        yield
    aws.forget_sessions()


def create_table() -> None:
    keys = {"stream": "HASH", "position": "RANGE"}
    aws.client("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
    )


@contextmanager
def dynamodb_log() -> Iterator[DynamoDbLog]:
    with aws_in_this_process():
        create_table()
        yield DynamoDbLog(TABLE, aws.client("dynamodb", validate=False))


def create_read_models_table() -> None:
    aws.client("dynamodb").create_table(
        TableName=READ_MODELS,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("stream", "kind", "shard", "first_at")
        ],
        KeySchema=[{"AttributeName": "stream", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": f"by_{key}",
                "KeySchema": [
                    {"AttributeName": key, "KeyType": "HASH"},
                    {"AttributeName": "first_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["summary"]},
            }
            for key in ("kind", "shard")
        ],
    )


@contextmanager
def dynamodb_read_models() -> Iterator[DynamoDbReadModels]:
    with aws_in_this_process():
        create_read_models_table()
        yield DynamoDbReadModels(READ_MODELS, aws.client("dynamodb", validate=False))
