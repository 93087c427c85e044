"""What stands at an event's place, as the event or as Damaged: all the ways in which an altered log fails to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from msgspec import MsgspecError

from training_events.errors import DamagedEvent, NotRecordable
from training_events.stores.event_log import Damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from training_events.event import RecordedEvent

Stored = TypeVar("Stored")

_FLAWS = (DamagedEvent, NotRecordable, MsgspecError, ValueError, RecursionError)
"""All that reading text, numbers and JSON, and building an Event from them, can raise."""


def event_or_damaged(
    stream: str, position: str, stored: Stored, read: Callable[[Stored], RecordedEvent]
) -> RecordedEvent | Damaged:
    """The event that `stored` is under this key, with its digest taken: content without a canonical form is damage too."""
    try:
        recorded = read(stored)
        event = recorded.event
        _ = event.digest  # kept by the event, so that who compares it pays nothing more
    except _FLAWS as flaw:
        return Damaged(stream, position, str(flaw) or type(flaw).__name__)
    if (event.stream, event.position) != (stream, position):
        return Damaged(stream, position, f"it says that it is {event.stream!a} {event.position!a}")
    return recorded


def undamaged(found: Iterable[RecordedEvent | Damaged]) -> Iterator[RecordedEvent]:
    """The events. Raises DamagedEvent at what is none."""
    for one in found:
        if isinstance(one, Damaged):
            raise DamagedEvent(f"{one.stream!a} {one.position!a} cannot be read as an event: {one.why}")
        yield one
