"""The event log as everything else sees it: append a fact once, read a stream in order, walk through all of it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.event import Event, LogEntry, RecordedEvent


class Appended(Enum):
    """How an append went well."""

    RECORDED = "recorded"
    REPEATED = "repeated"
    """The log held the same event already; nothing changed."""


class Damaged(Struct, frozen=True):
    """What stands at an event's place and cannot be read as one: someone altered the log."""

    stream: str
    position: str
    why: str


class Alteration(Struct, frozen=True):
    """What was done to an event after its append, as the store itself noticed. `digest` is the one it was recorded with."""

    at: str
    what: str
    stream: str
    position: str
    digest: str


class Page(NamedTuple):
    """A piece of a walk through the log: entries with their streams, and the token to go on from (none at the end)."""

    entries: list[tuple[str, LogEntry]]
    after: str | None


class EventLog(Protocol):
    """An append-only store of streams. Every implementation passes tests/contract/test_event_log.py.

    Reading is consistent (who has just recorded sees it) and lazy: memory does not grow with the stream or the log.
    """

    def append(self, event: Event) -> Appended:
        """Record the event unless it is there: one atomic step, safe to repeat at any time, from any number of writers.

        Raises Conflict when other content is under the event's key, TooLarge when it can never fit, and whatever the
        store raises when it cannot be reached: then the event may or may not be recorded, and appending again is right.
        """
        ...

    def read(self, stream: str, *, after: str = "") -> Iterator[RecordedEvent]:
        """The stream's events behind the position `after`, in key order; none when there is no such stream.

        Raises DamagedEvent at what cannot be read as an event.
        """
        ...

    def audit(self, stream: str) -> Iterator[RecordedEvent | Damaged]:
        """All that stands in the stream, in the store's order, whatever was done to it."""
        ...

    def alterations(self, stream: str | None = None) -> Iterator[Alteration]:
        """Events, of one stream or all, that the store saw removed, or given another digest, and not put back.

        Of an event that has its digest still, its content tells. DynamoDB shows such things to who follows its change stream
        (the projector, which raises the alarm) and not to who reads the table: there this is empty.
        """
        ...

    def entries(self, stream: str, *, after: str = "", until: str | None = None) -> Iterator[LogEntry]:
        """The stream in key order, behind the position `after`, up to the time `until` (occurred_at, inclusive).

        What cannot be read is an entry with what there is: no text, version 0.
        """
        ...

    def streams(self) -> Iterator[str]:
        """Every stream once, in no particular order."""
        ...

    def scan(self, part: int, parts: int, after: str | None = None) -> Iterator[Page]:
        """Part `part` (from 0) of `parts` disjoint ones of the whole log, for readers side by side.

        A stream's entries normally come in one piece and in key order, but a reader has to look. `after` is the token of
        the page to go on behind.
        """
        ...
