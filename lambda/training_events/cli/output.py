"""What the commands print: rows as they come, and one JSON document for programs, both in constant memory."""

from __future__ import annotations

import sys
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from training_events.reading.wording.text import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_T = TypeVar("_T")


def peek(items: Iterable[_T], count: int = 1) -> tuple[list[_T], Iterator[_T]]:
    """The first items, and all of them.

    Call it before anything is printed: then an error at the start leaves standard output empty.
    """
    rest = iter(items)
    first = list(islice(rest, count))
    return first, chain(first, rest)


def with_all_keys(value: Any) -> Any:
    """Convert structs to dicts that keep every key, with null for what is absent."""
    if isinstance(value, msgspec.Struct):
        config = value.__struct_config__
        tag = {} if config.tag_field is None else {config.tag_field: config.tag}
        return tag | {name: with_all_keys(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: with_all_keys(item) for key, item in value.items()}
    return [with_all_keys(item) for item in value] if isinstance(value, list) else value


def print_document(document: Any) -> None:
    """One JSON document on standard output."""
    print(to_json(document))


def print_json_document(
    head: dict[str, Any], name: str, items: Iterable[Any], tail: Callable[[], dict[str, Any]] = dict
) -> None:
    """`{…head, "name": [items], …tail}` on standard output, with one item a line as it comes; `tail` is called at the end."""
    _, items = peek(items)
    write = sys.stdout.write
    write("{" + _key_values(head) + f'"{name}":[')
    separator = "\n"
    for item in items:
        write(separator + to_json(item))
        separator = ",\n"
    write("\n]" + ("," + _key_values(tail())).rstrip(",") + "}\n")


def _key_values(members: dict[str, Any]) -> str:
    """`"key":value,` for each."""
    return "".join(f"{to_json(name)}:{to_json(value)}," for name, value in members.items())
