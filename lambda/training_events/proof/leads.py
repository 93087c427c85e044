"""Tells of events that lay ahead of the log's clock when the log took them: some clock is fast, or the log's own is slow.

Such an event is sound. But it stands behind what really came after it, and decides with that what a state says is last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.proof.findings import Finding, Kind
from training_events.stores.event_log import lead_seconds
from training_events.times import TEXT_LENGTH

if TYPE_CHECKING:
    from training_events.stores.event_log import AuditedEvent


class Leads:
    """Of one stream: how many events led, the first of them, and by how much at most."""

    def __init__(self) -> None:
        self._count = 0
        self._first: str | None = None
        self._largest = 0.0

    def add(self, event: AuditedEvent) -> None:
        lead = lead_seconds(event.position[:TEXT_LENGTH], event.recorded_at)
        if lead is not None:
            self._count += 1
            self._first = self._first or event.position
            self._largest = max(self._largest, lead)

    def findings(self) -> list[Finding]:
        """One, whatever the number of events: a clock that is fast is so for all of them."""
        if self._first is None:
            return []
        why = (
            f"{self._count} event(s), of which this is the first, lay ahead of the log's clock, by up to {self._largest:.0f} s"
        )
        return [Finding(kind=Kind.CLOCK_AHEAD, position=self._first, explanation=why)]
