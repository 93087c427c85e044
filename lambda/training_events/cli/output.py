"""What the commands print with: tables for people, one JSON document for programs, both row by row in constant memory.

Anyone may have chosen the text of an event, so nothing that a terminal would obey is printed: it is shown escaped.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress import Progress, ProgressColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_T = TypeVar("_T")

CLOSED_PIPE = 141
"""128 + SIGPIPE: what the shell reports of any program whose reader went away."""
ALL_AT_HAND = 100
"""Rows to look at before the first is printed, where they come quickly: enough for widths that suit nearly all tables."""

_NARROWEST_NAME = 24
"""To which the first column is cut on a narrow terminal: the beginning and the end of a name tell most of them apart."""
_LAST_COLUMN = 20
"""What the first column leaves to the last one as long as it can."""
_GAP = "  "


def ended_by_closed_pipe() -> int:
    """Keeps Python from complaining once more when it flushes standard output at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return CLOSED_PIPE


def begun(items: Iterable[_T], count: int = 1) -> tuple[list[_T], Iterator[_T]]:
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


def short_time(moment: str) -> str:
    """A 27-character time to the second."""
    return f"{moment[:19]}Z"


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
    _, items = begun(items)
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


def print_fields(fields: dict[str, Any]) -> None:
    """For each field that is there its name, and its value as JSON or text; further lines of a text stand under the first."""
    present = {printable(name): value for name, value in fields.items() if value is not None}
    width = max(map(len, present), default=0)
    for name, value in present.items():
        first, *more = (value.splitlines() or [""]) if isinstance(value, str) else [to_json(value)]
        print(_bold(name.ljust(width)) + _GAP + printable(first))
        for line in more:
            print(" " * width + _GAP + printable(line))


def print_rows(titles: tuple[str, ...], widths: tuple[int, ...], rows: Iterable[tuple[str, ...]], look_ahead: int = 1) -> None:
    """Rows under titles, the first column being the name of what the row tells of.

    On a terminal, `widths` are the most that the columns but the last get; the last one takes what is left. Into a pipe or
    file everything goes whole. With ALL_AT_HAND rows to look ahead, columns are as wide as those need.
    """
    first, rows = begun((tuple(map(printable, row)) for row in rows), look_ahead)
    if look_ahead > 1:
        needed = tuple(max(map(cell_len, column)) for column in zip(titles, *first, strict=True))
        widths = tuple(map(min, widths, needed)) if sys.stdout.isatty() else needed[:-1]
    show = _on_terminal(widths) if sys.stdout.isatty() else _whole(widths)
    print(_bold(show(titles)))
    for row in rows:
        print(show(row), flush=True)


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


def _whole(widths: tuple[int, ...]) -> Callable[[tuple[str, ...]], str]:
    def show(cells: tuple[str, ...]) -> str:
        return _GAP.join([*map(_padded, cells, widths), cells[-1]]).rstrip()

    return show


def _on_terminal(widths: tuple[int, ...]) -> Callable[[tuple[str, ...]], str]:
    room = shutil.get_terminal_size().columns
    name, *others = widths
    name = max(min(name, room - _LAST_COLUMN - sum(others) - len(_GAP) * len(widths)), min(name, _NARROWEST_NAME))

    def show(cells: tuple[str, ...]) -> str:
        first, *middle = map(_padded, (_middle_cut(cells[0], name), *map(_end_cut, cells[1:], others)), (name, *others))
        return _end_cut(_GAP.join([first, *middle, cells[-1]]).rstrip(), room)

    return show


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - cell_len(cell))


def _end_cut(cell: str, width: int) -> str:
    return cell if cell_len(cell) <= width else set_cell_size(cell, width - 1) + "…"


def _middle_cut(cell: str, width: int) -> str:
    if cell_len(cell) <= width:
        return cell
    end = cell[-(width // 2) :]
    return set_cell_size(cell, max(width - 1 - cell_len(end), 1)) + "…" + end


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m" if sys.stdout.isatty() and os.environ.get("TERM") != "dumb" else text
