"""DynamoDB's faults: no event is lost or recorded twice, and what cannot be recorded raises."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from msgspec.structs import replace
from training_events import aws
from training_events.errors import Conflict, DamagedEvent, TooLarge
from training_events.event import Event, RecordedEvent
from training_events.stores.dynamodb.event_log import DynamoDbLog
from training_events.stores.dynamodb.item import MAX_ITEM_BYTES, item_bytes, to_item
from training_events.stores.event_log import Appended, Damaged

from tests.support.dynamodb import TABLE, dynamodb_log
from tests.support.fakes import lose_replies, refuse

EVENT = Event("e-1", "run/a", "Happened", "2026-11-22T15:08:39.955123Z", "tests", {"loss": 0.5})


@pytest.fixture
def log(monkeypatch):
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    with dynamodb_log() as log:
        yield log


def recorded(log):
    return [record.event for record in log.read("run/a")]


def test_where_a_reply_is_lost_the_sdks_own_retry_is_a_repeat(log):
    requests = lose_replies(log.client, "PutItem", times=1)
    assert log.append(EVENT) is Appended.REPEATED
    assert len(requests) == 2
    assert recorded(log) == [EVENT]


def test_where_every_reply_is_lost_append_raises_and_the_next_one_is_a_repeat(log):
    requests = lose_replies(log.client, "PutItem", times=aws.MAX_ATTEMPTS)
    with pytest.raises(ConnectionClosedError):
        log.append(EVENT)
    assert len(requests) == aws.MAX_ATTEMPTS
    assert log.append(EVENT) is Appended.REPEATED
    assert recorded(log) == [EVENT]


@pytest.mark.parametrize("code", ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"])
def test_an_append_that_is_throttled_is_tried_again(log, code):
    requests = refuse(log.client, "PutItem", 2, code)
    assert log.append(EVENT) is Appended.RECORDED
    assert len(requests) == 3
    assert recorded(log) == [EVENT]


@pytest.mark.parametrize(
    ("code", "attempts"),
    [("ThrottlingException", aws.MAX_ATTEMPTS), ("AccessDeniedException", 1), ("ResourceNotFoundException", 1)],
)
def test_an_error_of_aws_is_raised_as_it_is(log, code, attempts):
    requests = refuse(log.client, "PutItem", float("inf"), code)
    with pytest.raises(ClientError) as raised:
        log.append(EVENT)
    assert raised.value.response["Error"]["Code"] == code
    assert len(requests) == attempts
    assert recorded(log) == []


def test_the_largest_event_is_put_and_one_byte_more_is_not_even_sent():
    def sized(filling):
        return Event("e-1", "run/a", "Happened", "2026-11-22T15:08:39.955123Z", "tests", {"é": filling})

    sent = []
    # moto counts in another way, so this client takes whatever it gets
    log = DynamoDbLog(TABLE, SimpleNamespace(put_item=lambda **request: sent.append(request)))  # type: ignore[arg-type]
    room = MAX_ITEM_BYTES - item_bytes(to_item(sized(""), "2026-11-22T15:08:40.000000Z"))
    with pytest.raises(TooLarge, match=f"{MAX_ITEM_BYTES + 1} bytes.*{MAX_ITEM_BYTES} bytes"):
        log.append(sized("x" * (room + 1)))
    assert sent == []
    log.append(sized("x" * room))
    assert len(sent) == 1


class ThereError(Exception):
    def __init__(self, item):
        self.response = {"Item": item}


class AnyPut:
    """A table that takes items of any size: moto counts in another way than DynamoDB."""

    exceptions = SimpleNamespace(ConditionalCheckFailedException=ThereError)

    def __init__(self):
        self.items = {}

    def put_item(self, *, Item, **_):  # noqa: N803 - botocore's name
        key = Item["stream"]["S"], Item["position"]["S"]
        if key in self.items or len(Item) == len(key):
            raise ThereError(self.items.get(key, {}))
        self.items[key] = Item


def test_what_was_recorded_while_there_was_room_for_it_is_a_repeat_though_its_account_makes_it_too_large():
    log = DynamoDbLog(TABLE, AnyPut())  # type: ignore[arg-type]
    room = MAX_ITEM_BYTES - item_bytes(to_item(replace(EVENT, data={"text": ""}), "2026-11-22T15:08:40.000000Z"))
    largest = replace(EVENT, data={"text": "x" * room})
    with pytest.raises(TooLarge):
        log.append(largest, account="123456789012")
    assert log.append(largest) is Appended.RECORDED
    assert log.append(largest, account="123456789012") is Appended.REPEATED


def test_what_a_fetch_leaves_out_because_the_table_is_throttled_is_asked_for_again():
    item = to_item(EVENT, "2026-11-22T15:08:40.000000Z")
    key = {"stream": item["stream"], "position": item["position"]}
    left = {TABLE: {"Keys": [key]}}
    answers = iter([{"Responses": {}, "UnprocessedKeys": left}] * 9 + [{"Responses": {TABLE: [item]}, "UnprocessedKeys": {}}])
    asked: list[Any] = []
    pauses: list[float] = []

    def batch_get_item(**request):
        asked.append(request["RequestItems"][TABLE]["Keys"])
        return next(answers)

    log = DynamoDbLog(TABLE, SimpleNamespace(batch_get_item=batch_get_item), sleep=pauses.append)  # type: ignore[arg-type]
    [found] = log.fetch([(EVENT.stream, EVENT.position)])
    assert found == RecordedEvent(EVENT, "2026-11-22T15:08:40.000000Z", EVENT.digest)
    assert asked == [[key]] * 10
    assert (pauses[0], pauses[1], max(pauses), len(pauses)) == (0.05, 0.1, 5.0, 9)


def test_the_size_is_counted_by_dynamodbs_rules():
    item: Any = {
        "ab": {"S": "é"},  # 2 + 2
        "n": {"N": "12345"},  # 1 + 3 for the digits + 1
        "m": {"M": {"x": {"S": "yy"}}},  # 1 + 3 + 1 + (1 + 2)
        "l": {"L": [{"S": "a"}, {"N": "1"}]},  # 1 + 3 + 2 + 1 + 2
    }
    assert item_bytes(item) == 4 + 5 + 8 + 9


def requests_of(log):
    """A list that gets every request from now on: its operation and its parameters."""
    seen = []

    def note(request, **_):
        seen.append((request.headers["X-Amz-Target"].decode().partition(".")[2], json.loads(request.body)))

    log.client.meta.events.register_first("before-send.*", note)
    return seen


def test_only_operations_that_the_roles_allow_are_used(log):
    requests = requests_of(log)
    log.append(EVENT)
    log.append(EVENT)
    recorded(log)
    list(log.audit("run/a"))
    list(log.entries("run/a"))
    assert [operation for operation, _ in requests] == ["PutItem", "PutItem", "Query", "Query", "Query"]
    list(log.streams())
    list(log.scan(0, 1))
    assert [operation for operation, _ in requests[5:]] == ["Scan", "Scan"]
    assert all(parameters["ConsistentRead"] for operation, parameters in requests if operation != "PutItem")


def test_dynamodb_itself_cuts_a_range_out_of_a_stream(log):
    """Reading the end of a long stream must not cost as much as reading all of it."""
    requests = requests_of(log)
    after, until = EVENT.position, "2026-11-22T15:08:40.000000Z"
    for asked in ({"after": after}, {"until": until}, {"after": after, "until": until}):
        list(log.entries("run/a", **asked))
    assert [parameters["KeyConditionExpression"].partition("#position ")[2] for _, parameters in requests] == [
        "> :after", "< :end", "BETWEEN :after AND :end",
    ]  # fmt: skip
    assert all("#extensions" not in parameters["ProjectionExpression"] for _, parameters in requests)
    requests.clear()
    assert list(log.entries("run/a", after=after, until="2026-11-22T15:08:38.000000Z")) == []
    assert requests == []  # DynamoDB refuses a range that ends before it begins


DAMAGE: dict[str, list[Any]] = {
    "data": [None, {"N": "7"}, {"S": "[]"}, {"S": "{"}, {"S": ""}, {"S": '{"a":NaN}'}, {"S": '{"a":"\\ud800"}'}, {"B": b"{}"},
             {"S": "[" * 5000}, {"S": '{"a":' + "[" * 70 + "]" * 70 + "}"}],
    "schema_version": [None, {"S": "1"}, {"N": "0"}, {"N": "-1"}, {"N": "1.5"}, {"N": "99999999999999999999"}],
    "type": [None, {"S": " "}, {"N": "7"}, {"NULL": True}, {"L": []}],
    "occurred_at": [None, {"S": "yesterday"}, {"S": "2026-11-22T15:08:39.955124Z"}],
    "event_id": [None, {"S": "e-2"}, {"M": {}}],
    "source": [None, {"BOOL": True}],
    "producer": [{"S": "p"}, {"M": {}}, {"M": {"id": {"S": "p"}, "sequence": {"N": "0"}}},
                 {"M": {"id": {"S": "p"}, "sequence": {"S": "1"}}}],
    "correlation_id": [{"S": " "}, {"N": "1"}],
    "resources": [{"S": "r"}, {"L": [{"N": "1"}]}, {"SS": ["r"]}],
    "extensions": [{"M": {}}, {"S": "[]"}, {"S": "x"}],
    "digest": [None, {"N": "1"}],
    "recorded_at": [None, {"N": "1"}],
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in DAMAGE.items() for value in values])
def test_a_damaged_item_is_reported_and_does_not_stop_a_walk(log, name, value):
    log.append(EVENT)
    [item] = log.client.scan(TableName=TABLE)["Items"]
    log.client.put_item(
        TableName=TABLE, Item={key: content for key, content in {**item, name: value}.items() if content is not None}
    )
    [damaged] = log.audit("run/a")
    assert isinstance(damaged, Damaged)
    assert (damaged.stream, damaged.position) == ("run/a", EVENT.position)
    assert damaged.why
    with pytest.raises(DamagedEvent, match="cannot be read as an event"):
        recorded(log)
    [entry] = log.entries("run/a")
    assert [list(map(type, entry[:5])), entry.position] == [[str, str, str, int, str], EVENT.position]
    assert [entry for page in log.scan(0, 1) for _, entry in page.entries] == [entry]
    if name == "digest":
        with pytest.raises(Conflict):
            log.append(EVENT)


def test_numbers_and_text_are_stored_exactly_as_recorded(log):
    log.append(Event("e-2", "run/a", "T", "2026-11-22T15:08:39.955123Z", "s", {"seed": 2**64 - 1, "x": 0.1, "t": "é"}))
    [item] = log.client.scan(TableName=TABLE)["Items"]
    assert item["data"] == {"S": '{"seed":18446744073709551615,"t":"é","x":0.1}'}
    assert item.keys() == {
        "stream", "position", "event_id", "occurred_at", "recorded_at", "type", "source", "schema_version", "data", "digest",
    }  # fmt: skip


def test_a_walk_through_every_record_goes_on_behind_any_page(log):
    events = [
        replace(EVENT, event_id=f"e-{number}", stream=f"run/{number}", data={"text": "x" * 300_000}) for number in range(5)
    ]
    for event in events:
        log.append(event, account="111122223333")
    pages = list(log.audit_all())
    assert len(pages) > 1
    records = [(stream, record.digest, record.account) for page in pages for stream, record in page.records]
    assert sorted(records) == [(event.stream, event.digest, "111122223333") for event in events]
    assert pages[-1].after is None
    rest = [stream for page in log.audit_all(pages[0].after) for stream, _ in page.records]
    assert rest == [stream for page in pages[1:] for stream, _ in page.records]
