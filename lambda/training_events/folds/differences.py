"""What differs between the specs of two starts of one run."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from training_events.canonical import MAX_DEPTH, canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DIFFERENCES = 20
"""A state has to fit into an item of DynamoDB. The log has both specs in full."""
MAX_NAME_CHARACTERS, MAX_VALUE_CHARACTERS = 120, 80

_ABSENT = object()


class Difference(Struct, frozen=True):
    """A value of the spec, by the keys that lead to it: `hyperparameters.C`. Both values are JSON; null is one that is absent.

    What is long is cut, and then ends in `…`.
    """

    name: str
    before: str | None
    after: str | None


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    """The first ones by name. Packages come last: there may be many, and they matter least."""
    packages = [{"packages": spec["packages"]} if "packages" in spec else {} for spec in (before, after)]
    others = [{key: value for key, value in spec.items() if key != "packages"} for spec in (before, after)]
    found = (difference for pair in (others, packages) for difference in _differences("", *pair))
    return list(islice(found, MAX_DIFFERENCES))


def _differences(path: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Difference]:
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key, _ABSENT), after.get(key, _ABSENT)
        name = f"{path}.{key}" if path else key
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _differences(name, old, new)
        elif old != new:
            yield Difference(_cut(name, MAX_NAME_CHARACTERS), _text(old), _text(new))


def _text(value: Any) -> str | None:
    return None if value is _ABSENT else _cut(canonical_json(value, MAX_DEPTH).decode(), MAX_VALUE_CHARACTERS)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
