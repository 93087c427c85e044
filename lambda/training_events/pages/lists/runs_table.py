"""The table of runs: its heads, which sort it, its cells, and the columns that can be chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from msgspec import Struct

from training_events.pages.lists.runs_query import SIZES, RunsQuery
from training_events.pages.lists.sparkline import Sparkline, sparkline
from training_events.pages.page import Asked
from training_events.reading.comparison import MAX_RUNS
from training_events.reading.listing.listed_run import ListedRun
from training_events.reading.listing.run_columns import Column, name_of, offered_fields
from training_events.reading.search.names import written_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training_events.folds.run_state import RunState
    from training_events.reading.search.question import Question
    from training_events.stores.search import Name, Order

Nothing = Literal["log", "time", "hidden", "condition", "page"]
"""Why no run is listed: the log has none, or had none then; all are hidden; none meets the condition; the page is too far."""
_DESCENDING_FIRST = ("time", "duration")
"""Kinds of columns where people look for the newest and the longest first."""


class Head(Struct, frozen=True):
    """A column's head. `sort_address` sorts by it, the other way round where it is `sorted`; None where no order is by it."""

    field: str
    title: str
    kind: str
    sort_address: str | None
    sorted: Literal["ascending", "descending"] | None


class Cell(NamedTuple):
    kind: str
    value: Any
    curve: Sparkline | None


class Row(Struct, frozen=True):
    run: ListedRun
    cells: list[Cell]


class Choice(Struct, frozen=True):
    """A column that can be chosen."""

    field: str
    label: str
    chosen: bool


class RunsTable(Struct, frozen=True):
    """The content of the section `runs`. `mistake` is what is wrong with `where` or `sort`; then there are no rows.

    `first` is the number of the first row, from 1. `newer` and `older` are the addresses of the pages before and behind this
    one. `nothing` says why there are no rows.
    """

    query: RunsQuery
    asked: Asked
    heads: list[Head]
    rows: list[Row]
    choices: dict[str, list[Choice]]
    first: int
    newer: str | None
    older: str | None
    without_columns: str
    mistake: str | None = None
    nothing: Nothing | None = None
    sizes: tuple[int, ...] = SIZES
    most_compared: int = MAX_RUNS


class ListedRuns(NamedTuple):
    """The runs, with their states where they are known, in these columns."""

    rows: Sequence[tuple[ListedRun, RunState | None]]
    columns: Sequence[Column]
    question: Question | None


def runs_table(
    query: RunsQuery,
    asked: Asked,
    listed: ListedRuns,
    *,
    more: bool = False,
    mistake: str | None = None,
    nothing: Nothing | None = None,
) -> RunsTable:
    runs = [run for run, _ in listed.rows]
    names = {column.field: name_of(column.field, runs) for column in listed.columns}
    return RunsTable(
        query=query,
        asked=asked,
        heads=[_head(column, names[column.field], listed, query, asked) for column in listed.columns],
        rows=[
            Row(run, [Cell(column.kind, column.value(run), _curve(names[column.field], state)) for column in listed.columns])
            for run, state in listed.rows
        ],
        choices=_choices(runs, [column.field for column in listed.columns]),
        first=query.skipped + 1,
        newer=query.address(asked, page=query.page - 1) if query.page > 1 else None,
        older=query.address(asked, page=query.page + 1) if more else None,
        without_columns=query.address(asked, columns=()),
        mistake=mistake,
        nothing=nothing,
    )


def _head(column: Column, name: Name | None, listed: ListedRuns, query: RunsQuery, asked: Asked) -> Head:
    title = column.title.removesuffix(" (UTC)") if column.kind == "time" else column.title  # each cell says so
    if name is None:
        return Head(column.field, title, column.kind, None, None)
    order = listed.question.order if listed.question else ()
    current = next((it for it in order if it.name == name), None)
    descending = _is_descending_first(column, name, listed) if current is None else not current.descending
    sort = f"{'-' * descending}{written_name(name)}"
    return Head(column.field, title, column.kind, query.address(asked, sort=sort, page=1), _direction(current))


def _direction(order: Order | None) -> Literal["ascending", "descending"] | None:
    return None if order is None else "descending" if order.descending else "ascending"


def _is_descending_first(column: Column, name: Name, listed: ListedRuns) -> bool:
    """Whether people look for the highest values of a column first: of a metric, those that are better."""
    metric = name.key.partition(".")[2]
    goal = next((run.metrics[metric].goal for run, _ in listed.rows if metric in run.metrics), None)
    return column.kind in _DESCENDING_FIRST or (column.kind == "metric" and goal == "maximize")


def _curve(name: Name | None, state: RunState | None) -> Sparkline | None:
    """The outline of the metric whose best value the column has."""
    if state is None or name is None or name.column != "value" or not name.key.startswith("metrics."):
        return None
    metric = state.metrics.get(name.key.partition(".")[2])
    return None if metric is None else sparkline(metric)


def _choices(runs: Sequence[ListedRun], shown: list[str]) -> dict[str, list[Choice]]:
    """The columns that can be chosen, under what they are: those that are shown, and all others that these runs have."""
    offered = {
        group: [Choice(field, field if group == "run" else field.partition(".")[2], field in shown) for field in fields]
        for group, fields in offered_fields(runs).items()
    }
    known = {choice.field for choices in offered.values() for choice in choices}
    further = [Choice(field, field, chosen=True) for field in shown if field not in known and field != "run"]
    return {group: choices for group, choices in (offered | {"further": further}).items() if choices}
