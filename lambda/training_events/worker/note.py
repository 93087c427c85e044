"""What a worker tells of its work: each line that a person reads is also data."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct, field

from training_events import times
from training_events.reading.wording.times import short_time

What: TypeAlias = Literal["started", "started_again", "found", "refused", "completed", "failed", "stopped"]
_WORDS: dict[What, str] = {
    "started": "is started",
    "started_again": "is started again, as its process has died without an end",
    "found": "runs already",
    "refused": "is refused",
    "completed": "has completed",
    "failed": "has failed",
    "stopped": "was stopped",
}


class Note(Struct, frozen=True):
    """What became of a run at a time (UTC). `found` is a run whose process an earlier worker has started."""

    run: str
    what: What
    explanation: str | None = None
    at: str = field(default_factory=times.now)

    def __str__(self) -> str:
        return f"{short_time(self.at)}  {self.run} {_WORDS[self.what]}" + (f": {self.explanation}" if self.explanation else "")
