"""What a listing shows of a stream: the most important parts of its state."""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec import Struct

from training_events.catalogue.run import NotFinite
from training_events.catalogue.stored import Stored
from training_events.folds.dataset import DatasetState
from training_events.folds.metric import Goal, Metric
from training_events.folds.metric_order import importance, is_counter
from training_events.folds.model import ModelState
from training_events.folds.run import RunState
from training_events.folds.silence import last_heard_at, usual_gap_seconds

_Text = TypeVar("_Text", str, str | None)

MAX_METRICS = 8
"""How many metrics a summary has, those that people look at first: a listing has no room for more."""

MAX_STAGES = 40
"""How many stages of a model a summary has, in the order of their names."""
MAX_CHARACTERS = 1000
"""Of each text. An event may have texts of 400 KB, and a summary has to fit into an item of DynamoDB whatever they are."""


class Headline(Struct, frozen=True):
    """A metric at a glance."""

    goal: Goal
    best: float | None
    last: float | NotFinite


class RunSummary(Struct, frozen=True):
    """A field that came later has a default: summaries that were stored before do not have it.

    Where `metrics_known` is false, only the log knows some of the best values: a later attempt took points back.
    """

    stream: str
    status: str
    model: str | None
    first_at: str
    started_at: str | None
    finished_at: str | None
    duration_seconds: float | None
    events: int
    metrics: dict[str, Headline]
    metrics_known: bool = True
    attempts: int = 0
    last_heard_at: str | None = None
    usual_gap_seconds: float | None = None


class ModelSummary(Struct, frozen=True):
    stream: str
    status: str
    first_at: str
    events: int
    latest_version: str | None
    stages: dict[str, str]


class DatasetSummary(Struct, frozen=True):
    stream: str
    status: str
    first_at: str
    events: int
    uri: str | None
    sha256: str | None


def summary_of(state: RunState | ModelState | DatasetState) -> RunSummary | ModelSummary | DatasetSummary:
    common: dict[str, Any] = {
        "stream": state.stream,
        "status": state.status,
        "first_at": state.first_at,
        "events": state.counts.events,
    }
    if isinstance(state, RunState):
        return RunSummary(
            **common,
            model=_cut(state.model),
            started_at=state.started_at,
            finished_at=state.finished_at,
            duration_seconds=state.duration_seconds,
            metrics=headlines(state.metrics),
            metrics_known=all(metric.is_best_known for _, metric in _shown(state.metrics)),
            attempts=state.starts,
            last_heard_at=last_heard_at(state),
            usual_gap_seconds=usual_gap_seconds(state),
        )
    if isinstance(state, ModelState):
        stages = {_cut(stage): _cut(version) for stage, version in sorted(state.stages.items())[:MAX_STAGES]}
        return ModelSummary(**common, latest_version=_cut(state.latest_version), stages=stages)
    newest = state.versions[-1].stored if state.versions else Stored()
    return DatasetSummary(**common, uri=_cut(newest.uri), sha256=_cut(newest.sha256))


def headlines(metrics: dict[str, Metric]) -> dict[str, Headline]:
    """The metrics that people look at first. A counter has no best value."""
    return {_cut(name): _headline(name, metric) for name, metric in _shown(metrics)}


def _shown(metrics: dict[str, Metric]) -> list[tuple[str, Metric]]:
    return sorted(metrics.items(), key=lambda item: importance(item[0]))[:MAX_METRICS]


def _headline(name: str, metric: Metric) -> Headline:
    best = None if metric.best is None or is_counter(name) else metric.best.value
    return Headline(metric.goal, best, metric.last.value)  # type: ignore[arg-type]  # it is finite


def _cut(text: _Text) -> _Text:
    return text if text is None or len(text) <= MAX_CHARACTERS else text[:MAX_CHARACTERS] + "\u2026"
