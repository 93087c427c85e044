"""What the commands print: text for people, one JSON document for programs, both row by row in constant memory.

Anybody may have chosen the text of an event, so control sequences for a terminal are escaped.
"""

from __future__ import annotations

import json
import sys
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

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


def printable(text: str) -> str:
    """The text on one line: white space that is not printable becomes a blank, anything else is escaped as Python writes it."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else " " if letter.isspace() else ascii(letter).strip("'") for letter in text)


def to_json(value: Any) -> str:
    """JSON in printable letters. What is not printable is escaped, which means the same."""
    try:
        text = msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # half a surrogate pair, which only an altered log has
        text = json.dumps(msgspec.to_builtins(value))
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else json.dumps(letter).strip('"') for letter in text)


def with_all_keys(value: Any) -> Any:
    """Convert structs to dicts that keep every key, with null for what is absent."""
    if isinstance(value, msgspec.Struct):
        config = value.__struct_config__
        tag = {} if config.tag_field is None else {config.tag_field: config.tag}
        return tag | {name: with_all_keys(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: with_all_keys(item) for key, item in value.items()}
    return [with_all_keys(item) for item in value] if isinstance(value, list) else value


def short_time(time: str) -> str:
    """A 27-character time to the second."""
    return f"{time[:19]}Z"


def minute_of(time: str | None) -> str:
    """A 27-character time to the minute, as lists have it: `2026-11-22 15:08`."""
    return "-" if time is None else f"{time[:10]} {time[11:16]}"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def rough_duration(seconds: float) -> str:
    """Cut to its largest unit: 3 h."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"


def status_of_run(status: str, silent_seconds: float | None) -> str:
    """`running, silent for 3 h`. That is no verdict: the run may still go on."""
    return status if silent_seconds is None else f"{status}, silent for {rough_duration(silent_seconds)}"


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
