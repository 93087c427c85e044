"""How DynamoDB lists read models: from several partitions, and together with what version 0.1.0 put under one key."""

import zlib

import pytest
from botocore.exceptions import ClientError
from training_events import aws
from training_events.stores.dynamodb.read_models import SHARDS

from tests.support.dynamodb import READ_MODELS, dynamodb_read_models
from tests.support.fakes import refuse

STREAMS = [f"run/{number:02d}" for number in range(30)]


@pytest.fixture
def read_models(monkeypatch):
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    with dynamodb_read_models() as read_models:
        yield read_models


def first_at(stream):
    return f"2026-11-22T15:08:{stream[-2:]}.000000Z"


def put(read_models, stream, replaces=None):
    read_models.put(stream, b"{}", summary=f'"{stream}"'.encode(), first_at=first_at(stream), replaces=replaces)


def put_as_0_1_0(read_models, stream):
    item = {
        "stream": {"S": stream},
        "kind": {"S": stream.partition("/")[0]},
        "first_at": {"S": f"{first_at(stream)}#{stream}"},
        "revision": {"N": "1"},
        "state": {"B": zlib.compress(b"{}")},
        "summary": {"S": f'"{stream}"'},
    }
    aws.client("dynamodb").put_item(TableName=READ_MODELS, Item=item)
    return item


def listed(read_models):
    return [summary.decode().strip('"') for summary in read_models.summaries("run")]


def items(read_models):
    return read_models.client.scan(TableName=READ_MODELS)["Items"]


def test_no_partition_of_an_index_gets_all_summaries_of_a_kind(read_models):
    for stream in STREAMS:
        put(read_models, stream)
    assert len({item["shard"]["S"] for item in items(read_models)}) == SHARDS
    assert not any("kind" in item for item in items(read_models)), "that index has one partition for a kind"
    assert listed(read_models) == STREAMS[::-1]


def test_what_an_older_version_put_is_listed_in_its_place_until_it_is_put_again(read_models):
    for number, stream in enumerate(STREAMS):
        (put_as_0_1_0 if number % 3 else put)(read_models, stream)
    assert listed(read_models) == STREAMS[::-1]
    for number, stream in enumerate(STREAMS):
        put(read_models, stream, replaces=1)
        assert listed(read_models) == STREAMS[::-1], number
    assert not any("kind" in item for item in items(read_models))


def test_an_item_that_both_indexes_have_for_a_moment_is_listed_once(read_models):
    put(read_models, "run/01")
    item = items(read_models)[0] | {"kind": {"S": "run"}}
    aws.client("dynamodb").put_item(TableName=READ_MODELS, Item=item)
    assert listed(read_models) == ["run/01"]


def test_a_table_that_was_not_deployed_again_is_listed(read_models):
    put_as_0_1_0(read_models, "run/01")
    client = read_models.client
    client.update_table(TableName=READ_MODELS, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by_shard"}}])
    assert listed(read_models) == ["run/01"]


@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException"])
def test_an_index_that_may_not_be_read_is_no_empty_one(read_models, code):
    put(read_models, "run/01")
    refuse(read_models.client, "Query", float("inf"), code)
    with pytest.raises(ClientError) as raised:
        listed(read_models)
    assert raised.value.response["Error"]["Code"] == code
