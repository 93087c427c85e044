"""The event log as all other code sees it: append a fact once, read a stream in order, walk through all streams."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.event import Event, LogEntry, RecordedEvent


class Appended(Enum):
    """What an append did."""

    RECORDED = "recorded"
    REPEATED = "repeated"
    """The log already held the same event. Nothing changed."""


class Damaged(Struct, frozen=True):
    """The store holds this in the place of an event, but it cannot be read as one: somebody altered the log."""

    stream: str
    position: str
    why: str


class Alteration(Struct, frozen=True):
    """What was done to an event after its append, as the store itself noticed. `digest` is that of the event as recorded."""

    at: str
    what: str
    stream: str
    position: str
    digest: str


class Page(NamedTuple):
    """A part of a walk through the log: entries with their streams, and the token of the next page (None at the end)."""

    entries: list[tuple[str, LogEntry]]
    after: str | None


class EventLog(Protocol):
    """An append-only store of streams. Every implementation passes tests/contract/test_event_log.py.

    Reading is consistent: a program sees the event that it has just recorded. It is also lazy: memory does not grow with the
    stream or the log.
    """

    def append(self, event: Event) -> Appended:
        """Record the event unless the log has it. This is one atomic step; any number of writers may repeat it at any time.

        Raises Conflict when the log has other content under the event's key, TooLarge when the event can never fit, and
        whatever the store raises when it cannot be reached. Then the event may or may not be recorded: append it again.
        """
        ...

    def read(self, stream: str, *, after: str = "") -> Iterator[RecordedEvent]:
        """The stream's events behind the position `after`, in key order. A stream that does not exist has none.

        Raises DamagedEvent at a record that cannot be read as an event.
        """
        ...

    def audit(self, stream: str) -> Iterator[RecordedEvent | Damaged]:
        """Every record of the stream, in the store's order, whatever was done to it."""
        ...

    def alterations(self, stream: str | None = None) -> Iterator[Alteration]:
        """The events, of one stream or of all, that the store saw removed or given another digest, and not put back.

        If an event still has its digest, its content shows an alteration. DynamoDB shows alterations only in its change stream,
        to the projector, which raises the alarm. Whoever reads the table sees none, so there this is empty.
        """
        ...

    def entries(self, stream: str, *, after: str = "", until: str | None = None) -> Iterator[LogEntry]:
        """The stream in key order, behind the position `after`, up to and including the time `until` (of occurred_at).

        A damaged record gives an entry with what there is of it; in place of the rest it has an empty text, or version 0.
        """
        ...

    def streams(self) -> Iterator[str]:
        """Every stream once, in no particular order."""
        ...

    def scan(self, part: int, parts: int, after: str | None = None) -> Iterator[Page]:
        """Part number `part` (from 0) of the whole log, cut into `parts` disjoint parts for readers side by side.

        The entries of a stream normally come one after the other and in key order, but no store promises it. To continue
        behind a page, give its token as `after`.
        """
        ...
