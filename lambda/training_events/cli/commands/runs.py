"""`training-events runs`: the runs, newest first."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from msgspec import Struct

from training_events.cli.output import duration, print_json_document
from training_events.cli.table import LOOK_AHEAD_ROWS, print_rows
from training_events.cli.time_argument import parse_time
from training_events.cli.workspace import AsJson, LogUrl, open_current_workspace, require_read_models
from training_events.errors import TrainingEventsError
from training_events.folds.run import Status
from training_events.folds.summary import RunSummary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.folds.summary import Headline
    from training_events.stores.read_models import ReadModels


class RunsDocument(Struct):
    runs: list[RunSummary]


def runs(
    status: Annotated[Status | None, typer.Option(help="Only those of this status.")] = None,
    model: Annotated[str, typer.Option(metavar="NAME", help="Only those that train this model.")] = "",
    since: Annotated[
        str | None, typer.Option(parser=parse_time, metavar="TIME", help="Only those whose first event occurred then or later.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="COUNT", help="At most so many.")] = None,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """List the runs, newest first.

    With status, model, start, duration, and the best value of the first metrics by name.

    For example:
      training-events runs --model digits --since yesterday
      training-events runs --status failed --limit 10 --json
    """
    store = open_current_workspace(log)
    read_models, _ = require_read_models(store)
    found = islice(_found(read_models, status, model, since), limit)
    if as_json:
        print_json_document({}, "runs", found)
    else:
        titles = ("run", "status", "model", "started (UTC)", "took", "metrics")
        print_rows(titles, (64, 9, 16, 16, 11), map(_row, found), LOOK_AHEAD_ROWS)


def _found(read_models: ReadModels, status: Status | None, model: str, since: str | None) -> Iterator[RunSummary]:
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


def _row(run: RunSummary) -> tuple[str, ...]:
    metrics = ", ".join(f"{name} {_value(one)}" for name, one in run.metrics.items())
    started = run.started_at or run.first_at
    return run.stream, run.status, run.model or "-", f"{started[:10]} {started[11:16]}", duration(run.duration_seconds), metrics


def _value(metric: Headline) -> str:
    """The best, or what it is instead where no value was finite."""
    value = metric.last if metric.best is None else metric.best
    return value if isinstance(value, str) else f"{value:.4g}"
