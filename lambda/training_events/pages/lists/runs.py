"""The page of runs: which runs it lists, and in which columns."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, cast

from training_events import times
from training_events.errors import BadSearch, NoSuchStream
from training_events.folds.summary import summary_of
from training_events.pages.lists.runs_query import RunsQuery, read_runs_query
from training_events.pages.lists.runs_table import ListedRuns, Nothing, runs_table
from training_events.pages.page import Page, Section
from training_events.reading.listing.listed_run import ListedRun
from training_events.reading.listing.run_columns import Column, chosen_columns, columns_of, field_of
from training_events.reading.search.find import answers
from training_events.reading.search.question import Question, read_question
from training_events.reading.states import folded_state, state_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from training_events.folds.run_state import RunState
    from training_events.folds.summary import RunSummary
    from training_events.pages.page import Asked, Query
    from training_events.reading.opening import Sources

USUAL_COLUMNS = 12
"""How many columns the table has beside run and status, until somebody chooses others."""
_ORDER_OF_KINDS = ("run", "status", "time", "duration", "metric", "parameter", "text")


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
        return Section("runs", "Runs", runs_table(query, asked, ListedRuns([], chosen or [], None), mistake=str(mistake)))
    rows = [_listed(sources, run, asked) for run in found[: query.limit]]
    listed = ListedRuns(rows, chosen or _usual_columns([run for run, _ in rows], question), question)
    nothing = None if rows else _nothing(sources, question, query, asked)
    return Section("runs", "Runs", runs_table(query, asked, listed, more=len(found) > query.limit, nothing=nothing))


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


def _nothing(sources: Sources, question: Question, query: RunsQuery, asked: Asked) -> Nothing:
    """Why no run is listed."""
    if query.page > 1:
        return "page"
    if not query.hidden and next(answers(sources, question, 1), None) is not None:
        return "hidden"
    if query.where:
        return "condition"
    return "log" if asked.as_of is None and asked.known_at is None else "time"
