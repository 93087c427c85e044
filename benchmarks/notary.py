"""Counts the requests of the notary, all in, and measures how fast it takes events: at most 0.02 requests an event.

The table is in memory, because moto copies all of its own for each transaction; S3 and KMS are moto's. What Lambda and the
network take is left out.
"""

from __future__ import annotations

import time
from typing import Any

from training_events import aws
from training_events.event import Event, RecordedEvent
from training_events.proof.notary.kms import KmsSigner
from training_events.proof.notary.ledger import in_batches
from training_events.proof.notary.publishing import Publisher
from training_events.proof.notary.recorded_leaf import delivered_leaf
from training_events.proof.tree.s3_tiles import S3Tiles

from benchmarks.measure import Ratio
from tests.support.dynamodb import aws_in_this_process
from tests.support.notary import NotaryTable, memory_ledger
from tests.support.stream_delivery import inserted

EVENTS, BATCH, CHECKPOINTS = 100_000, 980, 10
"""The size of a batch is that of the stack. A checkpoint for each 10,000 events: a busy five minutes."""
MAX_REQUESTS = 0.02
_STREAMS = 50
_RECORDED_AT = "2026-11-22T16:00:00.000000Z"


def measure() -> list[Ratio]:
    requests, seconds, stored = _run()
    subject = (
        f"notary on {EVENTS:,} events ({EVENTS / seconds:,.0f} events a second, {stored / EVENTS:.0f} bytes an event in S3)"
    )
    return [Ratio(subject, "events", [(requests, EVENTS)], at_most=MAX_REQUESTS, unit="requests")]


def _run() -> tuple[int, float, int]:
    """The number of requests, the seconds, and the bytes in S3."""
    with aws_in_this_process():
        s3, kms = aws.client("s3"), aws.client("kms")
        location: Any = {"LocationConstraint": "eu-central-1"}
        s3.create_bucket(Bucket="data", CreateBucketConfiguration=location, ObjectLockEnabledForBucket=True)
        key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
        requests = 0

        def count(**_: object) -> None:
            nonlocal requests
            requests += 1

        for client in (s3, kms):
            client.meta.events.register("before-call", count)
        ledger = memory_ledger(table := NotaryTable())
        signer = KmsSigner("training-events/111122223333/eu-central-1/log", key, kms)
        publisher = Publisher(ledger, S3Tiles("data", s3, mode="GOVERNANCE", days=7), [signer])
        seconds = 0.0
        for first in range(0, EVENTS, BATCH):
            records = [inserted(_recorded(number), number) for number in range(first, min(first + BATCH, EVENTS))]
            started = time.perf_counter()
            for batch in in_batches(map(delivered_leaf, records)):
                ledger.take(batch)
            if (first + BATCH) * CHECKPOINTS // EVENTS > first * CHECKPOINTS // EVENTS:
                publisher.publish()
            seconds += time.perf_counter() - started
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket="data")
        return requests + table.requests, seconds, sum(found["Size"] for page in pages for found in page["Contents"])


def _recorded(number: int) -> RecordedEvent:
    time_of_day = f"15:{number // 60_000:02d}:{number // 1000 % 60:02d}.{number % 1000:03d}000Z"
    points = {"points": [{"name": "loss", "step": number, "value": 1 / (number + 1)}]}
    event = Event(
        f"0199a1c2-{number:012d}",
        f"run/digits-{number % _STREAMS}",
        "MetricsRecorded",
        f"2026-11-22T{time_of_day}",
        "trainings",
        points,
    )
    return RecordedEvent(event, _RECORDED_AT, event.digest)
