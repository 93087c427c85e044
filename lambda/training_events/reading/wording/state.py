"""What is told of a state beside its values: what people say of it, what is in doubt, and what was not counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.reading.wording.text import to_json
from training_events.reading.wording.times import duration, short_time

if TYPE_CHECKING:
    from training_events.folds.run_state import RunState
    from training_events.folds.stream_state import Hiding

GROUP = "group"
"""The tag that names the sweep, the study or the parent run to which a run belongs."""
METRICS_FROM_LOG = "from the log: a later attempt took points back, and the state does not know all others"
NO_ERROR = "no error was recorded"


def hidden_text(hiding: Hiding | None) -> str | None:
    """`since 2026-11-22T15:08:39Z, by ada: wrong data`."""
    if hiding is None:
        return None
    return f"since {short_time(hiding.at)}, by {hiding.by or 'somebody'}: {hiding.reason or 'no reason was given'}"


def clock_ahead_text(seconds: float | None) -> str | None:
    return None if seconds is None else f"the newest event lay {duration(seconds)} ahead of the log's clock"


def ends_not_counted_text(count: int) -> str | None:
    return f"{count}, recorded by processes that do not lead the training" if count else None


def error_text(state: RunState) -> str:
    """The whole error with which the run has failed; empty where none was recorded."""
    error = None if state.error is None else state.error.error
    return (error if isinstance(error, str) else "" if error is None else to_json(error)).strip()
