"""The table of runs on a terminal: the columns that suit them, as many as there is room for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from training_events.cli.style import style_of_status
from training_events.cli.table import LOOK_AHEAD_ROWS, print_rows
from training_events.reading.wording.text import to_json
from training_events.reading.wording.times import duration, minute_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from training_events.reading.listing.listed_run import ListedRun
    from training_events.reading.listing.run_columns import Column, Kind

_MAX_WIDTHS = {"run": 64}
_MAX_WIDTH = 24
"""Of any other column but the last."""


def print_runs(runs: Iterable[ListedRun], columns: Sequence[Column], optional: Sequence[str] = ()) -> int:
    """A table of the runs. Columns whose fields are `optional` are shown where there is room, the last one of them first.

    Returns how many columns there is no room for.
    """
    of_field = {column.field: column.title for column in columns}
    return print_rows(
        tuple(column.title for column in columns),
        tuple(_MAX_WIDTHS.get(column.field, _MAX_WIDTH) for column in columns[:-1]),
        (tuple(_text(column, run) for column in columns) for run in runs),
        LOOK_AHEAD_ROWS,
        optional=[of_field[field] for field in optional if field in of_field],
        styles={"status": style_of_status},
    )


def _text(column: Column, run: ListedRun) -> str:
    value = column.value(run)
    return "-" if value is None else _TEXTS.get(column.kind, _plain)(value)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else to_json(value)


def _parameter(value: Any) -> str:
    """A terminal has no room for the 17 digits of a learning rate that was drawn by lot; in a pipe nothing is cut."""
    return f"{value:.6g}" if isinstance(value, float) and sys.stdout.isatty() else _plain(value)


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"


_TEXTS: dict[Kind, Callable[[Any], str]] = {
    "time": minute_of,
    "duration": duration,
    "metric": _number,
    "parameter": _parameter,
}
