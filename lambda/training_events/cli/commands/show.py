"""`training-events show STREAM`: prints the state of a run, a model or a dataset, now or at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from training_events.cli.output import duration, print_document, short_time, with_all_keys
from training_events.cli.run_life import (
    ATTEMPT_TITLES,
    ATTEMPT_WIDTHS,
    Life,
    attempt_rows,
    completed,
    life_fields,
    name_of_metric,
)
from training_events.cli.run_spec import spec_fields
from training_events.cli.sparkline import sparkline
from training_events.cli.table import LOOK_AHEAD_ROWS, print_fields, print_rows
from training_events.cli.time_argument import time_option
from training_events.cli.workspace import AsJson, LogUrl, Stream, open_current_workspace
from training_events.event import check_stream
from training_events.folds.dataset import DatasetState
from training_events.folds.metric_order import importance, is_counter
from training_events.folds.model import ModelState
from training_events.folds.run import RunState
from training_events.projection.time_travel import state_at, state_now
from training_events.reading.stream_names import stream_of_log
from training_events.stores.event_log import lead_seconds
from training_events.times import TEXT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from training_events.folds import State
    from training_events.folds.metric import Metric, Reading
    from training_events.stores.event_log import EventLog


_METRIC_TITLES = ("metric", "points", "first", "last", "min", "max", "best")
_METRIC_WIDTHS = (24, 7, 18, 18, 18, 18)


class RunDocument(RunState):
    """`silent_seconds` is for how long a run that is running has said nothing, where that is long for it; else it is null.

    `metrics_from_log` is true if the state did not know all metrics: a later attempt took points back.
    """

    as_of: str | None = None
    known_at: str | None = None
    clock_ahead: float | None = None
    silent_seconds: float | None = None
    metrics_from_log: bool = False


class ModelDocument(ModelState):
    as_of: str | None = None
    known_at: str | None = None
    clock_ahead: float | None = None


class DatasetDocument(DatasetState):
    as_of: str | None = None
    known_at: str | None = None
    clock_ahead: float | None = None


ShowDocument = RunDocument | ModelDocument | DatasetDocument


def show(
    stream: Stream,
    as_of: Annotated[str | None, time_option(meaning="Show what was true at this time, by when events occurred.")] = None,
    known_at: Annotated[
        str | None, time_option(meaning="Show what the log knew at this time, by when it recorded events.")
    ] = None,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """Print the state of a stream, now or at any time.

    The present state comes from the read model and the newest events. A past state is folded from the log: --as-of uses
    the producers' clock and --known-at the log's. Both together ask what the log knew at one time about another.

    For example:
      training-events show run/digits-7
      training-events show model/digits --as-of 2026-11-01
      training-events show run/digits-7 --as-of "2 hours ago" --json
    """
    check_stream(stream)  # before a laptop's states are brought up to date
    workspace = open_current_workspace(log)
    stream = stream_of_log(workspace.log, stream)
    if as_of is None and known_at is None:
        state = state_now(workspace.log, workspace.read_models, stream)
    else:
        state = state_at(workspace.log, stream, as_of=as_of, known_at=known_at)
    ahead = _clock_ahead(workspace.log, state, known_at)
    life = completed(state, workspace.log, as_of, known_at) if isinstance(state, RunState) else Life()
    if as_json:
        more = life._asdict() if isinstance(state, RunState) else {}
        print_document({**with_all_keys(state), "as_of": as_of, "known_at": known_at, "clock_ahead": ahead, **more})
    else:
        told = None if ahead is None else f"the newest event lay {duration(ahead)} ahead of the log's clock"
        _print_state(state, {"as of": as_of, "known at": known_at, "clock ahead": told}, life)


def _clock_ahead(log: EventLog, state: State, known_at: str | None) -> float | None:
    """By how many seconds the newest event lay ahead of the log's clock when the log took it; None if it did not.

    It is the newest one that matters: nothing that came after it really is shown as the last.
    """
    newest = log.entries(state.stream, after=state.last_at, until=state.last_at) if state.last_at else ()
    leads = (
        lead_seconds(entry.position[:TEXT_LENGTH], entry.recorded_at)
        for entry in newest
        if known_at is None or entry.recorded_at <= known_at
    )
    return max((lead for lead in leads if lead is not None), default=None)


def _print_state(state: State, times: dict[str, str | None], life: Life) -> None:
    heading = _heading(state) | times
    if isinstance(state, RunState):
        fields = heading | life_fields(state, life) | _run_fields(state)
        packages = fields.pop("packages", None)  # many lines, which few people read: they come last
        print_fields(fields)
        _print_table(ATTEMPT_TITLES, ATTEMPT_WIDTHS, attempt_rows(state))
        _print_table(_METRIC_TITLES, _METRIC_WIDTHS, _metric_rows(state), optional=("min", "max", "first", "points"))
        _print_table(("metric", "steps", "curve"), (24, 24), _sparkline_rows(state))
        if packages is not None:
            print()
            print_fields({"packages": packages})
    elif isinstance(state, ModelState):
        print_fields(heading | {"retired at": state.retired_at})
        titles = ("version", "stages", "registered at", "retired at", "approval", "run")
        _print_table(titles, (16, 24, 20, 20, 22), _model_version_rows(state))
        _print_table(("promoted at", "version", "stage", "by"), (20, 16, 24), _promotion_rows(state))
    else:
        print_fields(heading | {"retired at": state.retired_at})
        titles = ("registered at", "retired at", "rows", "sha256", "version id", "uri")
        _print_table(titles, (20, 20, 10, 16, 16), _dataset_version_rows(state))


def _print_table(
    titles: tuple[str, ...], widths: tuple[int, ...], rows: Iterable[tuple[Any, ...]], optional: tuple[str, ...] = ()
) -> None:
    shown = [tuple("-" if cell is None else str(cell) for cell in row) for row in rows]
    if shown:
        print()
        print_rows(titles, widths, shown, max(len(shown), LOOK_AHEAD_ROWS), optional=optional)


def _heading(state: State) -> dict[str, Any]:
    not_folded = {name: count for name, count in msgspec.to_builtins(state.counts).items() if count and name != "events"}
    skipped = f" ({', '.join(f'{count} {name}' for name, count in not_folded.items())})" if not_folded else ""
    return {
        "stream": state.stream,
        "status": state.status,
        "events": f"{state.counts.events}{skipped}",
        "last event": state.last_at,
        "order unknown": "; ".join(f"{subject}, at {at}" for subject, at in sorted(state.order_unknown.items())) or None,
    }


def _run_fields(state: RunState) -> dict[str, Any]:
    """The parts of a run's state that get a line each."""
    took = None if state.duration_seconds is None else duration(state.duration_seconds)
    fields: dict[str, Any] = {"model": state.model, "requested by": state.requested_by, "requested at": state.requested_at}
    fields |= {"started at": state.started_at, "finished at": state.finished_at, "took": took, "stop reason": state.stop_reason}
    fields |= spec_fields(state.spec or {})
    if state.checkpoints:
        newest = state.checkpoints[-1]
        step = "" if newest.step is None else f"step {newest.step}, "
        fields["last checkpoint"] = f"{newest.stored.uri or '-'} ({step}{state.checkpoints_saved} in all)"
    for artifact in state.artifacts:
        fields[f"artifact {artifact.name or ''}".rstrip()] = artifact.stored.uri or "-"
    if state.job is not None:
        fields["SageMaker job"] = " ".join(filter(None, (state.job.status, state.job.secondary_status)))
    if state.error is not None:
        fields |= {"error": state.error.error, "traceback": state.error.traceback}
    return fields


def _metric_rows(state: RunState) -> Iterable[tuple[Any, ...]]:
    for name, metric in _in_order(state):
        readings = (metric.first, metric.last, metric.min, metric.max, None if is_counter(name) else metric.best)
        yield name_of_metric(name, metric, state), metric.points, *map(_reading, readings)


def _in_order(state: RunState) -> list[tuple[str, Metric]]:
    return sorted(state.metrics.items(), key=lambda item: importance(item[0]))


def _sparkline_rows(state: RunState) -> Iterable[tuple[Any, ...]]:
    for name, metric in _in_order(state):
        if metric.points > 1:
            first, last = metric.first.step, metric.last.step
            yield name, None if first is None or last is None else f"{first} to {last}", sparkline(metric)


def _model_version_rows(state: ModelState) -> Iterable[tuple[Any, ...]]:
    for name, version in state.versions.items():
        times = map(_time, (version.registered_at, version.retired_at))
        again = f" (registered {version.registrations} times)" if version.registrations > 1 else ""
        yield f"{name}{again}", ", ".join(version.stages) or None, *times, version.approval_status, version.run


def _promotion_rows(state: ModelState) -> Iterable[tuple[Any, ...]]:
    for promotion in state.promotions:
        yield _time(promotion.at), promotion.version, promotion.stage, promotion.promoted_by


def _dataset_version_rows(state: DatasetState) -> Iterable[tuple[Any, ...]]:
    for version in state.versions:
        stored, times = version.stored, map(_time, (version.registered_at, version.retired_at))
        yield *times, version.rows, stored.sha256, stored.version_id, stored.uri


def _time(time: str | None) -> str | None:
    return None if time is None else short_time(time)


def _reading(reading: Reading | None) -> str | None:
    if reading is None:
        return None
    value = reading.value if isinstance(reading.value, str) else f"{reading.value:.6g}"
    return value if reading.step is None else f"{value} @ {reading.step}"
