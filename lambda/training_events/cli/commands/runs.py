"""`training-events runs`: lists the runs, newest first."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from msgspec import Struct

from training_events import times
from training_events.cli.output import duration, print_json_document, status_of_run
from training_events.cli.table import LOOK_AHEAD_ROWS, print_rows
from training_events.cli.time_argument import start_option
from training_events.cli.workspace import AsJson, LogUrl, open_current_workspace
from training_events.errors import TrainingEventsError
from training_events.folds.run import Status
from training_events.folds.silence import silent_seconds
from training_events.folds.summary import RunSummary, foremost, headlines
from training_events.projection.time_travel import metrics_at
from training_events.reading.opening import require_read_models

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.folds.summary import Headline
    from training_events.stores.event_log import EventLog
    from training_events.stores.read_models import ReadModels


_NO_RUNS = "no run, or none like this: a training records itself with `training_events.record_run`"


class ListedRun(RunSummary, frozen=True):
    """`silent_seconds` is for how long a run that is running has said nothing, where that is long for it; else it is null.

    Where `metrics_known` is false, the best values were looked up in the log: a later attempt took points back.
    """

    silent_seconds: float | None = None


class RunsDocument(Struct):
    runs: list[ListedRun]


def runs(
    status: Annotated[Status | None, typer.Option(help="Only runs with this status.")] = None,
    model: Annotated[str, typer.Option(metavar="NAME", help="Only runs that train this model.")] = "",
    since: Annotated[str | None, start_option(meaning="Only runs whose first event occurred at or after this time.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="COUNT", help="At most this many runs.")] = None,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """List the runs, newest first.

    Each with its status, model, start and duration, and the best values of its metrics: losses and scores come first,
    counters last. A run that is running and has said nothing for much longer than it usually does is `silent`: that is no
    verdict, it may still go on.

    For example:
      training-events runs --model digits --since yesterday
      training-events runs --status failed --limit 10 --json
    """
    workspace = open_current_workspace(log)
    read_models, _ = require_read_models(workspace)
    selected = (_listed(run, workspace.log) for run in islice(_select(read_models, status, model, since), limit))
    if as_json:
        print_json_document({}, "runs", selected)
    else:
        titles = ("run", "status", "model", "started (UTC)", "took", "metrics")
        optional = ("took", "model", "started (UTC)")
        print_rows(titles, (64, 24, 16, 16, 11), map(_row, selected), LOOK_AHEAD_ROWS, optional=optional, empty=_NO_RUNS)


def _select(read_models: ReadModels, status: Status | None, model: str, since: str | None) -> Iterator[RunSummary]:
    for encoded in read_models.summaries("run"):
        run = _decoded(encoded)
        if since is not None and run.first_at < since:
            return  # they come newest first
        if status in (None, run.status) and model in ("", run.model):
            yield run


def _decoded(summary: bytes) -> RunSummary:
    try:
        return msgspec.json.decode(summary, type=RunSummary)
    except msgspec.MsgspecError as flaw:
        raise TrainingEventsError(f"a read model is of another version ({flaw}): `training-events rebuild` renews it") from None


def _listed(run: RunSummary, log: EventLog) -> ListedRun:
    """The run as of now. What only the log knows of its metrics is looked up there."""
    fields = {name: getattr(run, name) for name in run.__struct_fields__}
    if not run.metrics_known:
        fields["metrics"] = headlines(metrics_at(log, run.stream, as_of=None))
    silent = silent_seconds(run.status, run.last_heard_at, run.usual_gap_seconds, times.now())
    return ListedRun(**fields, silent_seconds=silent)


def _row(run: ListedRun) -> tuple[str, ...]:
    metrics = ", ".join(f"{name} {_value(metric)}" for name, metric in foremost(run.metrics).items())
    metrics += "" if run.metrics_known else " (from the log)"
    started = run.started_at or run.first_at
    status = status_of_run(run.status, run.silent_seconds)
    return run.stream, status, run.model or "-", f"{started[:10]} {started[11:16]}", duration(run.duration_seconds), metrics


def _value(metric: Headline) -> str:
    """The best value, or the last one of a counter and where none was finite."""
    value = metric.last if metric.best is None else metric.best
    return value if isinstance(value, str) else f"{value:.4g}"
