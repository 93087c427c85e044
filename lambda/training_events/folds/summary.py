"""What a listing shows of a stream: the most important parts of its state."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from training_events.catalogue.run import NotFinite
from training_events.catalogue.stored import Stored
from training_events.folds.dataset import DatasetState
from training_events.folds.metric import Goal
from training_events.folds.model import ModelState
from training_events.folds.run import RunState

MAX_METRICS = 8
"""How many metrics a summary has, in the order of their names: a listing has no room for more."""


class Headline(Struct, frozen=True):
    """A metric at a glance."""

    goal: Goal
    best: float | None
    last: float | NotFinite


class RunSummary(Struct, frozen=True):
    stream: str
    status: str
    model: str | None
    first_at: str
    started_at: str | None
    finished_at: str | None
    duration_seconds: float | None
    events: int
    metrics: dict[str, Headline]


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
            model=state.model,
            started_at=state.started_at,
            finished_at=state.finished_at,
            duration_seconds=state.duration_seconds,
            metrics=_headlines(state),
        )
    if isinstance(state, ModelState):
        return ModelSummary(**common, latest_version=state.latest_version, stages=state.stages)
    newest = state.versions[-1].stored if state.versions else Stored()
    return DatasetSummary(**common, uri=newest.uri, sha256=newest.sha256)


def _headlines(state: RunState) -> dict[str, Headline]:
    return {
        name: Headline(metric.goal, None if metric.best is None else metric.best.value, metric.last.value)  # type: ignore[arg-type]
        for name, metric in sorted(state.metrics.items())[:MAX_METRICS]
    }
