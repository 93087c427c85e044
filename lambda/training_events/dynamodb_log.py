"""The event log in DynamoDB: partition key `stream`, sort key `position`; written by conditional PutItem alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.dynamodb_item import from_item, item_bytes, to_item
from training_events.errors import Conflict, TooLarge
from training_events.log import Appended
from training_events.times import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

    from training_events.event import Event, RecordedEvent

MAX_ITEM_BYTES = 400 * 1024
"""DynamoDB: the largest item, names and values together."""


class DynamoDbLog:
    """EventLog on one table. Throttling, denial and broken connections come through as botocore raises them.

    The client needs no parameter validation: what is put was validated as an Event, and built from nothing else.
    """

    def __init__(self, table: str, client: DynamoDBClient, clock: Callable[[], str] = now) -> None:
        self.table = table
        self._client = client
        self._clock = clock

    def append(self, event: Event) -> Appended:
        item = to_item(event, self._clock())
        if (size := item_bytes(item)) > MAX_ITEM_BYTES:
            raise TooLarge(f"the event makes an item of {size} bytes", f"at most {MAX_ITEM_BYTES} bytes (DynamoDB)")
        try:
            self._client.put_item(
                TableName=self.table,
                Item=item,
                ConditionExpression="attribute_not_exists(#stream)",  # of the item with this whole key
                ExpressionAttributeNames={"#stream": "stream"},  # a reserved word
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as refusal:
            # Also the answer to a put that was applied before, its reply lost, and tried again: what is there tells.
            recorded = refusal.response["Item"]["digest"]["S"]  # type: ignore[typeddict-item]  # stubs lack Item
            if recorded == event.digest:
                return Appended.REPEATED
            key = f"{event.stream} {event.position}"
            raise Conflict(f"{event.digest} at {key!a}", f"the content recorded there, {recorded}") from None
        return Appended.RECORDED

    def read(self, stream: str) -> Iterator[RecordedEvent]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="#stream = :stream",
            ExpressionAttributeNames={"#stream": "stream"},
            ExpressionAttributeValues={":stream": {"S": stream}},
            ConsistentRead=True,  # who has just recorded must see it
        )
        for page in pages:
            yield from map(from_item, page["Items"])
