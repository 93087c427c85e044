"""Reads, or judges, what a store holds in the place of an event: the event, or Damaged, however the log was altered."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from msgspec import MsgspecError

from training_events.errors import DamagedEvent, NotReadBack, NotRecordable
from training_events.stores.event_log import AuditedEvent, Damaged, ProducerLink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from training_events.event import Event, RecordedEvent

_Stored = TypeVar("_Stored")

_FLAWS = (DamagedEvent, NotRecordable, MsgspecError, ValueError, RecursionError, AttributeError, TypeError)
"""All that can be raised while text, numbers and JSON are read, or something else in their place, and an Event is built."""


def event_or_damaged(
    stream: str, position: str, stored: _Stored, read: Callable[[_Stored], RecordedEvent]
) -> RecordedEvent | Damaged:
    """The event that a store holds as `stored` under this key, or Damaged.

    The event's digest is computed here, because content without a canonical form is damage too.
    """
    try:
        recorded = read(stored)
        event = recorded.event
        _ = event.digest  # the event keeps it: to compare it later costs nothing
    except _FLAWS as flaw:
        return Damaged(stream, position, str(flaw) or type(flaw).__name__)
    if (event.stream, event.position) != (stream, position):
        return Damaged(stream, position, f"by its own fields it is {event.stream!a} {event.position!a}")
    return recorded


def audited_or_damaged(
    stream: str,
    position: str,
    stored: _Stored,
    audit: Callable[[_Stored], AuditedEvent],
    read: Callable[[_Stored], RecordedEvent],
) -> AuditedEvent | Damaged:
    """The judgement on what a store holds as `stored` under this key. `audit` judges texts, `read` reads them."""
    try:
        judged = audit(stored)
        if judged.alteration is None and judged.position == position:
            return judged
        why = judged.alteration
    except _FLAWS as flaw:
        why = str(flaw) or type(flaw).__name__
    # rare, and so it may take longer: whether it can be read at all
    recorded = event_or_damaged(stream, position, stored, read)
    return recorded if isinstance(recorded, Damaged) else as_audited(recorded, why)


def as_audited(recorded: RecordedEvent, alteration: str | None = None) -> AuditedEvent:
    """The event, judged by its content, or as having this alteration."""
    event = recorded.event
    producer = event.producer
    link = None if producer is None else ProducerLink(producer.id, producer.sequence, producer.previous)
    if alteration is None and event.digest != recorded.digest:
        alteration = altered_content(recorded.digest, event.digest)
    data = event.canonical_data.decode()
    return AuditedEvent(
        position=event.position,
        recorded_at=recorded.recorded_at,
        digest=recorded.digest,
        producer=link,
        alteration=alteration,
        type=event.type,
        schema_version=event.schema_version,
        data=data,
        source=event.source,
        account=recorded.account,
    )


def altered_content(recorded: str, now: str) -> str:
    """The alteration of an event whose content does not give the digest it was recorded with."""
    return f"the event was recorded with the digest {recorded}; its content gives {now}"


def check_read_back(
    event: Event, stored: _Stored, read: Callable[[_Stored], RecordedEvent], audit: Callable[[_Stored], AuditedEvent]
) -> None:
    """Raises NotReadBack unless what a store is about to hold passes for this event with the readers that read it later."""
    try:
        back = read(stored).event
        # what is equal needs no second canonical form; a tuple comes back as a list, with the same digest
        is_same = back == event or back.digest == event.digest
    except _FLAWS as flaw:
        raise NotReadBack(f"what would be stored cannot be read: {flaw}", "what every reader of the log reads") from None
    if not is_same:
        raise NotReadBack(f"what would be stored reads as another event, {back.digest}", f"this one, {event.digest}")
    judged = audited_or_damaged(event.stream, event.position, stored, audit, read)
    flaw_found = judged.why if isinstance(judged, Damaged) else judged.alteration
    if flaw_found is not None:
        raise NotReadBack(f"what would be stored would be found altered: {flaw_found}", "what `verify` finds sound")


def undamaged(records: Iterable[RecordedEvent | Damaged]) -> Iterator[RecordedEvent]:
    """The events. Raises DamagedEvent at the first record that is not one."""
    for record in records:
        if isinstance(record, Damaged):
            raise DamagedEvent(f"{record.stream!a} {record.position!a} cannot be read as an event: {record.why}")
        yield record
