"""Checks the chains of a stream's producers: each numbers its events from 1, and each event names the digest of the one before.

A stream is sorted by its producers' clocks. A clock may step back, so a producer's events need not come in the order of their
numbers. Only the unbroken runs of numbers are kept: memory grows with the gaps, not with the events.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.proof.findings import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.event import Event, Producer


class Chain(Struct, frozen=True):
    """How far a producer's events are complete: the stream holds all of its numbers 1 to `complete_up_to` (0: none)."""

    id: str
    complete_up_to: int
    position: str | None
    """The position of the event with the number `complete_up_to`."""
    events: int


class _Run(Struct):
    """Consecutive numbers of one producer. Only the two ends are needed to join it with what comes later."""

    first: int
    previous: str | None
    first_position: str
    last: int
    digest: str
    last_position: str


class _Producer:
    def __init__(self) -> None:
        self.events = 0
        self.runs: list[_Run] = []  # sorted by number; no run touches the next


class Chains:
    """The chains of all producers of a stream. Events may be added in any order."""

    def __init__(self) -> None:
        self._producers: dict[str, _Producer] = {}

    def add(self, event: Event, digest: str) -> list[Finding]:
        """Add an event and the digest it was recorded with. Returns what they show to be wrong."""
        if event.producer is None:
            return []
        header, position = event.producer, event.position
        producer = self._producers.setdefault(header.id, _Producer())
        producer.events += 1
        runs = producer.runs
        at = bisect_right(runs, header.sequence, key=_first)
        if at and header.sequence <= runs[at - 1].last:
            return [
                _finding(Kind.FORGED, header, position, f"another event has the number {header.sequence} of this producer too")
            ]
        found = []
        if (header.sequence == 1) != (header.previous is None):
            why = "it is numbered 1 and names an event before it" if header.previous else "it names no event before it"
            found.append(_finding(Kind.BROKEN_CHAIN, header, position, why))
        run = _Run(header.sequence, header.previous, position, header.sequence, digest, position)
        low = high = at
        if at and runs[at - 1].last == run.first - 1:
            low -= 1
            run = _joined(header.id, runs[low], run, found)
        if at < len(runs) and runs[at].first == run.last + 1:
            high += 1
            run = _joined(header.id, run, runs[at], found)
        runs[low:high] = [run]
        return found

    def gaps(self) -> Iterator[Finding]:
        """The missing numbers, once all events are added: one finding for each gap, at the position of the event after it."""
        for name, producer in self._producers.items():
            expected = 1
            for run in producer.runs:
                if run.first > expected:
                    missing = f"{expected}" if run.first == expected + 1 else f"{expected} to {run.first - 1}"
                    why = f"of this producer's events {missing} is not there: not arrived yet, or removed"
                    yield Finding(kind=Kind.GAP, position=run.first_position, explanation=why, producer=name, sequence=expected)
                expected = run.last + 1

    def heads(self) -> list[Chain]:
        """How far each producer's events are complete."""
        return [_head(name, producer) for name, producer in sorted(self._producers.items())]


_first = attrgetter("first")


def _joined(producer: str, before: _Run, after: _Run, found: list[Finding]) -> _Run:
    if after.previous is not None and after.previous != before.digest:
        why = (
            f"it names {after.previous} as the event before it, and that is {before.digest}, at {before.last_position!a}:"
            " one of the two was altered or put in its place"
        )
        found.append(
            Finding(
                kind=Kind.BROKEN_CHAIN,
                position=after.first_position,
                explanation=why,
                producer=producer,
                sequence=after.first,
            )
        )
    return _Run(before.first, before.previous, before.first_position, after.last, after.digest, after.last_position)


def _finding(kind: Kind, header: Producer, position: str, why: str) -> Finding:
    return Finding(kind=kind, position=position, explanation=why, producer=header.id, sequence=header.sequence)


def _head(name: str, producer: _Producer) -> Chain:
    first = producer.runs[0]
    if first.first > 1:
        return Chain(name, 0, None, producer.events)
    return Chain(name, first.last, first.last_position, producer.events)
