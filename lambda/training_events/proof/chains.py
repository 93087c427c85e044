"""Checks the chains of a stream's producers: each numbers its events from 1, and each event names the digest of the one before.

A stream is sorted by its producers' clocks. A clock may step back, so a producer's events need not come in the order of their
numbers. Only the unbroken stretches of numbers are kept: memory grows with the gaps, not with the events.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.proof.findings import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.stores.event_log import AuditedEvent, ProducerLink


class Chain(Struct, frozen=True):
    """How far a producer's events are complete: the stream holds all of its numbers 1 to `complete_up_to` (0: none)."""

    id: str
    complete_up_to: int
    position: str | None
    """The position of the event with the number `complete_up_to`."""
    events: int


class _Stretch(Struct):
    """Consecutive numbers of one producer. Only its two ends are needed to join it with events that are added later."""

    first: int
    previous: str | None
    first_position: str
    last: int
    digest: str
    last_position: str


class _PartialChain:
    def __init__(self) -> None:
        self.events = 0
        self.stretches: list[_Stretch] = []  # sorted by number; at least one number is missing between two of them


class Chains:
    """The chains of all producers of a stream. Events may be added in any order."""

    def __init__(self) -> None:
        self._partial: dict[str, _PartialChain] = {}

    def add(self, event: AuditedEvent) -> list[Finding]:
        """Add an event. Returns what it shows to be wrong."""
        producer = event.producer
        if producer is None:
            return []
        position, digest = event.position, event.digest
        if (chain := self._partial.get(producer.id)) is None:
            chain = self._partial[producer.id] = _PartialChain()
        chain.events += 1
        stretches = chain.stretches
        newest = stretches[-1] if stretches else None
        if newest is not None and producer.sequence == newest.last + 1 and producer.previous == newest.digest:
            newest.last, newest.digest, newest.last_position = producer.sequence, digest, position  # as nearly every event
            return []
        index = bisect_right(stretches, producer.sequence, key=_first)  # of the stretch after this event
        before = stretches[index - 1] if index > 0 else None
        after = stretches[index] if index < len(stretches) else None
        if before is not None and producer.sequence <= before.last:
            why = f"another event has the number {producer.sequence} of this producer too"
            return [_finding(Kind.FORGED, producer, position, why)]
        findings = []
        if (producer.sequence == 1) != (producer.previous is None):
            why = "it is numbered 1 and names an event before it" if producer.previous else "it names no event before it"
            findings.append(_finding(Kind.BROKEN_CHAIN, producer, position, why))
        stretch = _Stretch(producer.sequence, producer.previous, position, producer.sequence, digest, position)
        start = end = index
        if before is not None and before.last == stretch.first - 1:
            start -= 1
            stretch = _joined(producer.id, before, stretch, findings)
        if after is not None and after.first == stretch.last + 1:
            end += 1
            stretch = _joined(producer.id, stretch, after, findings)
        stretches[start:end] = [stretch]
        return findings

    def gaps(self) -> Iterator[Finding]:
        """The missing numbers, once all events are added: one finding for each gap, at the position of the event after it."""
        for producer, chain in self._partial.items():
            expected = 1
            for stretch in chain.stretches:
                if stretch.first > expected:
                    yield _gap(producer, expected, stretch)
                expected = stretch.last + 1

    def heads(self) -> list[Chain]:
        """How far each producer's events are complete."""
        return [_head(producer, chain) for producer, chain in sorted(self._partial.items())]


_first = attrgetter("first")


def _gap(producer: str, expected: int, after: _Stretch) -> Finding:
    missing = f"{expected}" if after.first == expected + 1 else f"{expected} to {after.first - 1}"
    why = f"of this producer's events {missing} is not there: not arrived yet, or removed"
    return Finding(kind=Kind.GAP, position=after.first_position, explanation=why, producer=producer, sequence=expected)


def _joined(producer: str, before: _Stretch, after: _Stretch, findings: list[Finding]) -> _Stretch:
    """Join two stretches that touch. Adds a finding if the second does not name the digest at the end of the first."""
    if after.previous is not None and after.previous != before.digest:
        why = (
            f"it names {after.previous} as the event before it, and that is {before.digest}, at {before.last_position!a}:"
            " one of the two was altered or put in its place"
        )
        findings.append(
            Finding(
                kind=Kind.BROKEN_CHAIN,
                position=after.first_position,
                explanation=why,
                producer=producer,
                sequence=after.first,
            )
        )
    return _Stretch(before.first, before.previous, before.first_position, after.last, after.digest, after.last_position)


def _finding(kind: Kind, producer: ProducerLink, position: str, why: str) -> Finding:
    return Finding(kind=kind, position=position, explanation=why, producer=producer.id, sequence=producer.sequence)


def _head(producer: str, chain: _PartialChain) -> Chain:
    first = chain.stretches[0]
    if first.first > 1:
        return Chain(producer, 0, None, chain.events)
    return Chain(producer, first.last, first.last_position, chain.events)
