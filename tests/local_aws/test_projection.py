"""From the log to the read models and seals: the change stream of the real table invokes the deployed projector.

MiniStack passes one batch after the other, of one shard. If an answer reports failed records, local/ministack_server.py makes
the whole batch come again. MiniStack does not halve a batch, and has no maximum number of attempts;
tests/properties/test_projection.py covers these with the mapping's JSON.
"""

import json
import os
import random
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from training_events import folds
from training_events.bus.publisher import EventBusPublisher
from training_events.event import Event
from training_events.proof.s3_seal_store import S3SealStore
from training_events.proof.verification import verify
from training_events.stores.dynamodb.event_log import DynamoDbLog
from training_events.stores.dynamodb.item import to_item
from training_events.stores.dynamodb.read_models import DynamoDbReadModels
from training_events.times import now

from tests.local_aws.conftest import Deployed, new_event
from tests.support.patience import DEPLOYMENT_SECONDS, until

EVENTS, STREAMS, WRITERS = 10_000, 40, 4
MAX_BATCH = 25
"""How many items DynamoDB writes by one request."""


def _log(deployed: Deployed) -> DynamoDbLog:
    return DynamoDbLog(deployed.outputs["event_log_table_name"], deployed.client("dynamodb"))


def _state(deployed: Deployed, stream: str) -> bytes | None:
    models = DynamoDbReadModels(deployed.outputs["read_model_table_name"], deployed.client("dynamodb"))
    model = models.get(stream)
    return None if model is None else model.state


def _fold(log: DynamoDbLog, stream: str) -> bytes:
    return folds.encode(folds.fold(folds.empty(stream), log.entries(stream)))


def _has_logged(deployed: Deployed, text: str) -> bool:
    """Whether the projector's log group has a line with the text."""
    group = f"/aws/lambda/{deployed.outputs['projector_function_name']}"
    pages = deployed.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    return any(text in line["message"] for page in pages for line in page["events"])


def _cli(deployed: Deployed, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).parent / "training-events", *arguments],
        env=os.environ | deployed.environment.variables(),
        capture_output=True,
        text=True,
        check=False,
    )


def _finished_run(deployed: Deployed, stream: str) -> list[Event]:
    """Three events of a run, published on the bus."""
    events = [
        replace(new_event(stream, 1), type="TrainingStarted", data={"model": "digits"}),
        new_event(stream, 2),
        replace(new_event(stream, 3), type="TrainingCompleted", data={}),
    ]
    EventBusPublisher(deployed.outputs["event_bus_name"], deployed.client("events")).publish(events)
    return events


def test_ten_thousand_events_in_any_order_give_the_folds_of_their_streams(
    deployed: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    """The events are written directly to the log's table, as fast as possible. test_recording.py tests the path to the log."""
    streams = [f"run/{uuid.uuid4().hex}" for _ in range(STREAMS)]
    events = [new_event(streams[number % STREAMS], number) for number in range(EVENTS)]
    random.Random(7).shuffle(events)  # noqa: S311 - the same order every time
    started = time.monotonic()

    log, recorded_at = _log(deployed), now()

    def write(share: list[Event]) -> None:
        dynamodb = deployed.client("dynamodb")
        for first in range(0, len(share), MAX_BATCH):
            items = [to_item(event, recorded_at) for event in share[first : first + MAX_BATCH]]
            dynamodb.batch_write_item(RequestItems={log.table: [{"PutRequest": {"Item": item}} for item in items]})

    with ThreadPoolExecutor(WRITERS) as writers:
        list(writers.map(write, (events[number::WRITERS] for number in range(WRITERS))))
    written = time.monotonic() - started
    expected = {stream: _fold(log, stream) for stream in streams}
    until(lambda: all(_state(deployed, stream) == expected[stream] for stream in streams), seconds=DEPLOYMENT_SECONDS)
    with capsys.disabled():
        print(
            f"\n{EVENTS:,} events of {STREAMS} runs by {WRITERS} writers: in the log after {written:.0f} s,"
            f" in the read models after {time.monotonic() - started:.0f} s"
        )
    assert all(json.loads(state)["counts"]["events"] == EVENTS // STREAMS for state in expected.values())


def test_a_run_on_the_bus_becomes_a_state_and_then_a_locked_seal(deployed: Deployed) -> None:
    stream = f"run/{uuid.uuid4().hex}"
    _finished_run(deployed, stream)
    bucket, s3 = deployed.outputs["data_bucket_name"], deployed.client("s3")
    log, seals = _log(deployed), S3SealStore(bucket, s3)
    until(lambda: verify(log, seals, stream).seals.covered == 3)
    assert _state(deployed, stream) == _fold(log, stream)
    verified = verify(log, seals, stream)
    assert (verified.sound, verified.events, verified.seals.not_covered) == (True, 3, 0)
    versions: Any = s3.list_object_versions(Bucket=bucket, Prefix=f"seals/{stream}/")["Versions"]
    for version in versions:
        lock = s3.get_object_retention(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])["Retention"]
        assert lock["Mode"] == "GOVERNANCE"
    done = _cli(deployed, "verify", stream)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_altered_item_raises_the_alarm_and_is_named(deployed: Deployed) -> None:
    stream = f"run/{uuid.uuid4().hex}"
    events = _finished_run(deployed, stream)
    log = _log(deployed)
    until(lambda: (state := _state(deployed, stream)) is not None and json.loads(state)["status"] == "completed")
    before = _state(deployed, stream)
    deployed.client("dynamodb").update_item(  # as root, because nobody else may
        TableName=log.table,
        Key={"stream": {"S": stream}, "position": {"S": events[1].position}},
        UpdateExpression="SET #data = :data",
        ExpressionAttributeNames={"#data": "data"},
        ExpressionAttributeValues={":data": {"S": '{"points":[]}'}},
    )
    until(lambda: _has_logged(deployed, f"MODIFY at '{events[1].position}'"))
    assert _has_logged(deployed, '"LogAltered":[1.0]')
    assert _state(deployed, stream) == before
    done = _cli(deployed, "verify", stream)
    assert done.returncode == 1
    assert events[1].position in done.stdout + done.stderr
