"""The chains of a stream's producers: numbered from 1, each event naming the digest of the one before.

A stream is in the order of its clocks, and a producer's clock may step back, so its events need not come in the order of its
numbers. What is kept is the unbroken runs of numbers seen so far: memory grows with the gaps, not with the events.
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
    """How far a producer's events are complete: all with the numbers 1 to `complete_up_to` (0: none) are there."""

    id: str
    complete_up_to: int
    position: str | None
    """Of the event with the number `complete_up_to`."""
    events: int


class _Run(Struct):
    """Numbers without a gap, of which only the ends matter any more."""

    first: int
    previous: str | None
    first_position: str
    last: int
    digest: str
    last_position: str


class _Producer:
    def __init__(self) -> None:
        self.events = 0
        self.runs: list[_Run] = []  # in their order, none touching the next


class Chains:
    """Takes the events of a stream in any order."""

    def __init__(self) -> None:
        self._producers: dict[str, _Producer] = {}

    def add(self, event: Event, digest: str) -> list[Finding]:
        """Take an event and the digest it was recorded with; what they show to be wrong."""
        if event.producer is None:
            return []
        said, position = event.producer, event.position
        producer = self._producers.setdefault(said.id, _Producer())
        producer.events += 1
        runs = producer.runs
        at = bisect_right(runs, said.sequence, key=_first)
        if at and said.sequence <= runs[at - 1].last:
            return [_finding(Kind.FORGED, said, position, f"another event has the number {said.sequence} of this producer too")]
        found = []
        if (said.sequence == 1) != (said.previous is None):
            why = "it is numbered 1 and names an event before it" if said.previous else "it names no event before it"
            found.append(_finding(Kind.BROKEN_CHAIN, said, position, why))
        run = _Run(said.sequence, said.previous, position, said.sequence, digest, position)
        low = high = at
        if at and runs[at - 1].last == run.first - 1:
            low -= 1
            run = _joined(said.id, runs[low], run, found)
        if at < len(runs) and runs[at].first == run.last + 1:
            high += 1
            run = _joined(said.id, run, runs[at], found)
        runs[low:high] = [run]
        return found

    def gaps(self) -> Iterator[Finding]:
        """The numbers that are not there, when all events have been taken: a finding for each gap, at the event behind it."""
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


def _finding(kind: Kind, said: Producer, position: str, why: str) -> Finding:
    return Finding(kind=kind, position=position, explanation=why, producer=said.id, sequence=said.sequence)


def _head(name: str, producer: _Producer) -> Chain:
    first = producer.runs[0]
    if first.first > 1:
        return Chain(name, 0, None, producer.events)
    return Chain(name, first.last, first.last_position, producer.events)
