"""A run as a notebook shows it: how it stands, how good it is, its curves in outline, and how to see more."""

from __future__ import annotations

import json
import shlex
from math import isfinite
from typing import TYPE_CHECKING

from training_events.folds.metric_order import importance, is_counter
from training_events.notebook.text import html

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.folds.metric import Metric, Reading
    from training_events.folds.run_state import RunState

MAX_METRICS, MAX_HYPERPARAMETERS = 4, 12
"""Of those that people look at first. The page of the run has all."""
MAX_CHARACTERS = 80
_WIDTH, _HEIGHT, _EDGE = 120, 24, 2
"""Of a curve, in pixels."""


def run_card(state: RunState) -> str:
    """The HTML. Its colours are those of the notebook, light or dark."""
    command = html(f"training-events report {shlex.quote(state.stream)}", 2 * MAX_CHARACTERS)
    more = f"<p>More: <code>training-events ui</code>, or as a file <code>{command}</code></p>"
    return (
        f"<div>{_heading(state)}{_failure(state)}{_reproductions(state)}{_metrics(state)}{_hyperparameters(state)}{more}</div>"
    )


def _heading(state: RunState) -> str:
    name, *facts = (
        html(fact, MAX_CHARACTERS)
        for fact in (
            state.stream.partition("/")[2],
            state.status,
            state.model and f"model {state.model}",
            state.refused and f"refused: {state.refused.reason}",
            state.reproduces and f"reproduces {state.reproduces}",
            state.started_at and f"started {state.started_at[:10]} {state.started_at[11:19]} UTC",
        )
        if fact
    )
    return f"<p><strong>{name}</strong> · {' · '.join(facts)}</p>"


def _failure(state: RunState) -> str:
    if state.error is None or not isinstance(state.error.error, str):
        return ""
    line = next(iter(state.error.error.strip().splitlines()), "")
    return f"<p><strong>{html(line, 2 * MAX_CHARACTERS)}</strong></p>"


def _reproductions(state: RunState) -> str:
    """Whether the run could be reproduced, as the newest word says."""
    if not state.reproductions:
        return ""
    newest = state.reproductions[-1]
    words = [f"reproduced by {newest.run}", newest.status, newest.explanation]
    return f"<p>{html(': '.join(filter(None, words)), 2 * MAX_CHARACTERS)}</p>"


def _metrics(state: RunState) -> str:
    names = sorted(state.metrics, key=lambda name: (name not in state.goals, importance(name)))
    if not names:
        return ""
    rows = "".join(_metric(name, state.metrics[name]) for name in names[:MAX_METRICS])
    left_out = len(names) - MAX_METRICS
    more = f"<p>and {left_out} more metric{'s' * (left_out > 1)}</p>" if left_out > 0 else ""
    titles = "".join(f"<th>{title}</th>" for title in ("metric", "best", "last", "curve"))
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{rows}</tbody></table>{more}"


def _metric(name: str, metric: Metric) -> str:
    best = "" if is_counter(name) else _reading(metric.best) if metric.are_extremes_known else "only the log knows"
    cells = (html(name, MAX_CHARACTERS), best, _reading(metric.last), _curve(metric))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _reading(reading: Reading | None) -> str:
    if reading is None:
        return ""
    value = reading.value if isinstance(reading.value, str) else f"{reading.value:.6g}"
    return value if reading.step is None else f"{value} @ {reading.step:.15g}"


def _curve(metric: Metric) -> str:
    """The points that the state keeps, as lines between those that are finite."""
    values = [float(value) for _, value in metric.curve.points]
    if metric.curve.next - metric.curve.every < metric.points:
        values.append(float(metric.last.value))
    path = "".join(f"{'L' if follows else 'M'}{x:.1f} {y:.1f}" for follows, x, y in _spots(values))
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" aria-hidden="true">'
        f'<path d="{path}" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round"/></svg>'
    )


def _spots(values: list[float]) -> Iterator[tuple[bool, float, float]]:
    """Whether each finite value follows another one, and where it is drawn. A value alone is a short line."""
    finite = list(filter(isfinite, values))
    low, high = min(finite, default=0.0) / 2, max(finite, default=0.0) / 2  # halved: the span may be more than a float holds
    width, height = _WIDTH - 2 * _EDGE, _HEIGHT - 2 * _EDGE
    for number, value in enumerate(values):
        if not isfinite(value):
            continue
        share = (value / 2 - low) / (high - low) if high > low else 0.5
        x, y = _EDGE + width * number / max(len(values) - 1, 1), _HEIGHT - _EDGE - height * share
        follows = number > 0 and isfinite(values[number - 1])
        yield follows, x, y
        if not follows:
            yield True, x + 0.5, y


def _hyperparameters(state: RunState) -> str:
    if not state.hyperparameters:
        return ""
    items = list(state.hyperparameters.items())
    texts = [html(f"{name} = {_value(value)}", MAX_CHARACTERS) for name, value in items[:MAX_HYPERPARAMETERS]]
    more = [f"and {len(items) - MAX_HYPERPARAMETERS} more"] if len(items) > MAX_HYPERPARAMETERS else []
    return f"<p>{', '.join([*texts, *more])}</p>"


def _value(value: object) -> str:
    """A text as it is, and JSON of anything else."""
    return value if isinstance(value, str) else f"{value:.6g}" if isinstance(value, float) else json.dumps(value)
