"""What people read: rows under titles, and fields one below the other. In a pipe or a file, nothing is cut.

Rich only measures cells here. Its own tables keep every row, and print none before they have the last one.
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
"""How many rows to measure before the first is printed, where rows come quickly. Nearly all tables then have fitting widths."""

_MIN_NAME_WIDTH = 24
"""The first column is not cut below this on a narrow terminal: its beginning and end tell most names apart."""
_MIN_LAST_WIDTH, _MAX_LAST_WIDTH = 24, 48
"""What the first column leaves to the last one as long as it can: as much as that needs, within these bounds."""
_GAP = "  "


def print_fields(fields: dict[str, Any]) -> None:
    """The name of each field that has a value, and the value as text or JSON. Further lines of a text stand under its first."""
    present = {printable(name): value for name, value in fields.items() if value is not None}
    width = max(map(len, present), default=0)
    for name, value in present.items():
        first, *more = (value.splitlines() or [""]) if isinstance(value, str) else [to_json(value)]
        print(_bold(name.ljust(width)) + _GAP + printable(first))
        for line in more:
            print(" " * width + _GAP + printable(line))


def print_rows(
    titles: tuple[str, ...],
    widths: tuple[int, ...],
    rows: Iterable[tuple[str, ...]],
    look_ahead: int = 1,
    *,
    optional: tuple[str, ...] = (),
    empty: str = "",
) -> None:
    """Rows under titles. The first column is the name of what the row describes. Without rows, `empty` says so.

    `widths` are those of all columns but the last. On a terminal cells are cut to them, and the last column takes what is
    left; in a pipe or a file nothing is cut. With LOOK_AHEAD_ROWS to look ahead, columns are as wide as those rows need. Where
    they need more than a terminal has, columns of these titles are left out, the first one first.
    """
    first, rows = peek((tuple(map(printable, row)) for row in rows), look_ahead)
    if not first and empty:
        print(empty)
        return
    last = _MIN_LAST_WIDTH
    if look_ahead > 1:
        needed = tuple(max(map(cell_len, column)) for column in zip(titles, *first, strict=True))
        widths = tuple(map(min, widths, needed)) if sys.stdout.isatty() else needed[:-1]
        if sys.stdout.isatty():
            kept = _fitting(titles, (*widths, min(needed[-1], _MIN_LAST_WIDTH)), optional)
            titles, widths = tuple(titles[index] for index in kept), tuple(widths[index] for index in kept[:-1])
            rows = (tuple(row[index] for index in kept) for row in rows)
            last = min(max(needed[-1], _MIN_LAST_WIDTH), _MAX_LAST_WIDTH)
    to_line = _cut_line(widths, last) if sys.stdout.isatty() else _whole_line(widths)
    print(_bold(to_line(titles)))
    for row in rows:
        print(to_line(row), flush=True)


def _fitting(titles: tuple[str, ...], widths: tuple[int, ...], optional: tuple[str, ...]) -> list[int]:
    """The columns to show on this terminal. A long name does not push others out: it is cut."""
    widths = (min(widths[0], _MIN_NAME_WIDTH), *widths[1:])
    kept = list(range(len(titles)))
    for title in optional:
        if sum(widths[index] + len(_GAP) for index in kept) - len(_GAP) <= shutil.get_terminal_size().columns:
            break
        kept.remove(titles.index(title))
    return kept


def _whole_line(widths: tuple[int, ...]) -> Callable[[tuple[str, ...]], str]:
    def to_line(cells: tuple[str, ...]) -> str:
        return _GAP.join([*map(_pad, cells, widths), cells[-1]]).rstrip()

    return to_line


def _cut_line(widths: tuple[int, ...], last: int) -> Callable[[tuple[str, ...]], str]:
    """Lines no wider than the terminal."""
    columns = shutil.get_terminal_size().columns
    name, *others = widths
    name = max(min(name, columns - last - sum(others) - len(_GAP) * len(widths)), min(name, _MIN_NAME_WIDTH))

    def to_line(cells: tuple[str, ...]) -> str:
        first, *middle = map(_pad, (_cut_middle(cells[0], name), *map(_cut_end, cells[1:], others)), (name, *others))
        return _cut_end(_GAP.join([first, *middle, cells[-1]]).rstrip(), columns)

    return to_line


def _pad(cell: str, width: int) -> str:
    return cell + " " * (width - cell_len(cell))


def _cut_end(cell: str, width: int) -> str:
    return cell if cell_len(cell) <= width else set_cell_size(cell, width - 1) + "…"


def _cut_middle(cell: str, width: int) -> str:
    if cell_len(cell) <= width:
        return cell
    end = cell[-(width // 2) :]
    return set_cell_size(cell, max(width - 1 - cell_len(end), 1)) + "…" + end


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m" if sys.stdout.isatty() and os.environ.get("TERM") != "dumb" else text
