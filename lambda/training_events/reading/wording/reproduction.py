"""What is told of a training that was asked for and of runs that are done again, a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.reading.timeline.description import cut

if TYPE_CHECKING:
    from training_events.folds.run_state import Reproduction, RunState

MAX_REPRODUCTIONS = 10
"""How many of the runs that did a run again are told: the newest ones. The state has more."""


def reproduction_lines(state: RunState) -> list[str]:
    """`reproduced by run/digits-8: diverged: loss parts at step 120; seeds 7 → 8`: of each run that did this one again."""
    newest = [_line(reproduction) for reproduction in reversed(state.reproductions)]
    more = len(newest) - MAX_REPRODUCTIONS
    return [*newest[:MAX_REPRODUCTIONS], *([f"and by {more} more"] if more > 0 else [])]


def _line(reproduction: Reproduction) -> str:
    run = cut(reproduction.run)
    if reproduction.status == "requested":
        return f"to be reproduced by {run}: no verdict yet"
    verdict = f"reproduced by {run}: {reproduction.status}"
    return f"{verdict}: {reproduction.explanation}" if reproduction.explanation else verdict


def refusal_text(state: RunState) -> str | None:
    """`invalid_request: RoleArn: is not there`. None where the training was not refused."""
    if state.refused is None:
        return None
    parts = (state.refused.reason, state.refused.field, state.refused.explanation)
    return ": ".join(cut(part) for part in parts if part)


def cause_text(state: RunState) -> str | None:
    """`dataset/digits, event 3f2a…, at 2026-11-22T15:08:39.955123Z`. None where no event caused it."""
    cause = state.caused_by
    return None if cause is None else f"{cut(cause.stream)}, event {cut(cause.event_id)}, at {cut(cause.occurred_at)}"
