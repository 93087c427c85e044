"""How long a run that is running has said nothing, where that is long for it.

A process that was killed records no end, and one that computes for hours records nothing meanwhile. Nobody can tell them apart
from here. So nothing is recorded about it, and it is no status: whoever reads the state is told for how long the run is silent.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training_events.folds.run_state import RunState

MIN_SILENT_SECONDS = 600.0
"""Less is not told: an evaluation or a large checkpoint takes that long."""
USUAL_GAPS = 5
"""So many times as long as its usual gap between two events is a run silent before it is told."""


def last_heard_at(state: RunState) -> str:
    """When the training, or SageMaker about its job, said something last. What people say of a run is no sign of its life."""
    heard = [state.attempts[-1].last_at] if state.attempts else []
    if state.job is not None:
        heard.append(state.job.at)
    return max(heard, default=state.last_at)


def usual_gap_seconds(state: RunState) -> float | None:
    """The mean time between two events of the newest attempt. None as long as it has only one."""
    if not state.attempts or state.attempts[-1].events < 2:
        return None
    attempt = state.attempts[-1]
    span = seconds_between(attempt.started_at, attempt.last_at)
    return None if span is None else span / (attempt.events - 1)


def silent_seconds(status: str, last_at: str | None, usual_gap: float | None, now: str) -> float | None:
    """For how long the run says nothing; None if that is usual for it, or if it is not running."""
    if status != "running" or last_at is None or (silent := seconds_between(last_at, now)) is None:
        return None
    return silent if silent >= max(MIN_SILENT_SECONDS, USUAL_GAPS * (usual_gap or 0.0)) else None


def seconds_between(start: str, end: str) -> float | None:
    try:
        return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    except ValueError:  # only in an altered log, of which `verify` tells
        return None
