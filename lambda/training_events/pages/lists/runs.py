"""The table of runs: which runs, in which columns, and the addresses that sort it and turn its pages."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from msgspec import Struct

from training_events import times
from training_events.errors import BadSearch, NoSuchStream
from training_events.folds.summary import summary_of
from training_events.pages.lists.runs_query import SIZES, RunsQuery, read_runs_query
from training_events.pages.lists.sparkline import Sparkline, sparkline
from training_events.pages.page import Page, Section
from training_events.reading.comparison import MAX_RUNS
from training_events.reading.listing.listed_run import ListedRun
from training_events.reading.listing.run_columns import (
    Column,
    chosen_columns,
    columns_of,
    field_of,
    name_of,
    offered_fields,
)
from training_events.reading.search.find import answers
from training_events.reading.search.names import written_name
from training_events.reading.search.question import Question, read_question
from training_events.reading.states import folded_state, state_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from training_events.folds.run_state import RunState
    from training_events.folds.summary import RunSummary
    from training_events.pages.page import Asked, Query
    from training_events.reading.opening import Sources
    from training_events.stores.search import Name, Order

USUAL_COLUMNS = 12
"""How many columns the table has beside run and status, until somebody chooses others."""
_ORDER_OF_KINDS = ("run", "status", "time", "duration", "metric", "parameter", "text")
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
    nothing: Literal["log", "hidden", "condition", "time", "page"] | None = None
    sizes: tuple[int, ...] = SIZES
    most_compared: int = MAX_RUNS


def runs_page(sources: Sources, asked: Asked, query: Query) -> Page:
    """The table of runs. Raises Misused for a number in the address that is none, or a column that no run can have."""
    return Page("Runs", "runs", [runs_section(sources, asked, read_runs_query(query))], live=True)


def runs_section(sources: Sources, asked: Asked, query: RunsQuery) -> Section:
    """The part of all runs that the query asks for. A mistake in its condition or order is told in the section."""
    chosen = columns_of(query.columns) if query.columns else None
    try:
        question = read_question(query.where, query.sort, as_of=asked.as_of, known_at=asked.known_at)
        found = list(_found(sources, question, query))
    except BadSearch as mistake:
        return Section("runs", "Runs", _table(query, asked, _Listed([], chosen or [], None), mistake=str(mistake)))
    rows = [_listed(sources, run, asked) for run in found[: query.limit]]
    listed = _Listed(rows, chosen or _usual_columns([run for run, _ in rows], question), question)
    nothing = None if rows else _nothing(sources, question, query, asked)
    return Section("runs", "Runs", _table(query, asked, listed, more=len(found) > query.limit, nothing=nothing))


class _Listed(NamedTuple):
    """The runs, with their states where they are known, in these columns."""

    rows: Sequence[tuple[ListedRun, RunState | None]]
    columns: Sequence[Column]
    question: Question | None


def _found(sources: Sources, question: Question, query: RunsQuery) -> Iterator[RunSummary]:
    """The runs of the page, and one more if there is one."""
    visible = question if query.hidden else question.without_hidden()
    end = query.skipped + query.limit + 1
    return islice(answers(sources, visible, end), query.skipped, end)


def _listed(sources: Sources, run: RunSummary, asked: Asked) -> tuple[ListedRun, RunState | None]:
    """The whole run as it is listed; with its state where that is kept, and is not folded for this alone."""
    at = min(filter(None, (asked.as_of, asked.known_at)), default=times.now())
    state = _state_of(sources, run, asked)
    whole = run if run.whole or state is None else cast("RunSummary", summary_of(state, bounded=False))
    return ListedRun.at(whole, at), state


def _state_of(sources: Sources, run: RunSummary, asked: Asked) -> RunState | None:
    if run.whole and (asked.as_of or asked.known_at):
        return None
    read = folded_state if run.whole else state_of
    try:
        return cast("RunState", read(sources, run.stream, as_of=asked.as_of, known_at=asked.known_at))
    except NoSuchStream:  # only an altered log has lost it
        return None


def _usual_columns(runs: Sequence[ListedRun], question: Question) -> list[Column]:
    """The columns that tell these runs apart best: first when and how good they were, then what was put into them."""
    wanted = [field_of(name) for name in (*(order.name for order in question.order), *question.names)]
    columns, by_importance = chosen_columns(runs, list(dict.fromkeys(wanted)))
    filled = [column.field for column in columns if any(column.value(run) is not None for run in runs)]
    optional = [field for field in reversed(by_importance) if field in filled]
    left_out = set(by_importance) - set(optional[:USUAL_COLUMNS])
    shown = [column for column in columns if column.field not in left_out]
    return sorted(shown, key=lambda column: _ORDER_OF_KINDS.index(column.kind))


def _table(
    query: RunsQuery,
    asked: Asked,
    listed: _Listed,
    *,
    more: bool = False,
    mistake: str | None = None,
    nothing: Any = None,
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


def _head(column: Column, name: Name | None, listed: _Listed, query: RunsQuery, asked: Asked) -> Head:
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


def _is_descending_first(column: Column, name: Name, listed: _Listed) -> bool:
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


def _nothing(sources: Sources, question: Question, query: RunsQuery, asked: Asked) -> Any:
    """Why no run is listed."""
    if query.page > 1:
        return "page"
    if not query.hidden and next(answers(sources, question, 1), None) is not None:
        return "hidden"
    if query.where:
        return "condition"
    return "log" if asked.as_of is None and asked.known_at is None else "time"
