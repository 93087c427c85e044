"""DynamoDB's faults: nothing is lost, nothing is doubled, and what cannot be is said."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from training_events import aws
from training_events.dynamodb_item import item_bytes, to_item
from training_events.dynamodb_log import MAX_ITEM_BYTES, DynamoDbLog
from training_events.errors import TooLarge
from training_events.event import Event
from training_events.log import Appended

from tests.dynamodb import TABLE, dynamodb_log
from tests.fakes import lose_replies, refuse

EVENT = Event("e-1", "run/a", "Happened", "2026-11-22T15:08:39.955123Z", "tests", {"loss": 0.5})


@pytest.fixture
def log(monkeypatch):
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    with dynamodb_log() as log:
        yield log


def recorded(log):
    return [record.event for record in log.read("run/a")]


def test_a_lost_reply_is_a_repeat_for_the_sdks_own_retry(log):
    requests = lose_replies(log._client, "PutItem", times=1)
    assert log.append(EVENT) is Appended.REPEATED
    assert len(requests) == 2
    assert recorded(log) == [EVENT]


def test_replies_lost_for_ever_raise_and_the_next_append_is_a_repeat(log):
    requests = lose_replies(log._client, "PutItem", times=aws.MAX_ATTEMPTS)
    with pytest.raises(ConnectionClosedError):
        log.append(EVENT)
    assert len(requests) == aws.MAX_ATTEMPTS
    assert log.append(EVENT) is Appended.REPEATED
    assert recorded(log) == [EVENT]


@pytest.mark.parametrize("code", ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"])
def test_throttled_then_taken(log, code):
    requests = refuse(log._client, "PutItem", 2, code)
    assert log.append(EVENT) is Appended.RECORDED
    assert len(requests) == 3
    assert recorded(log) == [EVENT]


@pytest.mark.parametrize(
    ("code", "attempts"),
    [("ThrottlingException", aws.MAX_ATTEMPTS), ("AccessDeniedException", 1), ("ResourceNotFoundException", 1)],
)
def test_what_may_succeed_later_raises_as_aws_said_it(log, code, attempts):
    requests = refuse(log._client, "PutItem", float("inf"), code)
    with pytest.raises(ClientError) as raised:
        log.append(EVENT)
    assert raised.value.response["Error"]["Code"] == code
    assert len(requests) == attempts
    assert recorded(log) == []


def test_the_largest_event_is_put_and_one_byte_more_is_refused_unsent():
    def sized(filling):
        return Event("e-1", "run/a", "Happened", "2026-11-22T15:08:39.955123Z", "tests", {"é": filling})

    sent = []
    # moto counts in a way of its own, so here the client only takes what it is given
    log = DynamoDbLog(TABLE, SimpleNamespace(put_item=lambda **request: sent.append(request)))  # type: ignore[arg-type]
    room = MAX_ITEM_BYTES - item_bytes(to_item(sized(""), "2026-11-22T15:08:40.000000Z"))
    with pytest.raises(TooLarge, match=f"{MAX_ITEM_BYTES + 1} bytes.*{MAX_ITEM_BYTES} bytes"):
        log.append(sized("x" * (room + 1)))
    assert sent == []
    log.append(sized("x" * room))
    assert len(sent) == 1


def test_the_size_is_counted_by_dynamodbs_rules():
    item: Any = {
        "ab": {"S": "é"},  # 2 + 2
        "n": {"N": "12345"},  # 1 + 3 for the digits + 1
        "m": {"M": {"x": {"S": "yy"}}},  # 1 + 3 + 1 + (1 + 2)
        "l": {"L": [{"S": "a"}, {"N": "1"}]},  # 1 + 3 + 2 + 1 + 2
    }
    assert item_bytes(item) == 4 + 5 + 8 + 9


def test_only_the_two_operations_the_roles_allow_are_used(log):
    used = []
    log._client.meta.events.register_first("before-send.*", lambda request, **_: used.append(request.headers["X-Amz-Target"]))
    log.append(EVENT)
    log.append(EVENT)
    recorded(log)
    assert used == [b"DynamoDB_20120810.PutItem", b"DynamoDB_20120810.PutItem", b"DynamoDB_20120810.Query"]


def test_numbers_and_text_are_stored_exactly_as_said(log):
    log.append(Event("e-2", "run/a", "T", "2026-11-22T15:08:39.955123Z", "s", {"seed": 2**64 - 1, "x": 0.1, "t": "é"}))
    [item] = log._client.scan(TableName=TABLE)["Items"]
    assert item["data"] == {"S": '{"seed":18446744073709551615,"t":"é","x":0.1}'}
    assert item.keys() == {
        "stream", "position", "event_id", "occurred_at", "recorded_at", "type", "source", "schema_version", "data", "digest",
    }  # fmt: skip
