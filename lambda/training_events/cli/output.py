"""What the commands print with: tables for people, one JSON document for programs, both row by row in constant memory.

Anyone may have chosen the text of an event, so nothing that a terminal would obey is printed: it is shown escaped.
"""

from __future__ import annotations

import json
import os
import sys
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from rich.console import Console
from rich.progress import Progress, ProgressColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_T = TypeVar("_T")

CLOSED_PIPE = 141
"""128 + SIGPIPE: what the shell reports of any program whose reader went away."""


def ended_by_closed_pipe() -> int:
    """The exit code for it, with nothing left to write."""
    _discard_output()
    return CLOSED_PIPE


def discard_unwritten() -> None:
    """Where standard output takes no more (the disk is full), which has been told, forget the rest."""
    try:
        sys.stdout.flush()
    except OSError:
        _discard_output()


def _discard_output() -> None:
    """Keeps Python from complaining once more when it flushes standard output at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def peek(items: Iterable[_T], count: int = 1) -> tuple[list[_T], Iterator[_T]]:
    """The first items, and all of them: asked for before anything is printed, an error leaves standard output empty."""
    rest = iter(items)
    first = list(islice(rest, count))
    return first, chain(first, rest)


def printable(text: str) -> str:
    """On one line; what is not printable is blank if it is white space, else escaped as Python writes it."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else " " if letter.isspace() else ascii(letter).strip("'") for letter in text)


def to_json(value: Any) -> str:
    """JSON in printable letters: what is not printable is escaped, which means the same."""
    try:
        text = msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # half a surrogate pair, as only an altered log has
        text = json.dumps(msgspec.to_builtins(value))
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else json.dumps(letter).strip('"') for letter in text)


def with_all_keys(value: Any) -> Any:
    """Structs as objects in which no key is left out, null where there is nothing."""
    if isinstance(value, msgspec.Struct):
        return {name: with_all_keys(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: with_all_keys(one) for key, one in value.items()}
    return [with_all_keys(one) for one in value] if isinstance(value, list) else value


def short_time(time: str) -> str:
    """A 27-character time to the second."""
    return f"{time[:19]}Z"


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


def print_document(document: Any) -> None:
    """One JSON document on standard output."""
    print(to_json(document))


def print_json_document(
    head: dict[str, Any], name: str, items: Iterable[Any], tail: Callable[[], dict[str, Any]] = dict
) -> None:
    """`{…head, "name": [items], …tail}` on standard output, the items one by one, one a line; `tail` is asked at the end."""
    _, items = peek(items)
    write = sys.stdout.write
    write("{" + _members(head) + f'"{name}":[')
    separator = "\n"
    for item in items:
        write(separator + to_json(item))
        separator = ",\n"
    write("\n]" + ("," + _members(tail())).rstrip(",") + "}\n")


def _members(members: dict[str, Any]) -> str:
    """`"key":value,` for each."""
    return "".join(f"{to_json(name)}:{to_json(value)}," for name, value in members.items())


def progress(*columns: ProgressColumn) -> Progress:
    """A line on standard error that tells how far a command is: on a terminal only, and gone at the end."""
    return Progress(
        *columns,
        TimeElapsedColumn(),
        console=Console(stderr=True, highlight=False),
        transient=True,
        disable=not sys.stderr.isatty(),
        # on the same terminal rows have to be printed above the line; anywhere else standard output is not Rich's to take
        redirect_stdout=sys.stdout.isatty(),
        redirect_stderr=False,
    )
