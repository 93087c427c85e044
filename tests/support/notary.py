"""A table in memory that takes the notary's requests as DynamoDB does, and can fail at each; and the table in moto."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError
from training_events import aws
from training_events.proof.notary.ledger import Ledger
from training_events.times import now

Item = dict[str, Any]
PAGE_ITEMS = 40
"""How many items a page of a query has. A page of DynamoDB has 1 MB: so many batches of 98 short leaves."""


def create_notary_table(name: str) -> None:
    keys = {"stream": "HASH", "position": "RANGE"}
    aws.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
    )


class ConditionalCheckFailedException(ClientError):  # noqa: N818 - botocore's name
    """As botocore makes it for DynamoDB."""


def refusal(operation: str, code: str, **more: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": code}, **more}
    return (ConditionalCheckFailedException if code == "ConditionalCheckFailedException" else ClientError)(response, operation)


class NotaryTable:
    """Stands for a DynamoDB client that knows one table. tests/contract/test_ledger.py holds it to moto.

    moto copies all of its table for each transaction, so a hundred thousand events take hours there.
    `around` gets each request before and after it is done: it may raise, or send others meanwhile.
    """

    def __init__(self, around: Callable[[str, str], None] = lambda when, operation: None) -> None:  # noqa: ARG005
        self.items: dict[str, dict[str, Item]] = {}
        self.around = around
        self.requests = 0
        self.exceptions = SimpleNamespace(ConditionalCheckFailedException=ConditionalCheckFailedException)

    def get_item(self, **request: Any) -> Any:
        with_item = self._do("GetItem", lambda: self._get(request["Key"]))
        return {} if with_item is None else {"Item": with_item}

    def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803 - as botocore calls it
        [(table, wanted)] = RequestItems.items()
        items = self._do("BatchGetItem", lambda: [item for key in wanted["Keys"] if (item := self._get(key)) is not None])
        return {"Responses": {table: items}, "UnprocessedKeys": {}}

    def update_item(self, **request: Any) -> Any:
        def update() -> None:
            if not self._holds(request, request["Key"]):
                raise refusal("UpdateItem", "ConditionalCheckFailedException")
            self._update(request)

        self._do("UpdateItem", update)

    def transact_write_items(self, TransactItems: list[Any]) -> Any:  # noqa: N803 - as botocore calls it
        def write() -> None:
            actions = [next(iter(action.values())) for action in TransactItems]
            keys = [action.get("Key") or _key(action["Item"]) for action in actions]
            assert len(actions) <= 100
            assert len({str(key) for key in keys}) == len(keys), "a transaction has one action for an item"
            failed = [not self._holds(action, key) for action, key in zip(actions, keys, strict=True)]
            if any(failed):
                reasons = self._reasons(actions, keys, failed)
                raise refusal("TransactWriteItems", "TransactionCanceledException", CancellationReasons=reasons)
            for action in actions:
                if item := action.get("Item"):
                    self.items.setdefault(item["stream"]["S"], {})[item["position"]["S"]] = deepcopy(item)
                else:
                    self._update(action)

        self._do("TransactWriteItems", write)

    def get_paginator(self, operation: str) -> Any:
        assert operation == "query"
        return SimpleNamespace(paginate=self._query)

    def _query(self, **request: Any) -> Iterator[Any]:
        values = request["ExpressionAttributeValues"]
        condition = request["KeyConditionExpression"]
        stream = self.items.get(values[":stream"]["S"], {})
        first, last = "", "\U0010ffff"
        if condition == "#stream = :stream AND #position BETWEEN :first AND :last":
            first, last = values[":first"]["S"], values[":last"]["S"]
        else:
            assert condition == "#stream = :stream"
        found = [deepcopy(stream[position]) for position in sorted(stream) if first <= position <= last]
        for start in range(0, len(found) or 1, PAGE_ITEMS):
            page = {"Items": found[start : start + PAGE_ITEMS]}
            yield self._do("Query", partial(dict, page))

    def _do(self, operation: str, work: Callable[[], Any]) -> Any:
        self.requests += 1
        self.around("before", operation)
        answer = work()
        self.around("after", operation)
        return answer

    def _get(self, key: Item) -> Item | None:
        return deepcopy(self.items.get(key["stream"]["S"], {}).get(key["position"]["S"]))

    def _holds(self, action: Item, key: Item) -> bool:
        current, condition = self._get(key), action.get("ConditionExpression")
        match condition:
            case None:
                return True
            case "attribute_not_exists(#stream)":
                return current is None
            case "attribute_not_exists(#size)":
                return current is None or "size" not in current
            case "#size = :before" | "#catch_up = :before":
                alias, value = condition.split(" = ")
                name = action["ExpressionAttributeNames"][alias]
                return current is not None and current.get(name) == action["ExpressionAttributeValues"][value]
        raise AssertionError(condition)

    def _update(self, action: Item) -> None:
        stream, position = action["Key"]["stream"]["S"], action["Key"]["position"]["S"]
        item = self.items.setdefault(stream, {}).setdefault(position, deepcopy(action["Key"]))
        names, values = action["ExpressionAttributeNames"], action.get("ExpressionAttributeValues", {})
        setting, _, removing = action["UpdateExpression"].partition("REMOVE ")
        for assignment in filter(None, setting.removeprefix("SET ").strip().split(", ")):
            alias, value = assignment.split(" = ")
            item[names[alias]] = deepcopy(values[value])
        if removing:
            item.pop(names[removing], None)

    def _reasons(self, actions: list[Item], keys: list[Item], failed: list[bool]) -> list[Item]:
        reasons = []
        for action, key, fails in zip(actions, keys, failed, strict=True):
            reason: Item = {"Code": "ConditionalCheckFailed" if fails else "None"}
            current = self._get(key)
            if fails and current is not None and action.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
                reason["Item"] = current
            reasons.append(reason)
        return reasons


def _key(item: Item) -> Item:
    return {"stream": item["stream"], "position": item["position"]}


def memory_ledger(table: NotaryTable, clock: Callable[[], str] = now) -> Ledger:
    """A worker of the notary. It does not wait between its attempts."""
    client: Any = table
    return Ledger("notary", client, clock, sleep=lambda _: None)
