"""What recorded events state, for whoever asks for one type of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from training_events import catalogue
from training_events.errors import NotFoldable

if TYPE_CHECKING:
    from msgspec import Struct

    from training_events.event import RecordedEvent

_F = TypeVar("_F", bound="Struct")


def fact_of(recorded: RecordedEvent, kind: type[_F]) -> _F | None:
    """The event's fact, if it is of this kind; None for any other, and for one that cannot be read."""
    event = recorded.event
    if event.type != kind.__name__:
        return None
    try:
        fact = catalogue.read(event.stream, event.type, event.schema_version, event.canonical_data.decode())
    except NotFoldable:
        return None
    return fact if isinstance(fact, kind) else None
