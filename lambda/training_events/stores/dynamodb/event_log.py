"""The event log in DynamoDB: partition key `stream`, sort key `position`. Only conditional PutItem writes to it."""

from __future__ import annotations

import time
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from botocore.exceptions import ClientError

from training_events.errors import Conflict, TooLarge
from training_events.stores.admission import is_admitted
from training_events.stores.damage import audited_or_damaged, event_or_damaged, undamaged
from training_events.stores.dynamodb.item import ENTRY_ATTRIBUTES, audit_item, from_item, to_entries, to_item
from training_events.stores.event_log import Appended, Moment, Page, RecordedPage
from training_events.times import TEXT_LENGTH, now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

    from training_events.event import Event, LogEntry, RecordedEvent
    from training_events.stores.dynamodb.item import Item
    from training_events.stores.event_log import Alteration, AuditedEvent, Damaged


MAX_FETCHED = 100
"""Items in a BatchGetItem: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html"""
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.05, 5.0
"""Each further pause is twice as long."""


class AuditedPage(NamedTuple):
    """A part of a walk through the log: records with their streams, and the token of the next page (None at the end)."""

    records: list[tuple[str, AuditedEvent | Damaged]]
    after: str | None


class DynamoDbLog:
    """An EventLog in one table. Throttling, denial and broken connections are raised as botocore raises them.

    The client needs no parameter validation: what is put was built from an Event, which has validated it.
    """

    def __init__(
        self,
        table: str,
        client: DynamoDBClient,
        clock: Callable[[], str] = now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.table = table
        self.client = client
        self._clock, self._sleep = clock, sleep

    def append(self, event: Event, *, account: str | None = None, accept_future: bool = False) -> Appended:
        recorded_at = self._clock()
        try:
            item = to_item(event, recorded_at, account)
        except TooLarge:
            if account is None or not self._has(event):  # before logs noted accounts, there was room for it
                raise
            return Appended.REPEATED
        if not is_admitted(event, recorded_at, item, from_item, audit_item, accept_future=accept_future, has=self._has):
            return Appended.REPEATED
        current = self._put(item, "attribute_not_exists(#stream)")  # no item has this whole key yet
        if current is None:
            return Appended.RECORDED
        # A put that was applied, lost its reply and was tried again gets this answer too: the item there tells which.
        recorded = current.get("digest", {}).get("S")  # absent where somebody altered the log
        if recorded == event.digest:
            return Appended.REPEATED
        key = f"{event.stream} {event.position}"
        raise Conflict(f"{event.digest} at {key!a}", f"the content recorded there, {recorded}")

    def _has(self, event: Event) -> bool:
        """Whether the log has this event. Asked by a put that is never done: who appends need not be allowed to read."""
        key: Item = {"stream": {"S": event.stream}, "position": {"S": event.position}}
        current = self._put(key, "attribute_not_exists(#stream) AND attribute_exists(#stream)")
        return current is not None and current.get("digest", {}).get("S") == event.digest

    def _put(self, item: Item, condition: str) -> Item | None:
        """Put an item if the condition holds for what is there. Returns what is there if it does not; None if it was put."""
        try:
            self.client.put_item(
                TableName=self.table,
                Item=item,
                ConditionExpression=condition,
                ExpressionAttributeNames={"#stream": "stream"},  # a reserved word
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self.client.exceptions.ConditionalCheckFailedException as refusal:
            return refusal.response.get("Item", {})  # type: ignore[return-value]  # stubs lack Item
        return None

    def read(self, stream: str, *, after: str = "") -> Iterator[RecordedEvent]:
        return undamaged(self._records(stream, after))

    def fetch(self, keys: Iterable[tuple[str, str]]) -> Iterator[RecordedEvent | Damaged | None]:
        waiting = iter(keys)
        while some := list(islice(waiting, MAX_FETCHED)):
            found = self._fetched(dict.fromkeys(some))
            for stream, position in some:
                item = found.get((stream, position))
                yield None if item is None else event_or_damaged(stream, position, item, from_item)

    def _fetched(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Item]:
        """The items at these different keys, at most MAX_FETCHED. An answer has 16 MB at most, and says which keys are left."""
        left: Any = [{"stream": {"S": stream}, "position": {"S": position}} for stream, position in keys]
        found: dict[tuple[str, str], Item] = {}
        pauses = 0
        while left:
            answer: Any = self.client.batch_get_item(RequestItems={self.table: {"Keys": left, "ConsistentRead": True}})
            items = answer["Responses"].get(self.table, [])
            found |= {(item["stream"]["S"], item["position"]["S"]): item for item in items}
            left = answer["UnprocessedKeys"].get(self.table, {}).get("Keys")
            if left and not items:  # throttled, which botocore does not see here
                self._sleep(min(MAX_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**pauses))
                pauses += 1
        return found

    def audit(self, stream: str) -> Iterator[AuditedEvent | Damaged]:
        return _audited(stream, chain.from_iterable(self._query(stream)))

    def recorded_after(self, stream: str, time: str) -> Iterator[RecordedPage]:
        # one pass: DynamoDB reads, and bills, all of the stream, and says how many items it passed over
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="#stream = :stream",
            FilterExpression="#recorded_at > :time",
            ExpressionAttributeNames={"#stream": "stream", "#recorded_at": "recorded_at"},
            ExpressionAttributeValues={":stream": {"S": stream}, ":time": {"S": time}},
            ConsistentRead=True,
        )
        for page in pages:
            yield RecordedPage(page["ScannedCount"] - page["Count"], _audited(stream, page["Items"]))

    def _records(self, stream: str, after: str) -> Iterator[RecordedEvent | Damaged]:
        for item in chain.from_iterable(self._query(stream, after)):
            yield event_or_damaged(stream, item["position"]["S"], item, from_item)

    def entries(self, stream: str, *, after: str = "", until: str | None = None) -> Iterator[LogEntry]:
        end = None if until is None else until + "$"  # sorts behind '#', which follows the time in every position
        return chain.from_iterable(map(to_entries, self._query(stream, after, end, **_only(*ENTRY_ATTRIBUTES))))

    def moments(self, stream: str) -> Iterator[Moment]:
        for page in self._query(stream, **_only("position", "recorded_at")):
            for item in page:
                yield Moment(item["position"]["S"][:TEXT_LENGTH], item.get("recorded_at", {}).get("S", ""))

    def alterations(self, stream: str | None = None) -> Iterator[Alteration]:  # noqa: ARG002 - as the protocol has it
        return iter(())

    def streams(self) -> Iterator[str]:
        seen: set[str] = set()  # DynamoDB does not promise that a scan gives a stream's items one after the other
        for page in self.client.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True, **_only("stream")):
            new = {item["stream"]["S"] for item in page["Items"]} - seen
            seen |= new
            yield from new

    def scan(self, part: int, parts: int, after: str | None = None) -> Iterator[Page]:
        request = {"Segment": part, "TotalSegments": parts, **_only("stream", *ENTRY_ATTRIBUTES)}
        if after is not None:
            request["ExclusiveStartKey"] = msgspec.json.decode(after)
        for page in self.client.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True, **request):
            items, last = page["Items"], page.get("LastEvaluatedKey")
            streams = (item["stream"]["S"] for item in items)
            yield Page(list(zip(streams, to_entries(items), strict=True)), msgspec.json.encode(last).decode() if last else None)

    def audit_all(self, after: str | None = None) -> Iterator[AuditedPage]:
        """Every record of every stream, whatever was done to it, in no particular order, behind the page with this token."""
        request = {} if after is None else {"ExclusiveStartKey": msgspec.json.decode(after)}
        pages: Any = self.client.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True, **request)
        for page in pages:
            last = page.get("LastEvaluatedKey")
            records = [(item["stream"]["S"], next(_audited(item["stream"]["S"], [item]))) for item in page["Items"]]
            yield AuditedPage(records, msgspec.json.encode(last).decode() if last else None)

    def approximate_count(self) -> int | None:
        """How many events the log has, as DynamoDB counted them some hours ago; None where the caller may not ask.

        https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
        """
        try:
            return self.client.describe_table(TableName=self.table)["Table"]["ItemCount"]
        except ClientError:
            return None

    def _query(self, stream: str, after: str = "", end: str | None = None, **more: Any) -> Iterator[list[Item]]:
        """The stream's items behind `after` and before `end`, in pages of at most 1 MB."""
        if end is not None and after >= end:
            return  # DynamoDB refuses a range that ends before it begins
        condition, bounds = _range(after, end)
        aliases = {"#stream": "stream"} | ({"#position": "position"} if bounds else {})  # DynamoDB refuses unused ones
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression=f"#stream = :stream{condition}",
            ExpressionAttributeNames=more.pop("ExpressionAttributeNames", {}) | aliases,
            ExpressionAttributeValues={":stream": {"S": stream}, **bounds},
            ConsistentRead=True,  # a program has to see what it has just recorded
            **more,
        )
        for page in pages:
            items = page["Items"]
            # BETWEEN includes its ends. No event has the position `end`, but one may have `after`, which is left out
            yield items[1:] if items and items[0]["position"]["S"] == after else items

    def close(self) -> None:
        self.client.close()


def _audited(stream: str, items: Iterable[Item]) -> Iterator[AuditedEvent | Damaged]:
    for item in items:
        yield audited_or_damaged(stream, item["position"]["S"], item, audit_item, from_item)


def _range(after: str, end: str | None) -> tuple[str, dict[str, Any]]:
    """The condition on the sort key, and its values. DynamoDB takes only one condition."""
    if after and end is not None:
        return " AND #position BETWEEN :after AND :end", {":after": {"S": after}, ":end": {"S": end}}
    if after:
        return " AND #position > :after", {":after": {"S": after}}
    if end is not None:
        return " AND #position < :end", {":end": {"S": end}}
    return "", {}


def _only(*attributes: str) -> dict[str, Any]:
    """The parameters that ask for these attributes only. By aliases, because many of the names are reserved words."""
    aliases = {f"#{name}": name for name in attributes}
    return {"ProjectionExpression": ", ".join(aliases), "ExpressionAttributeNames": aliases}
