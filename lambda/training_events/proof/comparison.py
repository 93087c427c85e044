"""Walks through the log, the seals and the leaves of a stream together, position by position, and says what is wrong at one."""

from __future__ import annotations

from heapq import merge
from operator import attrgetter
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeAlias, TypeVar

from training_events.proof.findings import Finding, Kind
from training_events.proof.tree.leaf import Leaf
from training_events.stores.event_log import Damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from training_events.proof.seal_format import SealedEvent
    from training_events.stores.event_log import AuditedEvent

T = TypeVar("T")

NumberedLeaf: TypeAlias = tuple[int, Leaf]
"""A leaf of the tree, behind its number."""


class Place(NamedTuple):
    """What one position holds: in the log (None if it was removed), in seals, and in the tree (none, one, or too many)."""

    position: str
    recorded: AuditedEvent | Damaged | None
    sealed: Sequence[SealedEvent]
    leaves: Sequence[NumberedLeaf] = ()


class _Ahead(Generic[T]):
    """What comes next of an iterator in key order: all that is at one position is taken at once."""

    def __init__(self, items: Iterable[T], position_of: Callable[[T], str]) -> None:
        self._items, self._position_of = iter(items), position_of
        self._next: T | None = None
        self.position: str | None = None
        """None at the end."""
        self._go_on()

    def take(self, position: str) -> Sequence[T]:
        """All that is at this position."""
        taken: list[T] = []
        while self.position == position and self._next is not None:
            taken.append(self._next)
            self._go_on()
        return taken

    def _go_on(self) -> None:
        self._next = next(self._items, None)
        self.position = None if self._next is None else self._position_of(self._next)


def side_by_side(
    recorded: Iterable[AuditedEvent | Damaged],
    seals: Iterable[Iterable[SealedEvent]],
    leaves: Iterable[NumberedLeaf] = (),
) -> Iterator[Place]:
    """Every position of the log, a seal or the tree, once. All must be in key order; they are streamed, not held."""
    sealed = _Ahead(merge(*seals, key=attrgetter("position")), attrgetter("position"))
    in_tree = _Ahead(leaves, _position_of_leaf)

    def gone(until: str | None) -> Iterator[Place]:
        """What stands before this position without an event."""
        while positions := [ahead.position for ahead in (sealed, in_tree) if ahead.position is not None]:
            position = min(positions)
            if until is not None and position >= until:
                return
            yield Place(position, None, sealed.take(position), in_tree.take(position))

    for record in recorded:
        position = record.position
        if any(ahead.position is not None and ahead.position < position for ahead in (sealed, in_tree)):
            yield from gone(position)
        yield Place(
            position,
            record,
            sealed.take(position) if sealed.position == position else (),
            in_tree.take(position) if in_tree.position == position else (),
        )
    yield from gone(None)


def _position_of_leaf(leaf: NumberedLeaf) -> str:
    return leaf[1].position


def flaw_at(place: Place) -> Finding | None:
    """The worst thing that the log and the seals show to be wrong at a position, or None."""
    position, recorded, sealed, _ = place
    number = sealed[0].seal if sealed else None
    if recorded is None:
        why = f"seal {number} covers an event here, and the log has none"
        return Finding(kind=Kind.MISSING, position=position, explanation=why, seal=number) if sealed else None
    if isinstance(recorded, Damaged):
        why = f"what stands here cannot be read as an event: {recorded.why}"
        return Finding(kind=Kind.DAMAGED, position=position, explanation=why, seal=number)
    if recorded.alteration is not None:
        return altered(recorded, recorded.alteration, number)
    for event in sealed:
        if (contradiction := _contradiction(event, recorded)) is not None:
            return altered(recorded, contradiction, event.seal)
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


def altered(recorded: AuditedEvent, why: str, seal: int | None = None) -> Finding:
    """The finding that an event is not what was recorded."""
    producer = recorded.producer
    return Finding(
        kind=Kind.ALTERED,
        position=recorded.position,
        explanation=why,
        producer=None if producer is None else producer.id,
        sequence=None if producer is None else producer.sequence,
        seal=seal,
    )
