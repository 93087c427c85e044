"""What `show` says of a run's life: its attempts, and what was looked up in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.reading.wording.run import progress_of_attempts
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
    fields: dict[str, Any] = {"progress": progress_of_attempts(state)}
    if state.ends_not_counted:
        fields["ends not counted"] = f"{state.ends_not_counted}, recorded by processes that do not lead the training"
    if life.metrics_from_log:
        fields["metrics"] = "from the log: a later attempt took points back, and the state does not know all others"
    return fields


def attempt_rows(state: RunState) -> Iterator[tuple[Any, ...]]:
    """The newest attempts, if there are several."""
    if len(state.attempts) < 2:
        return
    for attempt in state.attempts[-MAX_ATTEMPTS_SHOWN:]:
        differing = ", ".join(f"{it.name} {it.before or 'absent'} → {it.after or 'absent'}" for it in attempt.differences)
        ended = None if attempt.finished_at is None else short_time(attempt.finished_at)
        yield attempt.number, attempt.status, short_time(attempt.started_at), ended, attempt.first_step, differing or None
