"""DynamoDB inside this process (moto), with the event log's table as stacks/ declares its keys."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from moto import mock_aws
from training_events import aws
from training_events.dynamodb_log import DynamoDbLog

TABLE = "event-log"
REGION = {"AWS_DEFAULT_REGION": "eu-central-1"}


@contextmanager
def aws_in_this_process(**environment: str) -> Iterator[None]:
    """AWS by moto, in an environment where nothing names an endpoint or a profile of this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TRAINING_EVENTS_"))}
    with patch.dict(os.environ, {**kept, **REGION, **environment}, clear=True), mock_aws():
        aws._session.cache_clear()
        yield
    aws._session.cache_clear()


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
