"""Reads what a store holds in the place of an event: as the event, or as Damaged, however the log was altered."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from msgspec import MsgspecError

from training_events.errors import DamagedEvent, NotRecordable
from training_events.stores.event_log import Damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from training_events.event import RecordedEvent

_Stored = TypeVar("_Stored")

_FLAWS = (DamagedEvent, NotRecordable, MsgspecError, ValueError, RecursionError)
"""All that can be raised while text, numbers and JSON are read and an Event is built from them."""


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


def undamaged(records: Iterable[RecordedEvent | Damaged]) -> Iterator[RecordedEvent]:
    """The events. Raises DamagedEvent at the first record that is not one."""
    for record in records:
        if isinstance(record, Damaged):
            raise DamagedEvent(f"{record.stream!a} {record.position!a} cannot be read as an event: {record.why}")
        yield record
