"""`training-events runs`: lists the runs, newest first."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from msgspec import Struct

from training_events.cli.output import duration, print_json_document
from training_events.cli.table import LOOK_AHEAD_ROWS, print_rows
from training_events.cli.time_argument import time_option
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
    status: Annotated[Status | None, typer.Option(help="Only runs with this status.")] = None,
    model: Annotated[str, typer.Option(metavar="NAME", help="Only runs that train this model.")] = "",
    since: Annotated[str | None, time_option(meaning="Only runs whose first event occurred at or after this time.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="COUNT", help="At most this many runs.")] = None,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """List the runs, newest first.

    Each with its status, model, start and duration, and the best values of its first metrics by name.

    For example:
      training-events runs --model digits --since yesterday
      training-events runs --status failed --limit 10 --json
    """
    read_models, _ = require_read_models(open_current_workspace(log))
    selected = islice(_select(read_models, status, model, since), limit)
    if as_json:
        print_json_document({}, "runs", selected)
    else:
        titles = ("run", "status", "model", "started (UTC)", "took", "metrics")
        print_rows(titles, (64, 9, 16, 16, 11), map(_row, selected), LOOK_AHEAD_ROWS)


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


def _row(run: RunSummary) -> tuple[str, ...]:
    metrics = ", ".join(f"{name} {_value(metric)}" for name, metric in run.metrics.items())
    started = run.started_at or run.first_at
    return run.stream, run.status, run.model or "-", f"{started[:10]} {started[11:16]}", duration(run.duration_seconds), metrics


def _value(metric: Headline) -> str:
    """The best value, or the last one where none was finite."""
    value = metric.last if metric.best is None else metric.best
    return value if isinstance(value, str) else f"{value:.4g}"
