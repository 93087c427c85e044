"""Texts and tables as a console and a notebook show them: nothing in them is obeyed, neither by a terminal nor by a browser."""

from __future__ import annotations

import unicodedata
from html import escape
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def shown(text: str, most: int) -> str:
    """The text on one line, cut to so many letters. What cannot be printed, or turns others around, is its escape."""
    letters = (letter if letter.isprintable() else ascii(letter).strip("'") for letter in text[:most])
    return "".join(letters) + ("…" if len(text) > most else "")


def html(text: str, most: int) -> str:
    """The same as HTML, which is not markup wherever it stands."""
    return escape(shown(text, most))


def text_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns below each other, for letters of one width."""
    widths = [max(map(_width, column)) for column in zip_longest(titles, *rows, fillvalue="")]
    return "\n".join(
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in (titles, *rows)
    )


def html_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The same as HTML."""
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _width(text: str) -> int:
    """How many columns of a console the text takes."""
    return sum(0 if unicodedata.combining(it) else 2 if unicodedata.east_asian_width(it) in "WF" else 1 for it in text)
