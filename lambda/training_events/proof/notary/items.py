"""The items of the notary's table: the leaf of an event, a batch of leaves, and what is noted at the head of the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from training_events.errors import BadTree
from training_events.proof.tree.leaf import Leaf
from training_events.proof.tree.tiles import entry_bundle, read_entry_bundle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from training_events.stores.dynamodb.item import Item

HEAD_KEY: Item = {"stream": {"S": "#head"}, "position": {"S": "#"}}
BATCH = "#batch"
"""No stream is called so: the name of every stream begins with its kind."""


class CatchUp(NamedTuple):
    """A walk through the log itself, for events that its change stream no longer delivers."""

    start: int
    """How many leaves the tree had when it began."""
    after: str | None = None
    """The token of the part of the log that was walked through; None at the beginning."""
    end: int | None = None
    """How many leaves the tree had when it ended. No checkpoint has told of it yet."""


class LedgerState(NamedTuple):
    """The head of the tree, and what the notary notes beside it."""

    size: int = 0
    frontier: list[bytes] = []  # noqa: RUF012 - a tuple's default; nobody appends to it
    woken_at: str | None = None
    """When the notary's schedule last called it."""
    catch_up: CatchUp | None = None
    behind_since: str | None = None
    """Since when it is handed records that its change stream is about to lose; None if it is not, or has caught up since."""


def leaf_item(leaf: Leaf, number: int) -> Item:
    item: Item = {
        "stream": {"S": leaf.stream},
        "position": {"S": leaf.position},
        "number": {"N": str(number)},
        "digest": {"S": leaf.digest},
        "recorded_at": {"S": leaf.recorded_at},
        "source": {"S": leaf.source},
    }
    return item if leaf.account is None else item | {"account": {"S": leaf.account}}


def read_leaf_item(item: Any) -> Leaf:
    """The leaf of an item; what is missing in one that somebody altered is empty."""
    texts = {name: item.get(name, {}).get("S", "") for name in ("stream", "position", "digest", "recorded_at", "source")}
    return Leaf(account=item.get("account", {}).get("S"), **texts)


def leaf_number(item: Any) -> int:
    try:
        return int(item["number"]["N"])
    except (KeyError, ValueError):
        where = f"{item['stream']['S']} {item['position']['S']}"
        raise BadTree(f"the notary's item of {where!a} has no number") from None


def batch_item(first: int, contents: Sequence[bytes]) -> Item:
    """The item of leaves that were taken together, from number `first` on."""
    return {
        "stream": {"S": BATCH},
        "position": {"S": batch_position(first)},
        "count": {"N": str(len(contents))},
        "leaves": {"B": entry_bundle(contents)},
    }


def read_batch_item(item: Any) -> tuple[int, list[bytes]]:
    """The number of the batch's first leaf, and the contents of its leaves."""
    place = item["position"]["S"]
    where = f"the notary's batch {place!a}"
    try:
        first, count, content = int(place), int(item["count"]["N"]), item["leaves"]["B"]
    except (KeyError, ValueError):
        raise BadTree(f"{where} is not what the notary writes") from None
    contents = list(read_entry_bundle(content, where))
    if len(contents) != count:
        raise BadTree(f"{where} has {len(contents)} leaves and says {count}")
    return first, contents


def batch_position(number: int) -> str:
    return f"{number:020d}"


def catch_up_item(catch_up: CatchUp) -> AttributeValueTypeDef:
    item: Item = {"start": {"N": str(catch_up.start)}}
    if catch_up.after is not None:
        item["after"] = {"S": catch_up.after}
    if catch_up.end is not None:
        item["end"] = {"N": str(catch_up.end)}
    return {"M": item}


def read_catch_up_item(item: Any) -> CatchUp:
    after, end = item.get("after", {}).get("S"), item.get("end", {}).get("N")
    return CatchUp(int(item["start"]["N"]), after, None if end is None else int(end))


def read_head_item(item: Any) -> LedgerState:
    """What the head says. Raises BadTree if the notary did not write it."""
    try:
        catch_up = item["catch_up"]["M"] if "catch_up" in item else None
        return LedgerState(
            size=int(item["size"]["N"]) if "size" in item else 0,
            frontier=[node["B"] for node in item["frontier"]["L"]] if "frontier" in item else [],
            woken_at=item["woken_at"]["S"] if "woken_at" in item else None,
            catch_up=None if catch_up is None else read_catch_up_item(catch_up),
            behind_since=item["behind_since"]["S"] if "behind_since" in item else None,
        )
    except (KeyError, ValueError):
        raise BadTree("the head of the notary's table is not what the notary writes") from None
