"""Events go over the real bus, rule and function to the real table; those that cannot be recorded go to the queue."""

import json
import random
import statistics
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from training_events.bus.publisher import EventBusPublisher
from training_events.event import Event
from training_events.stores.dynamodb.event_log import DynamoDbLog

from examples.processor_outcomes import processor_outcomes
from tests.local_aws.conftest import SOURCE, Deployed, new_event
from tests.support.patience import until


def _log(deployed: Deployed) -> DynamoDbLog:
    return DynamoDbLog(deployed.outputs["event_log_table_name"], deployed.client("dynamodb"))


def _publisher(deployed: Deployed) -> EventBusPublisher:
    return EventBusPublisher(deployed.outputs["event_bus_name"], deployed.client("events"))


def _put(deployed: Deployed, detail: dict[str, Any]) -> None:
    """Publish a detail as a third party would, without this project's publisher."""
    entry = {"EventBusName": deployed.outputs["event_bus_name"], "Source": SOURCE, "DetailType": "MetricsRecorded"}
    deployed.client("events").put_events(Entries=[entry | {"Detail": json.dumps(detail)}])


def _outcomes(deployed: Deployed) -> Counter[str]:
    return processor_outcomes(deployed.client("logs"), deployed.outputs["event_processor_function_name"])


def _messages(deployed: Deployed, text: str) -> list[dict[str, Any]]:
    """Take the messages that contain the text out of the undelivered queue."""
    sqs, url, found = deployed.client("sqs"), deployed.outputs["undelivered_queue_url"], []

    def received() -> bool:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        for message in answer.get("Messages", []):
            if text in message["Body"]:
                found.append(message)
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bool(found)

    until(received)
    return found


def test_eight_publishers_record_a_thousand_events_in_any_order_with_repeats(
    deployed: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    shuffled = random.Random(7)  # noqa: S311 - the same order every time
    streams = [f"run/{uuid.uuid4().hex}" for _ in range(10)]
    events = [new_event(streams[number % 10], number) for number in range(1000)]
    sent = events + shuffled.sample(events, 300)
    shuffled.shuffle(sent)
    before = _outcomes(deployed)

    def publish(share: list[Event]) -> dict[str, float]:
        publisher, put_at = _publisher(deployed), {}
        for first in range(0, len(share), 10):
            batch = share[first : first + 10]
            put_at.update({event.event_id: time.time() for event in batch if event.event_id not in put_at})
            publisher.publish(batch)
        return put_at

    with ThreadPoolExecutor(8) as publishers:
        put_times = list(publishers.map(publish, (sent[number::8] for number in range(8))))
    until(lambda: (_outcomes(deployed) - before).total() >= len(sent))

    log = _log(deployed)
    recorded = {stream: list(log.read(stream)) for stream in streams}
    for stream, found in recorded.items():
        expected = sorted((event for event in events if event.stream == stream), key=lambda event: event.position)
        assert [entry.event for entry in found] == expected
    assert _outcomes(deployed) - before == Counter(recorded=1000, repeated=300)

    first_put = {id_: min(times[id_] for times in put_times if id_ in times) for id_ in (event.event_id for event in events)}
    delays = sorted(
        datetime.fromisoformat(entry.recorded_at).timestamp() - first_put[entry.event.event_id]
        for found in recorded.values()
        for entry in found
    )
    p50, p95 = statistics.median(delays), delays[int(len(delays) * 0.95)]
    with capsys.disabled():
        print(f"\n1,000 events and 300 repeats by 8 publishers: from put to log p50 {p50 * 1e3:.0f} ms, p95 {p95 * 1e3:.0f} ms")
    assert delays[0] > 0


def test_an_event_that_cannot_be_understood_is_in_the_queue_with_its_reason_and_can_be_sent_again(deployed: Deployed) -> None:
    mark = uuid.uuid4().hex
    detail = {"mark": mark, "loss": 0.5}
    _put(deployed, detail)
    (message,) = _messages(deployed, mark)
    body = json.loads(message["Body"])
    assert body["reason"] == "no_stream" == message["MessageAttributes"]["reason"]["StringValue"]
    assert body["original"]["detail"] == detail
    assert body["set_aside_by"] == deployed.outputs["event_processor_function_name"]

    corrected = body["original"]["detail"] | {"run_id": mark}
    _put(deployed, corrected)
    until(lambda: bool(list(_log(deployed).read(f"run/{mark}"))))
    (recorded,) = _log(deployed).read(f"run/{mark}")
    assert recorded.event.data == corrected


def test_an_event_that_is_too_large_for_a_message_is_in_the_bucket(deployed: Deployed) -> None:
    event = new_event(f"run/{uuid.uuid4().hex}", 1)
    detail = {"stream": event.stream, "data": {"blob": "x" * 450_000}}
    _put(deployed, detail)
    body = json.loads(_messages(deployed, "too_large")[0]["Body"])
    bucket, _, key = body["original_at"].removeprefix("s3://").partition("/")
    assert bucket == deployed.outputs["data_bucket_name"]
    original = json.loads(deployed.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    assert original["detail"] == detail
    assert list(_log(deployed).read(event.stream)) == []


def test_an_event_with_which_the_function_fails_goes_to_the_queue_unchanged(deployed: Deployed) -> None:
    """The function may not write to the log for a while. Lambda tries three times, and then sends the event to the queue."""
    iam, role = deployed.client("iam"), deployed.outputs["event_processor_function_name"]  # both have the same name
    deny = {"Effect": "Deny", "Action": "dynamodb:PutItem", "Resource": "*"}
    stream = f"run/{uuid.uuid4().hex}"
    detail = {"stream": stream, "data": {"loss": 0.5}}
    iam.put_role_policy(
        RoleName=role, PolicyName="broken", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    )
    try:
        _put(deployed, detail)
        (message,) = _messages(deployed, stream)
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="broken")
    body = json.loads(message["Body"])
    assert body["requestPayload"]["detail"] == detail
    assert "AccessDenied" in json.dumps(body["responsePayload"])
    assert list(_log(deployed).read(stream)) == []
