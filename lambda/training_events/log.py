"""The event log as everything else sees it: append a fact once, read a stream in order."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.event import Event, RecordedEvent


class Appended(Enum):
    """How an append went well."""

    RECORDED = "recorded"
    REPEATED = "repeated"
    """The log held the same event already; nothing changed."""


class EventLog(Protocol):
    """An append-only store of streams. Every implementation passes tests/contract/test_event_log.py."""

    def append(self, event: Event) -> Appended:
        """Record the event unless it is there: one atomic step, safe to repeat at any time, from any number of writers.

        Raises Conflict when other content is under the event's key, TooLarge when it can never fit, and whatever the
        store raises when it cannot be reached: then the event may or may not be recorded, and appending again is right.
        """
        ...

    def read(self, stream: str) -> Iterator[RecordedEvent]:
        """The stream's events in key order, none when there is no such stream; memory does not grow with the stream."""
        ...
