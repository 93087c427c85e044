"""Tells of registrations that contradict each other: a version of a dataset has one content, and so one digest and one size.

The events are sound, and the log cannot know which of them is right. The state keeps what the first one says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import MsgspecError

from training_events import catalogue
from training_events.catalogue.dataset import DatasetRegistered
from training_events.errors import NotFoldable
from training_events.folds.dataset import DatasetState, known_version, registered, stored_of
from training_events.proof.findings import Finding, Kind

if TYPE_CHECKING:
    from training_events.stores.event_log import AuditedEvent


class Disputes:
    """Of one stream, whose events come in key order. It holds as many versions as a state does."""

    def __init__(self, stream: str) -> None:
        self._state = DatasetState(stream)
        self._may_have_some = stream.startswith("dataset/")

    def add(self, event: AuditedEvent) -> list[Finding]:
        if not self._may_have_some or event.type != DatasetRegistered.__name__:
            return []
        try:
            fact = catalogue.read(self._state.stream, event.type, event.schema_version, event.data)
        except (NotFoldable, MsgspecError, RecursionError):  # the state counts it
            return []
        if not isinstance(fact, DatasetRegistered):
            return []
        stored = stored_of(fact)
        known = known_version(self._state, stored, fact.digest)
        contradictions = {} if known is None else known.stored.contradictions(stored)
        before = "" if known is None else known.registered_at
        registered(self._state, fact, event.position, event.entry)
        return [
            Finding(
                kind=Kind.DISPUTED,
                position=event.position,
                explanation=f"of one version it says {name} {there}, and what was registered at {before!a} says otherwise",
            )
            for name, there in contradictions.items()
        ]
