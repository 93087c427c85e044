"""Walks through the log and the seals of a stream together, position by position, and says what is wrong at a position."""

from __future__ import annotations

from heapq import merge
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from training_events.proof.findings import Finding, Kind
from training_events.stores.event_log import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from training_events.proof.seal_format import SealedEvent
    from training_events.stores.event_log import AuditedEvent


class Place(NamedTuple):
    """What one position holds: in the log (None if it was removed), and in seals (none, one, or too many)."""

    position: str
    recorded: AuditedEvent | Damaged | None
    sealed: Sequence[SealedEvent]


def side_by_side(recorded: Iterable[AuditedEvent | Damaged], seals: Iterable[Iterable[SealedEvent]]) -> Iterator[Place]:
    """Every position of the log or of a seal, once. All arguments must be in key order; they are streamed, not held."""
    sealed = merge(*seals, key=attrgetter("position"))
    upcoming = next(sealed, None)

    def take(first: SealedEvent) -> list[SealedEvent]:
        """All sealed events at the position of the first, which is the upcoming one."""
        nonlocal upcoming
        events = [first]
        while (upcoming := next(sealed, None)) is not None and upcoming.position == first.position:
            events.append(upcoming)
        return events

    for record in recorded:
        position = record.position
        while upcoming is not None and upcoming.position < position:
            yield Place(upcoming.position, None, take(upcoming))
        yield Place(position, record, take(upcoming) if upcoming is not None and upcoming.position == position else ())
    while upcoming is not None:
        yield Place(upcoming.position, None, take(upcoming))


def flaw_at(place: Place) -> Finding | None:
    """The worst thing that is wrong at a position, or None."""
    position, recorded, sealed = place
    number = sealed[0].seal if sealed else None
    if recorded is None:
        why = f"seal {number} covers an event here, and the log has none"
        return Finding(kind=Kind.MISSING, position=position, explanation=why, seal=number)
    if isinstance(recorded, Damaged):
        why = f"what stands here cannot be read as an event: {recorded.why}"
        return Finding(kind=Kind.DAMAGED, position=position, explanation=why, seal=number)
    if recorded.alteration is not None:
        return _altered(recorded, recorded.alteration, number)
    for event in sealed:
        if (contradiction := _contradiction(event, recorded)) is not None:
            return _altered(recorded, contradiction, event.seal)
    if len(sealed) > 1:
        why = f"seals {sealed[0].seal} and {sealed[1].seal} both cover it as new"
        return Finding(kind=Kind.BROKEN_SEAL, position=position, explanation=why, seal=sealed[1].seal)
    return None


def _contradiction(sealed: SealedEvent, recorded: AuditedEvent) -> str | None:
    if sealed.digest != recorded.digest:
        return f"seal {sealed.seal} covers an event here with the digest {sealed.digest}; the log has {recorded.digest}"
    if sealed.recorded_at not in (None, recorded.recorded_at):
        return f"seal {sealed.seal} covers it as recorded at {sealed.recorded_at}; the log has {recorded.recorded_at!a}"
    return None


def _altered(recorded: AuditedEvent, why: str, seal: int | None) -> Finding:
    producer = recorded.producer
    return Finding(
        kind=Kind.ALTERED,
        position=recorded.position,
        explanation=why,
        producer=None if producer is None else producer.id,
        sequence=None if producer is None else producer.sequence,
        seal=seal,
    )
