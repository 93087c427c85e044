"""Counts the requests of sealing a run that goes on after its end: for four times the batches at most four times as many."""

from __future__ import annotations

import os
from typing import Any

import boto3
from moto import mock_aws
from training_events.event import Event, Producer
from training_events.folds.run_state import RunState
from training_events.projection.sealer import Sealer
from training_events.proof.s3_seal_store import S3SealStore
from training_events.stores.dynamodb.event_log import DynamoDbLog
from training_events.stores.dynamodb.read_models import DynamoDbReadModels
from training_events.times import later

from benchmarks.measure import Ratio

STREAM = "run/long"
BATCHES, FEWER = 1_000, 250
_BEGIN = "2026-11-22T15:00:00.000000Z"
_SECONDS_BETWEEN = 10


def measure() -> list[Ratio]:
    pairs = [(_requests(BATCHES), _requests(FEWER))]
    return [
        Ratio(
            f"sealing of a run that goes on for {BATCHES} batches after its end",
            f"for {FEWER}",
            pairs,
            at_most=BATCHES / FEWER,
            unit="requests",
        )
    ]


def _requests(batches: int) -> float:
    """How many requests sealing sends to DynamoDB and S3, over all batches."""
    environment = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "eu-central-1"}
    os.environ.update(environment)
    with mock_aws():
        dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
        _make_tables(dynamodb)
        location: Any = {"LocationConstraint": "eu-central-1"}
        s3.create_bucket(Bucket="data", CreateBucketConfiguration=location, ObjectLockEnabledForBucket=True)
        time = _BEGIN
        log = DynamoDbLog("log", dynamodb, lambda: time)
        seals = S3SealStore("data", s3, mode="GOVERNANCE", days=1)
        sealer = Sealer(log, DynamoDbReadModels("states", dynamodb), seals, lambda: time)
        requests = 0

        def count(**_: object) -> None:
            nonlocal requests
            requests += 1

        previous = None
        for number in range(1, batches + 1):
            time = later(_BEGIN, number * _SECONDS_BETWEEN)
            event = Event(
                f"e-{number:06d}", STREAM, "MetricsRecorded", time, "benchmarks", {}, producer=Producer("p", number, previous)
            )
            previous = event.digest
            log.append(event)
            for client in (dynamodb, s3):
                client.meta.events.register("before-call", count, unique_id="count")
            sealer.after(RunState(STREAM, status="completed"))
            for name in sealer.due():
                sealer.wake(name)
            for client in (dynamodb, s3):
                client.meta.events.unregister("before-call", unique_id="count")
        return requests


def _make_tables(dynamodb: Any) -> None:
    names = ("stream", "position", "kind", "first_at")
    attributes = {name: {"AttributeName": name, "AttributeType": "S"} for name in names}
    keys = {name: {"AttributeName": name, "KeyType": "HASH"} for name in ("stream", "kind")}
    keys |= {name: {"AttributeName": name, "KeyType": "RANGE"} for name in ("position", "first_at")}
    dynamodb.create_table(
        TableName="log",
        AttributeDefinitions=[attributes["stream"], attributes["position"]],
        KeySchema=[keys["stream"], keys["position"]],
        BillingMode="PAY_PER_REQUEST",
    )
    by_kind = {"IndexName": "by_kind", "KeySchema": [keys["kind"], keys["first_at"]], "Projection": {"ProjectionType": "ALL"}}
    dynamodb.create_table(
        TableName="states",
        AttributeDefinitions=[attributes["stream"], attributes["kind"], attributes["first_at"]],
        KeySchema=[keys["stream"]],
        GlobalSecondaryIndexes=[by_kind],
        BillingMode="PAY_PER_REQUEST",
    )
