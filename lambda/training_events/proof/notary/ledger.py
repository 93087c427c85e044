"""The notary's own table: which leaf each event has, the leaves in batches, and the head of the tree that they make.

One transaction takes up to 98 events: an item for each, on condition that it has none; their leaves as a batch; and the head,
on condition that the tree has not grown since it was read. So each event has exactly one leaf, however often it is delivered,
from however many shards, and to however many workers.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

from __future__ import annotations

import random
import time
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from training_events.errors import BadTree, Overtaken
from training_events.proof.merkle import MerkleTree
from training_events.proof.notary.items import (
    BATCH,
    HEAD_KEY,
    batch_item,
    batch_position,
    catch_up_item,
    leaf_item,
    leaf_number,
    read_batch_item,
    read_head_item,
    read_leaf_item,
)
from training_events.proof.tree.leaf import Leaf
from training_events.proof.tree.store import Head
from training_events.times import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

    from training_events.proof.notary.items import CatchUp, LedgerState
    from training_events.stores.dynamodb.item import Item

MAX_EVENTS = 98
"""A transaction has at most 100 actions; two of them are the batch and the head."""
MAX_BATCH_BYTES = 300_000
"""An item has at most 400 KB. The names of streams and sources can be long."""
MAX_ATTEMPTS = 20
"""How often a transaction is tried that another worker was faster than. Then Lambda delivers the events again."""

_LOST_RACE = {"ConditionalCheckFailed", "TransactionConflict"}


class Taken(NamedTuple):
    """What became of some events."""

    taken: int
    """So many have got their leaf."""
    repeated: int
    """So many had it already."""
    contradicted: list[Leaf]
    """These have a leaf that says something else: the event was removed from the log, and another put in its place."""


class Ledger:
    """One table, which is also the LeafIndex of the tree. What DynamoDB raises passes through.

    The client needs no parameter validation.
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
        self._last_head: Head | None = None

    def take(self, leaves: Iterable[Leaf]) -> Taken:
        """Give each of these events its leaf, in their order, unless it has one. They have to fit into a batch: `in_batches`.

        Raises Overtaken if other workers are faster again and again. Whatever it raises, all of the events were taken, or none.
        """
        pending: dict[tuple[str, str], Leaf] = {}
        contradicted = [leaf for leaf in leaves if pending.setdefault((leaf.stream, leaf.position), leaf) != leaf]
        repeated = 0
        for attempt in range(MAX_ATTEMPTS):
            if not pending:
                return Taken(0, repeated, contradicted)
            refused = self._append(list(pending.values()))
            if refused is None:
                return Taken(len(pending), repeated, contradicted)
            for leaf, item in refused:
                del pending[leaf.stream, leaf.position]
                if read_leaf_item(item) == leaf:
                    repeated += 1
                else:
                    contradicted.append(leaf)
            if not refused:
                self._sleep(random.uniform(0, min(1, 0.01 * 2**attempt)))  # noqa: S311 - so that two workers part
        raise Overtaken(f"other workers added to the notary's table {self.table!a} {MAX_ATTEMPTS} times before this one could")

    def _append(self, leaves: list[Leaf]) -> list[tuple[Leaf, Item]] | None:
        """Put the leaves behind the head. Returns None if they are there; if not, the events that have a leaf, with its item.

        Of those it returns none if only another worker was faster.
        """
        head = self._last_head or self.head()
        self._last_head = None  # until this transaction has an answer, nobody knows the head
        tree = MerkleTree(head.size, head.frontier)
        try:
            self.client.transact_write_items(TransactItems=self._actions(tree, leaves))
        except ClientError as refusal:
            reasons: Any = refusal.response.get("CancellationReasons", [])
            if not reasons or {reason["Code"] for reason in reasons} - _LOST_RACE - {"None"}:
                raise
            pairs = zip(leaves, reasons, strict=False)  # in the order of the actions; the last two are the batch and the head
            return [(leaf, reason.get("Item", {})) for leaf, reason in pairs if reason["Code"] == "ConditionalCheckFailed"]
        self._last_head = Head(tree.size, tree.frontier)
        return None

    def _actions(self, tree: MerkleTree, leaves: Sequence[Leaf]) -> list[Any]:
        """What puts the leaves behind this tree. Adds them to it."""
        size = tree.size
        contents = [leaf.content for leaf in leaves]
        for content in contents:
            tree.append(content)
        puts = [
            self._put_once(leaf_item(leaf, number)) | {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
            for number, leaf in enumerate(leaves, size)
        ]
        return [
            *({"Put": put} for put in [*puts, self._put_once(batch_item(size, contents))]),
            {"Update": self._grow(size, tree)},
        ]

    def _put_once(self, item: Item) -> dict[str, Any]:
        return {
            "TableName": self.table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(#stream)",
            "ExpressionAttributeNames": {"#stream": "stream"},
        }

    def _grow(self, before: int, tree: MerkleTree) -> dict[str, Any]:
        values: Item = {
            ":size": {"N": str(tree.size)},
            ":frontier": {"L": [{"B": node} for node in tree.frontier]},
            ":now": {"S": self._clock()},
        }
        return {
            "TableName": self.table,
            "Key": HEAD_KEY,
            "UpdateExpression": "SET #size = :size, #frontier = :frontier, #taken_at = :now",
            "ConditionExpression": "#size = :before" if before else "attribute_not_exists(#size)",
            "ExpressionAttributeNames": {"#size": "size", "#frontier": "frontier", "#taken_at": "taken_at"},
            "ExpressionAttributeValues": values | ({":before": {"N": str(before)}} if before else {}),
        }

    def lacking(self, leaves: Sequence[Leaf]) -> list[Leaf]:
        """Those of at most 100 events that have no leaf, or another one."""
        keys = [{"stream": {"S": leaf.stream}, "position": {"S": leaf.position}} for leaf in leaves]
        items: list[Any] = []
        while keys:
            answer: Any = self.client.batch_get_item(RequestItems={self.table: {"Keys": keys, "ConsistentRead": True}})
            items += answer["Responses"].get(self.table, [])
            keys = answer.get("UnprocessedKeys", {}).get(self.table, {}).get("Keys", [])
        present = {(item["stream"]["S"], item["position"]["S"]): read_leaf_item(item) for item in items}
        return [leaf for leaf in leaves if present.get((leaf.stream, leaf.position)) != leaf]

    def state(self) -> LedgerState:
        """What the table's head says now. Raises BadTree if it is none."""
        item: Any = self.client.get_item(TableName=self.table, Key=HEAD_KEY, ConsistentRead=True).get("Item", {})
        return read_head_item(item)

    def woken(self, begun: CatchUp | None) -> None:
        """Note that the schedule has called, and in the same step what there is to catch up from here on."""
        values: dict[str, Any] = {"woken_at": {"S": self._clock()}}
        if begun is not None:
            values["catch_up"] = catch_up_item(begun)
        request = self._note(values)
        if begun is not None:
            request["UpdateExpression"] += " REMOVE #behind_since"
            request["ExpressionAttributeNames"]["#behind_since"] = "behind_since"
        self.client.update_item(**request)

    def note_behind(self) -> None:
        """Note that the change stream hands over what it is about to lose, unless that is noted since the last walk began."""
        if self.state().behind_since is None:
            self.client.update_item(**self._note({"behind_since": {"S": self._clock()}}))

    def note_catch_up(self, before: CatchUp, left: CatchUp | None) -> None:
        """Note how far catching up has come; None once a checkpoint tells of it.

        Raises Overtaken if it is not `before` any more: another worker goes on with it, or it was begun again.
        """
        request = self._note({} if left is None else {"catch_up": catch_up_item(left)})
        request["ExpressionAttributeNames"]["#catch_up"] = "catch_up"
        request.setdefault("ExpressionAttributeValues", {})[":before"] = catch_up_item(before)
        if left is None:
            request["UpdateExpression"] = "REMOVE #catch_up"
        try:
            self.client.update_item(**request, ConditionExpression="#catch_up = :before")
        except self.client.exceptions.ConditionalCheckFailedException:
            raise Overtaken("another worker catches up from the log, or began to do so again") from None

    def _note(self, values: dict[str, Any]) -> dict[str, Any]:
        """The request that sets these attributes of the head."""
        return {
            "TableName": self.table,
            "Key": HEAD_KEY,
            "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in values),
            "ExpressionAttributeNames": {f"#{name}": name for name in values},
            "ExpressionAttributeValues": {f":{name}": value for name, value in values.items()},
        }

    @property
    def size(self) -> int:
        return self.state().size

    def head(self) -> Head:
        state = self.state()
        return Head(state.size, state.frontier)

    def places(self, stream: str) -> Iterator[tuple[int, Leaf]]:
        for item in self._query(stream, "", {}):
            yield leaf_number(item), read_leaf_item(item)

    def leaves(self, start: int, end: int) -> Iterator[bytes]:
        """As LeafIndex has it. Raises BadTree where a batch is missing or is not what the notary writes."""
        if start >= end:
            return
        bounds: Item = {
            ":first": {"S": batch_position(max(0, start - MAX_EVENTS + 1))},
            ":last": {"S": batch_position(end - 1)},
        }
        number = start
        for item in self._query(BATCH, " AND #position BETWEEN :first AND :last", bounds):
            first, contents = read_batch_item(item)
            if first > number:
                break
            yield from contents[number - first : end - first]
            number = max(number, min(first + len(contents), end))
        if number < end:
            raise BadTree(f"leaf {number} is not in the batches of the notary's table {self.table!a}, whose head covers it")

    def _query(self, stream: str, condition: str, values: Item) -> Iterator[Item]:
        names = {"#stream": "stream"} | ({"#position": "position"} if condition else {})
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression=f"#stream = :stream{condition}",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={":stream": {"S": stream}, **values},
            ConsistentRead=True,
        )
        return chain.from_iterable(page["Items"] for page in pages)


def in_batches(leaves: Iterable[Leaf]) -> Iterator[list[Leaf]]:
    """The leaves in their order, in lists that `Ledger.take` takes."""
    batch: list[Leaf] = []
    size = 0
    for leaf in leaves:
        leaf_bytes = len(leaf.content)
        if len(batch) == MAX_EVENTS or (batch and size + leaf_bytes > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(leaf)
        size += leaf_bytes
    if batch:
        yield batch
