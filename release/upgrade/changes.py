"""Compares what two versions declare: which resources a deploy would add, change, replace and destroy.

This needs no state and no AWS. It cannot know what somebody changed by hand, nor what the provider makes of a value: a plan
does (`make review`).
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from release.upgrade.data_holders import DATA_HOLDERS, forcing

Action = Literal["add", "change", "replace", "destroy"]
Resources = dict[str, dict[str, Any]]
"""What is declared of each resource, by its address."""
STATE = "terraform.backend.s3"
_NOT_ATTRIBUTES = {"//", "depends_on", "lifecycle", "provider", "provisioner", "connection"}
_NAMES = ("name", "bucket", "function_name", "alarm_name", "dashboard_name", "key")


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One resource. `loses` says what data would be gone; `because` says why, where it is not a plain attribute."""

    action: Action
    address: str
    attributes: tuple[str, ...] = ()
    """What differs of a resource that is changed; what forces one that is replaced."""
    loses: str = ""
    because: str = ""


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Every change, sorted by address. `old` and `new` are the Terraform JSON of a stack."""
    old, moves = _after_moves(old, new)
    before, after = _resources(old), _resources(new)
    replaced = _replaced(before, after)
    changes = [*_state_changes(old, new)]
    for address in sorted(before.keys() | after.keys()):
        if address not in before:
            changes.append(Change(action="add", address=address))
        elif address not in after:
            changes.append(_destroyed(address, before, after))
        elif address in replaced:
            changes.append(_replacement(address, replaced[address], before, after))
        elif attributes := _differing(before[address], after[address]):
            moved = f"moved from {moves[address]}" if address in moves else ""
            changes.append(Change(action="change", address=address, attributes=attributes, because=moved))
    return changes


def _resources(stack: Mapping[str, Any]) -> Resources:
    return {
        f"{kind}.{name}": resource for kind, of_kind in stack.get("resource", {}).items() for name, resource in of_kind.items()
    }


def _after_moves(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Mapping[str, Any], dict[str, str]]:
    """The old stack with the addresses that `moved` blocks of the new one give it, and the previous address by the new one.

    https://developer.hashicorp.com/terraform/language/modules/develop/refactoring
    """
    blocks = new.get("moved", [])
    moves = {block["from"]: block["to"] for block in ([blocks] if isinstance(blocks, dict) else blocks)}
    resources: dict[str, Any] = {}
    done = {}
    for address, resource in _resources(old).items():
        target = moves.get(address, address)
        if target != address:
            done[target] = address
        kind, name = target.split(".", 1)
        resources.setdefault(kind, {})[name] = resource
    text = json.dumps({**old, "resource": resources})
    for source, target in moves.items():  # in references
        text = re.sub(rf"\b{re.escape(source)}(?![\w-])", target, text)
    return json.loads(text), done


def _replaced(before: Resources, after: Resources) -> dict[str, tuple[str, ...]]:
    """What forces a replacement, by address; also of what is named after something that is replaced or destroyed."""
    common = before.keys() & after.keys()
    replaced = {
        address: tuple(attributes)
        for address in common
        if (attributes := forcing(_kind(address), before[address], after[address]))
    }
    while True:
        gone = [*replaced, *(before.keys() - after.keys())]
        following = {
            address: names
            for address in common - replaced.keys()
            if (names := tuple(_naming(_kind(address), after[address], gone)))
        }
        if not following:
            return replaced
        replaced |= following


def _naming(kind: str, resource: Mapping[str, Any], addresses: list[str]) -> Iterator[str]:
    """The forcing attributes of a resource that refer to one of the addresses: their values are other ones afterwards."""
    for name in DATA_HOLDERS[kind].forcing if kind in DATA_HOLDERS else ():
        text = json.dumps(resource.get(name))
        if any(f"{address}." in text for address in addresses):
            yield name


def _replacement(address: str, attributes: tuple[str, ...], before: Resources, after: Resources) -> Change:
    same = [name for name in attributes if before[address].get(name) == after[address].get(name)]
    because = f"{', '.join(same)} names what is replaced" if same else ""
    return Change(action="replace", address=address, attributes=attributes, loses=_content(address), because=because)


def _destroyed(address: str, before: Resources, after: Resources) -> Change:
    renamed = [
        other
        for other in after.keys() - before.keys()
        if _kind(other) == _kind(address) and _name(after[other]) is not None and _name(after[other]) == _name(before[address])
    ]
    because = f"{renamed[0]} has its name: without a `moved` block that is another resource" if renamed else ""
    return Change(action="destroy", address=address, loses=_content(address), because=because)


def _state_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """With another place of the state, Terraform knows nothing of what it has made, and makes all of it again."""
    before, after = (stack.get("terraform", {}).get("backend", {}).get("s3", {}) for stack in (old, new))
    moved = tuple(name for name in ("bucket", "key", "region") if before.get(name) != after.get(name))
    if moved:
        yield Change(
            action="replace",
            address=STATE,
            attributes=moved,
            loses="what Terraform knows of all that it has made",
            because="the state has to be moved first, by terraform init -migrate-state",
        )


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    names = sorted((old.keys() | new.keys()) - _NOT_ATTRIBUTES)
    return tuple(name for name in names if old.get(name) != new.get(name))


def _content(address: str) -> str:
    holder = DATA_HOLDERS.get(_kind(address))
    return holder.content if holder else ""


def _kind(address: str) -> str:
    return address.partition(".")[0]


def _name(resource: Mapping[str, Any]) -> Any:
    return next((resource[key] for key in _NAMES if key in resource), None)
