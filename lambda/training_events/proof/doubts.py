"""Tells of instants in which several events decide something differently, and nothing tells which of them came last.

Of points and checkpoints only the state says it: a finding for each instant of a training would hide all others.

Such events are sound. But a state can only take one order of them: folds/instant.py says which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.catalogue import CATALOGUE
from training_events.catalogue.order import DECIDING
from training_events.folds.instant import arrange
from training_events.proof.findings import Finding, Kind
from training_events.times import TEXT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training_events.catalogue import EventType
    from training_events.event import LogEntry
    from training_events.stores.event_log import AuditedEvent

MAX_EVENTS = 1000
"""Of one instant: memory must not grow with the stream. The first ones show the doubt too."""


class Doubts:
    """Of one stream, whose events come in key order."""

    def __init__(self, stream: str) -> None:
        kind, _, _ = stream.partition("/")
        self._types: Mapping[str, EventType] = CATALOGUE.get(kind, {})
        self._deciding = {name for name, known in self._types.items() if known.fact in DECIDING}
        self._instant: list[LogEntry] = []
        self._living: set[str] = set()

    def add(self, event: AuditedEvent) -> list[Finding]:
        """What is in doubt of the instant before this event's, if it was the last one of it that decides anything."""
        if event.type not in self._deciding:
            return []
        findings = []
        if self._instant and self._instant[0].position[:TEXT_LENGTH] != event.position[:TEXT_LENGTH]:
            findings = self.rest()
        if len(self._instant) < MAX_EVENTS:
            self._instant.append(event.entry)
        return findings

    def rest(self) -> list[Finding]:
        """What is in doubt of the last instant."""
        instant, self._instant = self._instant, []
        arranged = arrange(instant, self._types, lambda: self._living)
        for subject, begins in arranged.turns:
            (self._living.add if begins else self._living.discard)(subject)
        in_doubt = sorted(arranged.in_doubt)
        if not in_doubt:
            return []
        why = f"nothing tells the order of the events of this instant, which decides: {', '.join(in_doubt)}"
        return [Finding(kind=Kind.ORDER_UNKNOWN, position=instant[0].position, explanation=why)]
