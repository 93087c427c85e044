"""The event log as all other code sees it: append a fact once, read a stream in order, walk through all streams."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, NamedTuple, Protocol

from msgspec import Meta, Struct, json

from training_events.errors import InTheFuture
from training_events.event import MAX_INTEGER, LogEntry
from training_events.times import hours_after, is_utc_text, seconds_between

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from training_events.event import Event, RecordedEvent


MAX_LEAD_HOURS = 24
"""How far an event may lie ahead of the clock of the log that takes it. A clock in a wrong time zone is within this."""


MIN_LEAD_SECONDS = 1.0
"""A smaller lead is told of nowhere: clocks that are kept in step differ by milliseconds."""


class Appended(Enum):
    """What an append did."""

    RECORDED = "recorded"
    REPEATED = "repeated"
    """The log already held the same event. Nothing changed."""


class ProducerLink(Struct, frozen=True, gc=False):
    """What makes a producer's events a chain, as in `event.Producer`."""

    id: str
    sequence: Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
    previous: str | None = None


class AuditedEvent(Struct, frozen=True, gc=False):
    """An event as the store holds it, judged but not decoded."""

    position: str
    recorded_at: str
    digest: str
    """The digest that the event was recorded with."""
    producer: ProducerLink | None
    alteration: str | None
    """How it is not what was recorded, as far as the event itself shows; None if it is."""
    type: str
    schema_version: int
    data: str
    """The text of a JSON object."""
    source: str
    account: str | None = None
    """As in `event.RecordedEvent`."""

    @property
    def entry(self) -> LogEntry:
        """The event as folds take it."""
        producer = None if self.producer is None else json.encode(self.producer).decode()
        return LogEntry(self.position, self.recorded_at, self.type, self.schema_version, self.data, producer)


class Damaged(Struct, frozen=True):
    """The store holds this in the place of an event, but it cannot be read as one: somebody altered the log."""

    stream: str
    position: str
    why: str


class Alteration(Struct, frozen=True):
    """What was done to an event after its append, as the store itself noticed. `digest` is that of the event as recorded."""

    at: str
    what: str
    """`update`; `delete`; `replace` where an event stands at its position again."""
    stream: str
    position: str
    digest: str


class Page(NamedTuple):
    """A part of a walk through the log: entries with their streams, and the token of the next page (None at the end)."""

    entries: list[tuple[str, LogEntry]]
    after: str | None


class Moment(NamedTuple):
    """When an event happened, and when the log took it, as 27-character texts; an altered log may have any text there."""

    occurred_at: str
    recorded_at: str


class RecordedPage(NamedTuple):
    """A part of a stream: the records that the log took after a time, and how many it took by then."""

    earlier: int
    later: Iterable[AuditedEvent | Damaged]


def check_due(event: Event, present: str) -> None:
    """Raises InTheFuture for an event that no log takes at this moment.

    Such an event would stay the newest one of its stream for as long as it is ahead, whatever comes after it.
    """
    if event.occurred_at > hours_after(present, MAX_LEAD_HOURS):
        allowed = f"at most {MAX_LEAD_HOURS} hours ahead of the log's clock, which was {present}"
        raise InTheFuture(f"it happened at {event.occurred_at}", allowed, ("occurred_at",))


def lead_seconds(occurred_at: str, recorded_at: str) -> float | None:
    """By how many seconds an event lay ahead of the log's clock when the log took it; None if it did not, or hardly."""
    if occurred_at <= recorded_at or not is_utc_text(recorded_at):  # an altered log may have any text there
        return None
    lead = seconds_between(recorded_at, occurred_at)
    return lead if lead >= MIN_LEAD_SECONDS else None


class RecordedStreams(Protocol):
    """Streams as verification and folds read them, again and again: those of a log, or one of an export of it."""

    def audit(self, stream: str) -> Iterator[AuditedEvent | Damaged]:
        """Every record of the stream, in the store's order, whatever was done to it.

        The digest is computed over the texts as they are stored, so any altered byte shows. So does anything that an event
        does not have, and anything that follows from the event and is something else.
        """
        ...

    def alterations(self, stream: str | None = None) -> Iterator[Alteration]:
        """The events, of one stream or of all, that the store saw changed or removed, whatever stands there now.

        DynamoDB shows alterations only in its change stream, to the projector, which raises the alarm. Whoever reads the table
        sees none, so there this is empty.
        """
        ...

    def entries(self, stream: str, *, after: str = "", until: str | None = None) -> Iterator[LogEntry]:
        """The stream in key order, behind the position `after`, up to and including the time `until` (of occurred_at).

        A damaged record gives an entry with what there is of it; in place of the rest it has an empty text, or version 0.
        """
        ...


class EventLog(RecordedStreams, Protocol):
    """An append-only store of streams. Every implementation passes tests/contract/test_event_log.py.

    Reading is consistent: a program sees the event that it has just recorded. It is also lazy: memory does not grow with the
    stream or the log.
    """

    def append(self, event: Event, *, account: str | None = None, accept_future: bool = False) -> Appended:
        """Record the event unless the log has it. This is one atomic step; any number of writers may repeat it at any time.

        `account` is the AWS account that sent it over a bus. The log notes it as it notes the time: it is no part of the
        event's content, so a repeat from another account changes nothing. A SQLite file is on no bus, and notes none.

        Raises InTheFuture for an event that lies more than MAX_LEAD_HOURS ahead of the log's clock, unless a person has decided
        to `accept_future`; Conflict when the log has other content under the event's key; another NotRecordable for what
        `recordable` or the size does not allow; and whatever the store raises when it cannot be reached. Then the event may or
        may not be recorded: append it again. What the log has already is a repeat, whatever would be said of it today.
        """
        ...

    def read(self, stream: str, *, after: str = "") -> Iterator[RecordedEvent]:
        """The stream's events behind the position `after`, in key order. A stream that does not exist has none.

        Raises DamagedEvent at a record that cannot be read as an event.
        """
        ...

    def fetch(self, keys: Iterable[tuple[str, str]]) -> Iterator[RecordedEvent | Damaged | None]:
        """What stands at each of these places, given by stream and position, in their order; None where nothing does."""
        ...

    def recorded_after(self, stream: str, time: str) -> Iterator[RecordedPage]:
        """What `audit` gives and was recorded later than `time`, and a count of the rest.

        The store reads the whole stream, and hands out only what is later.
        """
        ...

    def moments(self, stream: str) -> Iterator[Moment]:
        """The times of a stream's events, in key order. What the events say is not read."""
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

    def close(self) -> None:
        """Give back the file or the connections. The next use opens them again."""
        ...
