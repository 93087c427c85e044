"""Looking into the undelivered queue: every shape of message, and a queue that is afterwards as it was before."""

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
READ = {
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


def look(queue):
    return QueueReader(queue.url, queue)


def test_every_sample_is_read_here():
    assert READ.keys() == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_message_is_read(name):
    received = sqs_message(name)
    found: Any = read(received)
    shape, reason, explanation, names = READ[name]
    assert (found.shape, found.reason, found.names) == (shape, reason, names)
    assert found.explanation.startswith(explanation)
    assert (found.message_id, found.sent_at, found.body) == (f"message-{name}", "2026-11-22T15:08:41.512000Z", received["Body"])


def test_what_a_message_stands_for():
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


def test_an_event_that_was_moved_by_hand_is_an_event_still():
    found = read(sqs_message("dead_letter") | {"MessageAttributes": {}})
    assert (found.shape, found.reason, found.names) == ("dead_letter", None, RECORDER)


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
def test_whatever_someone_puts_there_is_listed(body):
    found = read(message(1, body))
    assert found.message_id == "m-1"
    assert found.body == body
    assert found.names is not None
    for text in (found.reason, found.explanation, *found.names):
        assert text is None or text.encode()


@given(st.integers(0, 45), st.data())
def test_each_message_is_listed_once_and_all_are_given_back(size, data):
    twice = data.draw(st.sets(st.integers(0, 44).map("m-{}".format)))
    queue = Queue(*map(message, range(size)), twice=twice)
    with look(queue) as reader:
        assert sorted(found.message_id for found in reader.messages()) == sorted(queue.messages)
    assert len(queue.messages) == size
    assert not queue.hidden


@given(st.sets(st.integers(0, 24)))
def test_only_what_is_removed_is_gone(removed):
    queue = Queue(*map(message, range(25)))
    with look(queue) as reader:
        for found in reader.messages():
            if int(found.message_id[2:]) in removed:
                reader.remove(found)
    assert queue.messages.keys() == {f"m-{number}" for number in set(range(25)) - removed}
    assert not queue.hidden & queue.messages.keys()


@pytest.mark.parametrize("end", [KeyboardInterrupt, ClientError({"Error": {"Code": "ExpiredToken"}}, "ReceiveMessage")])
def test_all_are_given_back_however_it_ends(end):
    queue = Queue(*map(message, range(25)))
    with pytest.raises(BaseException) as raised, look(queue) as reader:  # noqa: PT011, PT012
        next(reader.messages())
        raise end
    assert raised.type in (end, type(end))
    assert not queue.hidden


def test_failing_to_give_back_hides_no_other_error(monkeypatch):
    def refuse(**_):
        raise ClientError({"Error": {"Code": "ExpiredToken"}}, "ChangeMessageVisibilityBatch")

    queue = Queue(message(1))
    monkeypatch.setattr(queue, "change_message_visibility_batch", refuse)
    with pytest.raises(KeyboardInterrupt), look(queue) as reader:  # noqa: PT012
        next(reader.messages())
        raise KeyboardInterrupt


def test_a_walk_that_is_slower_than_the_messages_come_back_ends():
    queue = Queue(*map(message, range(7)), hides=False)
    with look(queue) as reader:
        assert len(list(reader.messages())) == 7
