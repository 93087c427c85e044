"""DynamoDB's faults, for read models: no put is undone, and after a failure a writer can go on."""

import os

import pytest
from botocore.exceptions import ClientError
from training_events.errors import Overtaken, TooLarge
from training_events.stores.dynamodb.item import MAX_ITEM_BYTES
from training_events.stores.read_models import ReadModel

from tests.support.dynamodb import READ_MODELS, dynamodb_read_models
from tests.support.fakes import lose_replies, refuse

AT = "2026-11-22T15:08:39.955123Z"


@pytest.fixture
def read_models(monkeypatch):
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    with dynamodb_read_models() as read_models:
        yield read_models


def put(read_models, state, replaces=None):
    read_models.put("run/a", state, summary=b"{}", first_at=AT, replaces=replaces)


def test_where_a_reply_is_lost_the_sdks_own_retry_is_a_success(read_models):
    requests = lose_replies(read_models.client, "PutItem", times=2)
    put(read_models, b"1")
    assert len(requests) == 3
    put(read_models, b"2", replaces=1)
    assert read_models.get("run/a") == ReadModel("run/a", 2, b"2")


def test_a_put_that_another_writer_has_replaced_is_not_taken_for_a_success(read_models):
    put(read_models, b"1")
    put(read_models, b"2", replaces=1)
    with pytest.raises(Overtaken):
        put(read_models, b"1")
    assert read_models.get("run/a") == ReadModel("run/a", 2, b"2")


def test_a_removal_whose_reply_is_lost_is_a_success(read_models):
    put(read_models, b"1")
    requests = lose_replies(read_models.client, "DeleteItem", times=1)
    read_models.remove("run/a", replaces=1)
    assert len(requests) == 2
    assert read_models.get("run/a") is None


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException", "ResourceNotFoundException"])
def test_an_error_of_aws_is_raised_as_it_is(read_models, code):
    refuse(read_models.client, "PutItem", float("inf"), code)
    with pytest.raises(ClientError) as raised:
        put(read_models, b"1")
    assert raised.value.response["Error"]["Code"] == code


def test_the_size_of_the_compressed_state_counts(read_models):
    put(read_models, b"x" * 10 * MAX_ITEM_BYTES)
    with pytest.raises(TooLarge, match=f"at most {MAX_ITEM_BYTES} bytes"):
        put(read_models, os.urandom(MAX_ITEM_BYTES), replaces=1)
    assert read_models.get("run/a").revision == 1


def test_requests_and_items_are_what_the_projectors_rights_and_the_index_expect(read_models):
    used = []
    read_models.client.meta.events.register_first(
        "before-send.*", lambda request, **_: used.append(request.headers["X-Amz-Target"])
    )
    put(read_models, b"{}")
    read_models.get("run/a")
    assert [target.decode().partition(".")[2] for target in used] == ["PutItem", "GetItem"]
    read_models.set_note("rebuild", b"x")
    items = {item["stream"]["S"]: item for item in read_models.client.scan(TableName=READ_MODELS)["Items"]}
    assert items["run/a"].keys() == {"stream", "shard", "first_at", "revision", "state", "summary"}
    assert items["run/a"]["first_at"] == {"S": f"{AT}#run/a"}
    assert items["#rebuild"].keys() == {"stream", "value"}


@pytest.mark.parametrize("update", ["SET #state = :junk", "REMOVE #state"])
def test_a_state_that_somebody_damaged_is_read_as_empty_and_can_be_replaced(read_models, update):
    put(read_models, b"1")
    more = {"ExpressionAttributeValues": {":junk": {"B": b"junk"}}} if ":junk" in update else {}
    read_models.client.update_item(
        TableName=READ_MODELS,
        Key={"stream": {"S": "run/a"}},
        UpdateExpression=update,
        ExpressionAttributeNames={"#state": "state"},
        **more,
    )
    assert read_models.get("run/a") == ReadModel("run/a", 1, b"")
    put(read_models, b"2", replaces=1)
    assert read_models.get("run/a") == ReadModel("run/a", 2, b"2")
