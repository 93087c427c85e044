"""A run as lists have it: its summary, and for how long it is silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.folds.silence import silent_seconds
from training_events.folds.summary import RunSummary

if TYPE_CHECKING:
    from typing import Self


class ListedRun(RunSummary, frozen=True):
    """`silent_seconds` is for how long a run that is running has said nothing, where that is long for it; else it is null.

    Where `metrics_known` is false, the best values were looked up in the log: a later attempt took points back.
    """

    silent_seconds: float | None = None

    @classmethod
    def at(cls, run: RunSummary, time: str) -> Self:
        """The run as it is listed at a time."""
        fields = {name: getattr(run, name) for name in run.__struct_fields__}
        return cls(**fields, silent_seconds=silent_seconds(run.status, run.last_heard_at, run.usual_gap_seconds, time))
