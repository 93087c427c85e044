"""Read models in DynamoDB: one item for each stream, with its state compressed. An index by kind holds the summaries.

A note is an item whose key is `#` and the note's name. No stream's name begins so; without `shard` it is not in the index. A
note that will be due is in the older index, under a kind that no stream has.
"""

from __future__ import annotations

import zlib
from heapq import merge
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from zlib import crc32

from botocore.exceptions import ClientError

from training_events.errors import Overtaken, TooLarge
from training_events.event import MAX_POSITION_BYTES
from training_events.stores.dynamodb.item import MAX_ITEM_BYTES, item_bytes
from training_events.stores.read_models import ReadModel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

    from training_events.stores.dynamodb.item import Item

BY_KIND, BY_SHARD = "by_kind", "by_shard"
SHARDS = 8
"""How many partitions of the index have the summaries of a kind. Each takes 1,000 writes a second; a listing reads them all.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-sharding.html"""
_DUE = "#due"
_ZLIB_LEVEL = 6
"""Higher levels take several times as long, to save one byte in a hundred."""


class DynamoDbReadModels:
    """ReadModels in one table. What AWS answers is raised as botocore raises it."""

    def __init__(self, table: str, client: DynamoDBClient) -> None:
        self.table = table
        self.client = client

    def get(self, stream: str) -> ReadModel | None:
        item = self._item(stream)
        return None if item is None else model_in(item)

    def revision(self, stream: str) -> int | None:
        found = self.client.get_item(  # not consistent, for half the price
            TableName=self.table, Key={"stream": {"S": stream}}, ProjectionExpression="revision"
        )
        return int(found["Item"]["revision"]["N"]) if "Item" in found else None

    def put(
        self,
        stream: str,
        state: bytes,
        *,
        summary: bytes,
        first_at: str,
        replaces: int | None,
        settled: bytes | None = None,
    ) -> None:
        item: Item = {
            "stream": {"S": stream},
            "shard": {"S": _shard(stream.partition("/")[0], crc32(stream.encode()) % SHARDS)},
            "first_at": {"S": _sort_key(f"{first_at}#{stream}")},
            "revision": {"N": str((replaces or 0) + 1)},
            "state": {"B": zlib.compress(state, _ZLIB_LEVEL)},
            "summary": {"S": summary.decode()},
        }
        if settled is not None:
            item["settled"] = {"B": zlib.compress(settled, _ZLIB_LEVEL)}
        if (size := item_bytes(item)) > MAX_ITEM_BYTES:
            raise TooLarge(f"the state makes an item of {size} bytes", f"at most {MAX_ITEM_BYTES} bytes (DynamoDB)")
        try:
            self.client.put_item(
                TableName=self.table, Item=item, ReturnValuesOnConditionCheckFailure="ALL_OLD", **_replacing(replaces)
            )
        except self.client.exceptions.ConditionalCheckFailedException as refusal:
            # a put that was applied, lost its reply and was tried again gets this answer too: then the item is there
            if refusal.response.get("Item") != item:
                raise Overtaken(f"the read model of {stream!a} is not at revision {replaces} any more") from None

    def remove(self, stream: str, *, replaces: int) -> None:
        key: Item = {"stream": {"S": stream}}
        try:
            self.client.delete_item(
                TableName=self.table, Key=key, ReturnValuesOnConditionCheckFailure="ALL_OLD", **_replacing(replaces)
            )
        except self.client.exceptions.ConditionalCheckFailedException as refusal:
            if "Item" in refusal.response:
                raise Overtaken(f"the read model of {stream!a} is not at revision {replaces} any more") from None

    def summaries(self, kind: str) -> Iterator[bytes]:
        # version 0.1.0 put all of a kind under one key, in an index of its own, where they stay until they are put again
        parts = [self._listed(BY_KIND, "kind", kind)]
        parts += [self._listed(BY_SHARD, "shard", _shard(kind, number)) for number in range(SHARDS)]
        last = None
        for listed in merge(*parts, key=itemgetter(0), reverse=True):
            if listed[0] != last:  # the indexes are a moment behind: for so long an item may be in both
                yield listed[1]
            last = listed[0]

    def _listed(self, index: str, key: str, value: str) -> Iterator[tuple[tuple[str, str], bytes]]:
        """The summaries under a key of an index, the newest first, each with what it is sorted by."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            IndexName=index,
            KeyConditionExpression="#key = :key",
            ProjectionExpression="#first_at, #stream, #summary",
            ExpressionAttributeNames={"#key": key, "#first_at": "first_at", "#stream": "stream", "#summary": "summary"},
            ExpressionAttributeValues={":key": {"S": value}},
            ScanIndexForward=False,
        )
        try:
            for page in pages:
                for item in page["Items"]:
                    yield (item["first_at"]["S"], item["stream"]["S"]), item["summary"]["S"].encode()
        except ClientError as error:
            if index != BY_SHARD or not _is_no_index(error):
                raise  # a table of version 0.1.0 that was not deployed again has one index, and all is in it

    def search_index(self, _kind: str) -> None:
        return None

    def streams(self) -> Iterator[str]:
        pages = self.client.get_paginator("scan").paginate(
            TableName=self.table,
            ConsistentRead=True,
            ProjectionExpression="#stream",
            ExpressionAttributeNames={"#stream": "stream"},
        )
        for page in pages:
            yield from (name for item in page["Items"] if not (name := item["stream"]["S"]).startswith("#"))

    def unprojected(self, _stream: str) -> None:
        return None

    def note(self, name: str) -> bytes | None:
        item = self._item(f"#{name}")
        return None if item is None else bytes(item["value"]["B"])

    def set_note(self, name: str, value: bytes | None, *, due: str | None = None) -> None:
        key: Item = {"stream": {"S": f"#{name}"}}
        if value is None:
            self.client.delete_item(TableName=self.table, Key=key)
            return
        item: Item = {**key, "value": {"B": value}}
        if due is not None:
            item |= {"kind": {"S": _DUE}, "first_at": {"S": _sort_key(f"{due}#{name}")}}
        self.client.put_item(TableName=self.table, Item=item)

    def due_notes(self, by: str) -> Iterator[str]:
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            IndexName=BY_KIND,
            KeyConditionExpression="#kind = :kind AND #due < :end",
            ProjectionExpression="#stream",
            ExpressionAttributeNames={"#kind": "kind", "#due": "first_at", "#stream": "stream"},
            ExpressionAttributeValues={":kind": {"S": _DUE}, ":end": {"S": f"{by}$"}},  # sorts behind '#'
        )
        for page in pages:
            yield from (item["stream"]["S"].removeprefix("#") for item in page["Items"])

    def _item(self, key: str) -> Any:
        # a program has to see what it has just written
        return self.client.get_item(TableName=self.table, Key={"stream": {"S": key}}, ConsistentRead=True).get("Item")


def model_in(item: Item) -> ReadModel:
    """The read model in an item of the table."""
    settled = _decompressed(item, "settled") if "settled" in item else None
    return ReadModel(item["stream"]["S"], int(item["revision"]["N"]), _decompressed(item, "state"), settled)


def note_in(item: Item) -> tuple[str, bytes] | None:
    """The name and the value of the note in an item of the table; None where it is no note."""
    name = item["stream"]["S"]
    return (name.removeprefix("#"), bytes(item["value"]["B"])) if name.startswith("#") and "value" in item else None


def _shard(kind: str, number: int) -> str:
    return f"{kind}#{number}"


def _is_no_index(error: ClientError) -> bool:
    """Whether the table has no such index: DynamoDB answers with a ValidationException, moto with its own."""
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    return code in {"ValidationException", "ResourceNotFoundException"} and "index: " in message


def _replacing(revision: int | None) -> Any:
    """The parameters for the condition that nobody has written since this revision."""
    if revision is None:
        return {"ConditionExpression": "attribute_not_exists(#stream)", "ExpressionAttributeNames": {"#stream": "stream"}}
    return {
        "ConditionExpression": "#revision = :revision",
        "ExpressionAttributeNames": {"#revision": "revision"},
        "ExpressionAttributeValues": {":revision": {"N": str(revision)}},
    }


def _sort_key(text: str) -> str:
    """The text, cut to what a sort key may hold. The time comes first: only the end of a very long name is lost."""
    return text.encode()[:MAX_POSITION_BYTES].decode(errors="ignore")


def _decompressed(item: Item, name: str) -> bytes:
    """A state; empty if somebody has put something else there, and then it is folded again."""
    try:
        return zlib.decompress(item[name]["B"])
    except (KeyError, zlib.error):
        return b""
