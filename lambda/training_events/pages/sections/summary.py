"""The first section of a page about one stream: how it stands, how good it is, and what people say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from training_events.folds.metric_order import is_counter
from training_events.folds.run_state import RunState
from training_events.pages.page import Section
from training_events.reading.wording.reproduction import cause_text, refusal_text, reproduction_lines
from training_events.reading.wording.run import last_sign, metrics_in_order, moments, name_of_metric, status_of_run
from training_events.reading.wording.state import (
    GROUP,
    METRICS_FROM_LOG,
    NO_ERROR,
    clock_ahead_text,
    ends_not_counted_text,
    error_text,
    hidden_text,
)

if TYPE_CHECKING:
    from training_events.catalogue.stored import Stored
    from training_events.folds import State
    from training_events.folds.metric import Metric, Reading
    from training_events.folds.run_state import Job
    from training_events.pages.shown_stream import ShownStream

MAX_BEST = 6
"""How many metrics are shown large; the table has all."""


class MetricRow(Struct, frozen=True):
    """`best` is None for what only counts, and where no value is finite. `certain` is false if only the log knows it."""

    name: str
    metric: Metric
    best: Reading | None
    certain: bool


class Failure(Struct, frozen=True):
    """Why a run failed: the first line, the whole text where there is more, and the traceback, or where that is stored."""

    line: str
    text: str | None
    traceback: str | Stored | None


class RunSummary(Struct, frozen=True):
    """What only a run has. `moments` tell how long it took, or for how long it runs and when it was last heard of.

    `reproductions` has a line of each run that did this one again.
    """

    moments: list[str]
    failure: Failure | None
    stop_reason: str | None
    refusal: str | None
    reproduces: str | None
    reproductions: list[str]
    recipe: str | None
    cause: str | None
    best: list[MetricRow]
    metrics: list[MetricRow]
    model: str | None
    started_at: str | None
    finished_at: str | None
    duration_seconds: float | None
    ended_by: str | None
    job: Job | None
    ends_not_counted: str | None
    metrics_from_log: str | None


class Summary(Struct, frozen=True):
    """`events` counts those of the log; `not_folded` are those of which the state says nothing, by why."""

    stream: str
    status: str
    name: str | None
    description: str | None
    group: Any
    tags: dict[str, Any]
    hidden: str | None
    events: int
    not_folded: dict[str, int]
    first_at: str
    last_at: str
    order_unknown: dict[str, str]
    clock_ahead: str | None
    run: RunSummary | None


def summary_section(shown: ShownStream[Any], *, whole: bool = False, in_short: bool = False) -> Section:
    """Of a run, a model, a dataset or a group. In short it has only the best metrics.

    A page that is kept `whole`, in a file, is read at any time: it does not say how long ago something was.
    """
    state: State = shown.state
    silent = shown.life.silent_seconds
    counts = msgspec.to_builtins(state.counts)
    content = Summary(
        stream=state.stream,
        status=status_of_run(state.status, silent),
        name=state.name,
        description=state.description,
        group=state.tags.get(GROUP),
        tags={name: value for name, value in state.tags.items() if name != GROUP},
        hidden=hidden_text(state.hidden),
        events=state.counts.events,
        not_folded={name: count for name, count in counts.items() if count and name != "events"},
        first_at=state.first_at,
        last_at=state.last_at,
        order_unknown=state.order_unknown,
        clock_ahead=clock_ahead_text(shown.clock_ahead),
        run=_of_run(shown, whole=whole, in_short=in_short) if isinstance(state, RunState) else None,
    )
    return Section("summary", "Summary", content)


def _of_run(shown: ShownStream[RunState], *, whole: bool, in_short: bool) -> RunSummary:
    state = shown.state
    metrics = [
        MetricRow(
            name_of_metric(name, metric, state),
            metric,
            None if is_counter(name) else metric.best,
            metric.are_extremes_known,
        )
        for name, metric in metrics_in_order(state)
    ]
    return RunSummary(
        moments=[*moments(state, shown.now), *([] if whole else [last_sign(state, shown.now)])],
        failure=_failure(state),
        stop_reason=state.stop_reason,
        refusal=refusal_text(state),
        reproduces=state.reproduces,
        reproductions=reproduction_lines(state),
        recipe=state.recipe,
        cause=cause_text(state),
        best=[row for row in metrics if row.best is not None][:MAX_BEST],
        metrics=[] if in_short else metrics,
        model=state.model,
        started_at=state.started_at,
        finished_at=state.finished_at,
        duration_seconds=state.duration_seconds,
        ended_by=state.ended_by,
        job=state.job,
        ends_not_counted=ends_not_counted_text(state.ends_not_counted),
        metrics_from_log=METRICS_FROM_LOG if shown.life.metrics_from_log else None,
    )


def _failure(state: RunState) -> Failure | None:
    if state.error is None:
        return None
    text = error_text(state)
    line, more, _ = text.partition("\n")
    return Failure(line or NO_ERROR, text if more else None, state.error.traceback)
