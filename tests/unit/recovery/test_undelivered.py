"""Setting an event aside: what the message holds, and when its original goes to the bucket."""

import json

import pytest
from training_events.errors import BadField
from training_events.recovery.undelivered import MAX_MESSAGE_BYTES, UndeliveredQueue


class RecordingClient:
    """An AWS client that remembers every call."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda **arguments: self.calls.append((name, arguments))


@pytest.fixture
def aws():
    return RecordingClient()


def set_aside(aws, original):
    queue = UndeliveredQueue("https://queue", "bucket", lambda _: aws, lambda: "2026-11-22T15:08:40.000000Z")
    queue.set_aside(original, BadField("it is odd", "what is even", ("a", 0)), by="processor", request_id="r-1")
    return aws.calls


def message_bytes(call):
    attributes = call["MessageAttributes"].items()
    return len(call["MessageBody"].encode()) + sum(
        len(name + value["DataType"] + value["StringValue"]) for name, value in attributes
    )


def test_a_message_holds_the_reason_and_the_original_as_it_came(aws):
    [(operation, call)] = set_aside(aws, {"detail": [float("nan"), "\ud800", "é", float("-inf"), 2**80]})
    assert operation == "send_message"
    assert call["MessageBody"].isascii()
    body = json.loads(call["MessageBody"])
    assert json.dumps(body.pop("original")) == '{"detail": [NaN, "\\ud800", "\\u00e9", -Infinity, 1208925819614629174706176]}'
    assert body == {
        "reason": "bad_field",
        "explanation": "$.a[0]: it is odd; allowed: what is even",
        "set_aside_at": "2026-11-22T15:08:40.000000Z",
        "set_aside_by": "processor",
        "request_id": "r-1",
    }


def test_an_original_one_byte_too_large_for_a_message_goes_to_the_bucket(aws):
    [(_, smallest)] = set_aside(aws, "")
    room = MAX_MESSAGE_BYTES - message_bytes(smallest)
    aws.calls.clear()
    [(_, call)] = set_aside(aws, "x" * room)
    assert message_bytes(call) == MAX_MESSAGE_BYTES
    aws.calls.clear()
    [(first, stored), (second, call)] = set_aside(aws, "x" * (room + 1))
    assert (first, second) == ("put_object", "send_message"), "stored before a message refers to it"
    assert json.loads(stored["Body"]) == "x" * (room + 1)
    assert json.loads(call["MessageBody"])["original_at"] == f"s3://bucket/{stored['Key']}"
    assert message_bytes(call) < 2_000


def test_setting_the_same_original_aside_again_writes_the_same_object(aws):
    set_aside(aws, "x" * MAX_MESSAGE_BYTES)
    set_aside(aws, "x" * MAX_MESSAGE_BYTES)
    keys = [call["Key"] for name, call in aws.calls if name == "put_object"]
    assert keys[0] == keys[1]
