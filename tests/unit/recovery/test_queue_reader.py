"""Reading the undelivered queue: every shape of message is read, and reading leaves the queue as it was."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import example, given
from hypothesis import strategies as st
from training_events.recovery.message import Batch, Names, StoredOriginal, read
from training_events.recovery.queue_reader import QueueReader

from tests.support.queues import NAMES, Queue, sqs_message
from tests.support.strategies import loose_text, loose_values

RECORDER = Names("run/digits-0199a1f2", "MetricsRecorded", "0199a1f2-6c1d-7bbb-8ccc-1234567890ab")
RECORD = Names("run/digits-7", "MetricsRecorded", "e-1")
EXPECTED = {
    "dead_letter": ("dead_letter", "NO_PERMISSIONS", "User: events.amazonaws.com is not authorized", RECORDER),
    "dead_letter_retried": (
        "dead_letter",
        "THROTTLING",
        "Rate Exceeded., MaximumRetryAttempts, 185 retries",
        Names("run/digits-7", "TrainingStarted", "6a7e8feb-b491-4cf7-a9f1-bf3703467718"),
    ),
    "failed_function": (
        "failed_function",
        "RetriesExhausted",
        "ClientError, An error occurred (ThrottlingException)",
        RECORDER,
    ),
    "failed_function_never_run": ("failed_function", "EventAgeExceeded", "0 attempts", RECORDER),
    "set_aside": (
        "set_aside",
        "no_stream",
        "$: nothing names the stream",
        Names(None, "MetricsRecorded", "6a7e8feb-b491-4cf7-a9f1-bf3703467718"),
    ),
    "set_aside_stored": ("set_aside", "too_large", "$: the event makes an item of 500123 bytes", Names()),
    "set_aside_record": ("set_aside", "does_not_fit", "$.data: the data is no MetricsRecorded", RECORD),
    "set_aside_alteration": ("set_aside", "log_altered", "$: MODIFY of run/digits-7", RECORD),
    "failed_batch": ("failed_batch", "RetryAttemptsExhausted", "3 records of the log's change stream, Unhandled", Names()),
    "unknown_text": ("unknown", None, "not put there by any part of this system", Names()),
}


def message(number, body="x") -> Any:
    return {"MessageId": f"m-{number}", "Attributes": {"SentTimestamp": "1795360121512"}, "Body": body}


def read_queue(queue):
    return QueueReader(queue.url, queue)


def test_every_sample_message_has_an_expected_reading():
    assert EXPECTED.keys() == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_message_is_read_by_its_shape(name):
    received = sqs_message(name)
    message_read: Any = read(received)
    shape, reason, explanation, names = EXPECTED[name]
    assert (message_read.shape, message_read.reason, message_read.names) == (shape, reason, names)
    assert message_read.explanation.startswith(explanation)
    assert (message_read.message_id, message_read.sent_at, message_read.body) == (
        f"message-{name}",
        "2026-11-22T15:08:41.512000Z",
        received["Body"],
    )


def test_a_message_holds_its_original_or_says_where_it_is():
    assert read(sqs_message("dead_letter")).original == json.loads(sqs_message("dead_letter")["Body"])
    assert read(sqs_message("failed_function")).original == json.loads(sqs_message("dead_letter")["Body"])
    stored: Any = read(sqs_message("set_aside_stored")).stored
    assert stored == StoredOriginal(f"s3://data-bucket/undelivered/{stored.sha256}.json", stored.sha256, 500987)
    assert read(sqs_message("failed_batch")).batch == Batch(
        "arn:aws:dynamodb:eu-central-1:123456789012:table/training-dev-event-log/stream/2026-11-22T00:04:06.388",
        "shardId-00000001573689847184-864758bb",
        "800000000003126276362",
        "800000000003126276390",
    )


def test_an_event_that_was_moved_by_hand_is_read_as_a_dead_letter():
    message_read = read(sqs_message("dead_letter") | {"MessageAttributes": {}})
    assert (message_read.shape, message_read.reason, message_read.names) == ("dead_letter", None, RECORDER)


KEYS = ["detail-type", "source", "detail", "reason", "set_aside_by", "original", "original_at", "original_sha256", "dynamodb"]
INFO = ["streamArn", "shardId", "startSequenceNumber", "endSequenceNumber", "batchSize"]
bodies = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys([*KEYS, "requestPayload", "responsePayload"], loose_values)
    | {
        "DDBStreamBatchInfo": st.fixed_dictionaries({}, optional=dict.fromkeys(INFO, loose_values | st.just("7")))
        | loose_values,
        "requestContext": st.fixed_dictionaries({}, optional={"condition": loose_values}) | loose_values,
    },
)


@given(loose_text | bodies.map(json.dumps) | loose_values.map(json.dumps) | st.just("[" * 100_000))
@example(json.dumps({"reason": "\ud800", "set_aside_by": "\udfff", "original": "\ud800"}))
def test_any_text_in_the_queue_is_listed(body):
    message_read = read(message(1, body))
    assert message_read.message_id == "m-1"
    assert message_read.body == body
    assert message_read.names is not None
    for text in (message_read.reason, message_read.explanation, *message_read.names):
        assert text is None or text.encode().decode() == text  # it can be printed


@given(st.integers(0, 45), st.data())
def test_each_message_is_listed_once_and_all_are_given_back(size, data):
    twice = data.draw(st.sets(st.integers(0, 44).map("m-{}".format)))
    queue = Queue(*map(message, range(size)), twice=twice)
    with read_queue(queue) as reader:
        assert sorted(received.message_id for received in reader.messages()) == sorted(queue.messages)
    assert len(queue.messages) == size
    assert not queue.hidden


@given(st.sets(st.integers(0, 24)))
def test_only_removed_messages_leave_the_queue(removed):
    queue = Queue(*map(message, range(25)))
    with read_queue(queue) as reader:
        for received in reader.messages():
            if int(received.message_id[2:]) in removed:
                reader.remove(received)
    assert queue.messages.keys() == {f"m-{number}" for number in set(range(25)) - removed}
    assert not queue.hidden & queue.messages.keys()


@pytest.mark.parametrize("end", [KeyboardInterrupt, ClientError({"Error": {"Code": "ExpiredToken"}}, "ReceiveMessage")])
def test_all_messages_are_given_back_when_reading_fails(end):
    queue = Queue(*map(message, range(25)))
    with pytest.raises(BaseException) as raised, read_queue(queue) as reader:  # noqa: PT011, PT012
        next(reader.messages())
        raise end
    assert raised.type in (end, type(end))
    assert not queue.hidden


def test_an_error_while_giving_back_does_not_hide_the_first_error(monkeypatch):
    def refuse(**_):
        raise ClientError({"Error": {"Code": "ExpiredToken"}}, "ChangeMessageVisibilityBatch")

    queue = Queue(message(1))
    monkeypatch.setattr(queue, "change_message_visibility_batch", refuse)
    with pytest.raises(KeyboardInterrupt), read_queue(queue) as reader:  # noqa: PT012
        next(reader.messages())
        raise KeyboardInterrupt


def test_reading_ends_although_messages_reappear_while_it_reads():
    queue = Queue(*map(message, range(7)), hides=False)
    with read_queue(queue) as reader:
        assert len(list(reader.messages())) == 7
