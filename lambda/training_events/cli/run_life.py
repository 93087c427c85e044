"""What `show` says of a run's life: its attempts, and what was looked up in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.reading.wording.run import progress_of_attempts
from training_events.reading.wording.state import METRICS_FROM_LOG, ends_not_counted_text
from training_events.reading.wording.times import short_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.folds.run_state import RunState
    from training_events.reading.run_life import Life

ATTEMPT_TITLES = ("attempt", "status", "started at", "ended at", "first step", "what differs")
ATTEMPT_WIDTHS = (8, 10, 20, 20, 10)
MAX_ATTEMPTS_SHOWN = 10


def life_fields(state: RunState, life: Life) -> dict[str, Any]:
    """The lines about the run's attempts and ends."""
    return {
        "progress": progress_of_attempts(state),
        "ends not counted": ends_not_counted_text(state.ends_not_counted),
        "metrics": METRICS_FROM_LOG if life.metrics_from_log else None,
    }


def attempt_rows(state: RunState) -> Iterator[tuple[Any, ...]]:
    """The newest attempts, if there are several."""
    if len(state.attempts) < 2:
        return
    for attempt in state.attempts[-MAX_ATTEMPTS_SHOWN:]:
        differing = ", ".join(f"{it.name} {it.before or 'absent'} → {it.after or 'absent'}" for it in attempt.differences)
        ended = None if attempt.finished_at is None else short_time(attempt.finished_at)
        yield attempt.number, attempt.status, short_time(attempt.started_at), ended, attempt.first_step, differing or None
