"""Walks through the log and the seals of a stream together, position by position, and says what is wrong at a position."""

from __future__ import annotations

from heapq import merge
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from training_events.event import RecordedEvent
from training_events.proof.findings import Finding, Kind
from training_events.proof.seal_format import SealedEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from training_events.stores.event_log import Damaged


class Place(NamedTuple):
    """What one position holds: in the log (None if it was removed), and in seals (none, one, or too many)."""

    position: str
    recorded: RecordedEvent | Damaged | None
    sealed: list[SealedEvent]


def side_by_side(recorded: Iterable[RecordedEvent | Damaged], seals: Iterable[Iterable[SealedEvent]]) -> Iterator[Place]:
    """Every position of the log or of a seal, once. All arguments must be in key order; they are streamed, not held."""
    for position, items in groupby(merge(recorded, *seals, key=_position), key=_position):
        in_log, sealed = None, []
        for item in items:
            if isinstance(item, SealedEvent):
                sealed.append(item)
            else:
                in_log = item
        yield Place(position, in_log, sealed)


def flaw_at(place: Place) -> Finding | None:
    """The worst thing that is wrong at a position, or None. The digest of the event's content is computed again."""
    position, recorded, sealed = place
    number = sealed[0].seal if sealed else None
    if recorded is None:
        why = f"seal {number} covers an event here, and the log has none"
        return Finding(kind=Kind.MISSING, position=position, explanation=why, seal=number)
    if not isinstance(recorded, RecordedEvent):
        why = f"what stands here cannot be read as an event: {recorded.why}"
        return Finding(kind=Kind.DAMAGED, position=position, explanation=why, seal=number)
    producer = recorded.event.producer
    producer_id = None if producer is None else producer.id
    sequence = None if producer is None else producer.sequence
    if recorded.event.digest != recorded.digest:
        why = f"the event was recorded with the digest {recorded.digest}; its content gives {recorded.event.digest}"
        return Finding(
            kind=Kind.ALTERED, position=position, explanation=why, producer=producer_id, sequence=sequence, seal=number
        )
    for event in sealed:
        if event.digest != recorded.digest:
            why = f"seal {event.seal} covers an event here with the digest {event.digest}; the log has {recorded.digest}"
            return Finding(
                kind=Kind.ALTERED, position=position, explanation=why, producer=producer_id, sequence=sequence, seal=event.seal
            )
    if len(sealed) > 1:
        why = f"seals {sealed[0].seal} and {sealed[1].seal} both cover it as new"
        return Finding(kind=Kind.BROKEN_SEAL, position=position, explanation=why, seal=sealed[1].seal)
    return None


def _position(item: RecordedEvent | Damaged | SealedEvent) -> str:
    return item.event.position if isinstance(item, RecordedEvent) else item.position
