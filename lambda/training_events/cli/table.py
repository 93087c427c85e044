"""What people read: rows under titles, and fields one below the other. In a pipe or a file, nothing is cut.

Rich only measures cells here. Its own tables keep every row, and print none before they have the last one.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size

from training_events.cli.output import peek
from training_events.cli.style import BOLD, styled
from training_events.reading.wording.text import printable, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    Styles: TypeAlias = Mapping[str, Callable[[str], str]]
    """By the title of a column, or the name of a field: what gives the style of a text, as style.py has it."""

LOOK_AHEAD_ROWS = 100
"""How many rows to measure before the first is printed, where rows come quickly. Nearly all tables then have fitting widths."""

_COLUMNS_OF_A_PIPE = 200
"""A pipe or a file gets the columns that a terminal of this width gets."""
_MIN_NAME_WIDTH, _NAME_SHARE = 27, 0.3
"""The first column is not cut below this, or this share of the terminal, for the sake of others that can be left out. Its
beginning and end tell most names apart, and a time fits into it."""
_MIN_LAST_WIDTH, _MAX_LAST_WIDTH = 24, 48
"""What the first column leaves to the last one as long as it can: as much as that needs, within these bounds."""
_FEW_LETTERS = 6
_MAX_FIELD_NAME_WIDTH = 48
"""That of a producer, which `verify` names, fits."""
_MAX_FIELD_WIDTH, _FIELD_NAME_WIDTH = 100, 16
"""Columns to which a list in a field is wrapped, where the terminal has that many, and those that the names of fields take."""
_GAP = "  "


def print_fields(fields: Mapping[str, Any], styles: Styles | None = None) -> None:
    """The name of each field that has a value, and the value as text or JSON. Further lines of a text stand under its first.

    A value stands below a name that is longer than all usual ones, so that others stay where they are read.
    """
    present = {printable(name): value for name, value in fields.items() if value is not None}
    width = max((cell_len(name) for name in present if cell_len(name) <= _MAX_FIELD_NAME_WIDTH), default=0)
    for name, value in present.items():
        first, *more = map(printable, (value.splitlines() or [""]) if isinstance(value, str) else [to_json(value)])
        style = (styles or {}).get(name, _no_style)
        beside = " " * (width - cell_len(name)) if cell_len(name) <= width else "\n" + " " * width
        print(styled(name, BOLD) + beside + _GAP + styled(first, style(first)))
        for line in more:
            print(" " * width + _GAP + line)


def wrapped(items: Iterable[str]) -> str:
    """Items with commas between them, as text for a field, on lines that fit the terminal. No item is broken."""
    # until the text is wrapped, \0 holds the words of an item together: what is printable has none
    return textwrap.fill(
        ", ".join(printable(item).replace(" ", "\0") for item in items),
        min(_MAX_FIELD_WIDTH, shutil.get_terminal_size().columns - _FIELD_NAME_WIDTH - len(_GAP)),
        break_long_words=False,
        break_on_hyphens=False,
    ).replace("\0", " ")


def print_rows(
    titles: tuple[str, ...],
    widths: tuple[int, ...],
    rows: Iterable[tuple[str, ...]],
    look_ahead: int = 1,
    *,
    optional: Sequence[str] = (),
    empty: str = "",
    styles: Styles | None = None,
) -> int:
    """Rows under titles, which differ. The first column is the name of what the row describes. Without rows, `empty` says so.

    `widths` are those of all columns but the last. On a terminal cells are cut to them, and the last column takes what is
    left; in a pipe or a file nothing is cut. With LOOK_AHEAD_ROWS to look ahead, columns are as wide as those rows need. Of the
    columns with `optional` titles those are shown for which there is room, the last one of them first; on a terminal none that
    has nothing to show. Returns how many columns there is no room for.
    """
    first, rows = peek((tuple(map(printable, row)) for row in rows), look_ahead)
    if not first and empty:
        print(printable(empty))
        return 0
    on_terminal = sys.stdout.isatty()
    columns = shutil.get_terminal_size().columns if on_terminal else _COLUMNS_OF_A_PIPE
    shown, left_out = (*widths, _MIN_LAST_WIDTH), 0
    if look_ahead > 1:
        needed = tuple(max(map(cell_len, column)) for column in zip(titles, *first, strict=True))
        shown = tuple(map(min, needed, (*widths, _MAX_LAST_WIDTH)))
        filled = {title for title, *cells in zip(titles, *first, strict=True) if not on_terminal or set(cells) != {"-"}}
        kept = _fitting(titles, shown, columns, optional, filled)
        kept = _beginning_within(columns, shown, kept) if on_terminal else kept
        left_out = len(filled - set(_chosen(titles, kept)))
        titles, shown = _chosen(titles, kept), _chosen(shown if on_terminal else needed, kept)
        rows = (_chosen(row, kept) for row in rows)
    to_cells = _cutter(shown, columns) if on_terminal else _padder(shown)
    print(_line((cell, pad, BOLD) for cell, pad in to_cells(titles)))
    of_column = [(styles or {}).get(title, _no_style) for title in titles]
    for row in rows:
        styles_of_row = (style(cell) for style, cell in zip(of_column, row, strict=True))
        print(_line((cell, pad, style) for (cell, pad), style in zip(to_cells(row), styles_of_row, strict=False)), flush=True)
    return left_out


def _fitting(
    titles: tuple[str, ...], widths: tuple[int, ...], columns: int, optional: Sequence[str], filled: Collection[str]
) -> list[int]:
    """The columns for which there is room. A long name does not push others out: it is cut."""
    name, *others, last = widths
    needed = (min(name, max(_MIN_NAME_WIDTH, int(columns * _NAME_SHARE))), *others, min(last, _MIN_LAST_WIDTH))
    kept = [index for index, title in enumerate(titles) if title not in optional]
    room = columns + len(_GAP) - sum(needed[index] + len(_GAP) for index in kept)
    for index in (titles.index(title) for title in reversed(optional) if title in filled):
        if needed[index] + len(_GAP) <= room:
            kept.append(index)
            room -= needed[index] + len(_GAP)
    return sorted(kept)


def _beginning_within(columns: int, widths: tuple[int, ...], kept: list[int]) -> list[int]:
    """Of the columns that must be there, those of which the terminal has room for a few letters."""
    name, *others = widths
    needed, begins = (min(name, _MIN_NAME_WIDTH), *others), 0
    for number, index in enumerate(kept):
        if begins + min(needed[index], _FEW_LETTERS) > columns:
            return kept[: max(number, 1)]
        begins += needed[index] + len(_GAP)
    return kept


def _chosen(cells: tuple[Any, ...], kept: list[int]) -> tuple[Any, ...]:
    return tuple(cells[index] for index in kept)


def _padder(widths: tuple[int, ...]) -> Callable[[tuple[str, ...]], Iterator[tuple[str, int]]]:
    """Makes whole cells of texts, each with the number of blanks behind it."""

    def to_cells(texts: tuple[str, ...]) -> Iterator[tuple[str, int]]:
        for text, width in zip(texts, widths, strict=True):
            yield text, width - cell_len(text)

    return to_cells


def _cutter(widths: tuple[int, ...], columns: int) -> Callable[[tuple[str, ...]], Iterator[tuple[str, int]]]:
    """Makes cells of texts that fit these widths and together the terminal. The last one takes what is left."""
    name, *others = widths
    name = max(min(name, columns - sum(others) - len(_GAP) * len(others)), min(name, _MIN_NAME_WIDTH))
    others[-1:] = [columns] if others else []

    def to_cells(texts: tuple[str, ...]) -> Iterator[tuple[str, int]]:
        left = columns
        for number, (text, width) in enumerate(zip(texts, (name, *others), strict=True)):
            if left <= 0:
                return
            width = min(width, left)  # noqa: PLW2901
            cell = _cut_end(text, width) if number else cut_middle(text, width)
            yield cell, width - cell_len(cell)
            left -= width + len(_GAP)

    return to_cells


def _line(cells: Iterable[tuple[str, int, str]]) -> str:
    """The cells, each with the blanks behind it and its style."""
    return _GAP.join(styled(cell, style) + " " * pad for cell, pad, style in cells).rstrip()


def _no_style(_: str) -> str:
    return ""


def _cut_end(cell: str, width: int) -> str:
    return cell if cell_len(cell) <= width else set_cell_size(cell, width - 1) + "…"


def cut_middle(cell: str, width: int) -> str:
    if cell_len(cell) <= width:
        return cell
    end = cell[-(width // 2) :]
    return set_cell_size(cell, max(width - 1 - cell_len(end), 1)) + "…" + end
