"""A table as a console and a notebook show it: its beginning, enough to recognize it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sized
from datetime import datetime
from html import escape
from typing import Any

from training_events.notebook.text import html_table, shown, text_table

MAX_SHOWN_ROWS = 20
MAX_SHOWN_CHARACTERS = 24
"""Of a cell. `to_pandas` shows a table as people like it."""


class ShownTable(Sized):
    """What has rows, and shows the first of them. It has the size of the whole table above them."""

    @abstractmethod
    def _shown(self) -> tuple[list[str], list[list[str]]]:
        """The titles and the cells of the beginning, as text."""

    def __repr__(self) -> str:
        titles, rows = self._shown()
        return f"{self._size()}\n{text_table(titles, rows)}" if rows else self._size()

    def _repr_html_(self) -> str:
        titles, rows = self._shown()
        return f"<p>{escape(self._size())}</p>{html_table(titles, rows)}"

    def _size(self) -> str:
        shown_part = f", of which these are the first {MAX_SHOWN_ROWS}" if len(self) > MAX_SHOWN_ROWS else ""
        return f"{len(self)} {'row' if len(self) == 1 else 'rows'}{shown_part}"


def shown_cell(value: Any) -> str:
    """A value as the text of its cell."""
    if isinstance(value, datetime):
        value = f"{value:%Y-%m-%d %H:%M:%S}"
    text = "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
    return shown(text, MAX_SHOWN_CHARACTERS)
