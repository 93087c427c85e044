"""A run: how it stands, how good it is and what it was made from; then its attempts, metrics and curves; then the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.cli.run_life import ATTEMPT_TITLES, ATTEMPT_WIDTHS, attempt_rows, life_fields
from training_events.cli.run_spec import spec_fields
from training_events.cli.sparkline import sparkline
from training_events.cli.style import style_of_status
from training_events.cli.table import print_fields
from training_events.cli.views.heading import closing_fields, opening_fields, print_table, said_fields
from training_events.folds.metric_order import importance, is_counter
from training_events.reading.wording.reproduction import cause_text, refusal_text, reproduction_lines
from training_events.reading.wording.run import name_of_metric, status_of_run
from training_events.reading.wording.spec import number_of_packages, standing_spec
from training_events.reading.wording.text import printable
from training_events.reading.wording.times import duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from training_events.folds.metric import Metric, Reading
    from training_events.folds.run_state import RunState
    from training_events.reading.run_life import Life

_RECORDER = "training-events"
_MADE_FROM = ("code", "datasets", "hyperparameters", "seeds", "resumed from")
_METRIC_TITLES = ("metric", "points", "first", "last", "min", "max", "best")
_METRIC_WIDTHS = (24, 7, 18, 18, 18, 18)
_MAX_BEST = 4
"""How many metrics the opening names; the table has all."""
_STYLES = {"status": style_of_status}


def print_run(state: RunState, life: Life, asked: Mapping[str, str | None], *, list_packages: bool) -> None:
    spec = spec_fields(_spec(state, list_packages=list_packages))
    print_fields(
        opening_fields(state, status_of_run(state.status, life.silent_seconds), asked)
        | _end_fields(state)
        | {"best": _best(state)}
        | _time_fields(state)
        | life_fields(state, life)
        | {name: spec.pop(name, None) for name in _MADE_FROM}
        | said_fields(state),
        _STYLES,
    )
    print_table(ATTEMPT_TITLES, ATTEMPT_WIDTHS, attempt_rows(state), optional=("ended at", "started at"), styles=_STYLES)
    print_table(_METRIC_TITLES, _METRIC_WIDTHS, _metric_rows(state), optional=("min", "max", "first", "points"))
    print_table(("metric", "steps", "curve"), (24, 24), _sparkline_rows(state))
    print()
    print_fields(_made_fields(state) | spec | closing_fields(state))


def _spec(state: RunState, *, list_packages: bool) -> dict[str, Any]:
    """Packages are counted, unless they are to be listed: they are many lines, which few people read.

    Where the recorder itself came from, they are not asked about either.
    """
    spec = standing_spec(state)
    if spec.get("reproduces") == state.reproduces:  # then it is told with the status
        spec.pop("reproduces", None)
    if not list_packages:
        if (count := number_of_packages(spec)) is not None:
            spec["packages"] = f"{count} (--packages lists them)"
        if isinstance(direct := spec.get("direct_packages"), dict):
            spec["direct_packages"] = {name: address for name, address in direct.items() if name != _RECORDER} or None
    return spec


def _end_fields(state: RunState) -> dict[str, Any]:
    """Why the run ended, where it did not complete, and what came of doing it again."""
    return {
        "refused": refusal_text(state),
        "stop reason": state.stop_reason,
        "error": None if state.error is None else state.error.error,
        "reproduces": state.reproduces,
        "reproductions": "\n".join(map(printable, reproduction_lines(state))) or None,
    }


def _best(state: RunState) -> str | None:
    """The best values of the metrics that matter most. Those whose goal the training has named come first."""
    of_quality = [(name, metric.best) for name, metric in state.metrics.items() if metric.best and not is_counter(name)]
    of_quality.sort(key=lambda item: (item[0] not in state.goals, importance(item[0])))
    return ", ".join(f"{name} {_reading(best)}" for name, best in of_quality[:_MAX_BEST]) or None


def _time_fields(state: RunState) -> dict[str, Any]:
    took = None if state.duration_seconds is None else duration(state.duration_seconds)
    return {"model": state.model, "started at": state.started_at, "finished at": state.finished_at, "took": took}


def _made_fields(state: RunState) -> dict[str, Any]:
    """What the run has made, who asked for it, and its job."""
    fields: dict[str, Any] = {
        "requested by": state.requested_by,
        "requested at": state.requested_at,
        "recipe": state.recipe,
        "caused by": cause_text(state),
    }
    if state.checkpoints:
        newest = state.checkpoints[-1]
        step = "" if newest.step is None else f"step {newest.step}, "
        fields["last checkpoint"] = f"{newest.stored.uri or '-'} ({step}{state.checkpoints_saved} in all)"
    for artifact in state.artifacts:
        fields[f"artifact {artifact.name or ''}".rstrip()] = artifact.stored.uri or "-"
    if state.job is not None:
        fields["SageMaker job"] = " ".join(filter(None, (state.job.status, state.job.secondary_status)))
    if state.error is not None:
        fields["traceback"] = state.error.traceback
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


def _reading(reading: Reading | None) -> str | None:
    if reading is None:
        return None
    value = reading.value if isinstance(reading.value, str) else f"{reading.value:.6g}"
    return value if reading.step is None else f"{value} @ {reading.step}"
