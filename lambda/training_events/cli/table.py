"""What people read: rows under titles, and fields one below the other. Into a pipe or file they go whole.

Rich measures cells here and draws no tables: its tables hold every row, and print none before the last is read.
"""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size

from training_events.cli.output import peek, printable, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LOOK_AHEAD_ROWS = 100
"""Rows to look at before the first is printed, where they come quickly: enough for widths that suit nearly all tables."""

_NARROWEST_NAME = 24
"""To which the first column is cut on a narrow terminal: the beginning and the end of a name tell most of them apart."""
_LAST_COLUMN = 20
"""What the first column leaves to the last one as long as it can."""
_GAP = "  "


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
    file everything goes whole. With LOOK_AHEAD_ROWS rows to look ahead, columns are as wide as those need.
    """
    first, rows = peek((tuple(map(printable, row)) for row in rows), look_ahead)
    if look_ahead > 1:
        needed = tuple(max(map(cell_len, column)) for column in zip(titles, *first, strict=True))
        widths = tuple(map(min, widths, needed)) if sys.stdout.isatty() else needed[:-1]
    show = _on_terminal(widths) if sys.stdout.isatty() else _whole(widths)
    print(_bold(show(titles)))
    for row in rows:
        print(show(row), flush=True)


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
