"""What verification finds, in a closed set of kinds. Of a log altered all over, the first findings are kept and all counted."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from enum import Enum

from msgspec import Struct

MAX_FINDINGS = 100
"""Kept of those about events, and as many of those about whole seals, and of gaps."""


class Kind(Enum):
    """Every kind but the last means that somebody altered the log or its seals."""

    ALTERED = "altered"
    """The event is not what was recorded: its content does not give its digest, or a seal has it with another one."""
    DAMAGED = "damaged"
    """What stands at the event's place cannot be read as that event."""
    MISSING = "missing"
    """An event that a seal covers, or that was seen to be removed, is no longer there."""
    FORGED = "forged"
    """Two events claim one number of a producer: at most one of them is its own."""
    BROKEN_CHAIN = "broken_chain"
    """The event does not name the digest of its producer's event before: one of the two was altered or put in its place."""
    BROKEN_SEAL = "broken_seal"
    """The seal is not what was written, or not alone, or not there."""
    GAP = "gap"
    """Numbers of a producer that are not there: those events have not arrived yet, or were removed before they were sealed."""


class Finding(Struct, frozen=True, kw_only=True):
    """One thing found. `position` is the event's place in the stream, none for a whole seal."""

    kind: Kind
    position: str | None
    explanation: str
    producer: str | None = None
    sequence: int | None = None
    """The number of the event within its producer's; of a gap, the first that is missing."""
    seal: int | None = None


class Findings:
    """The first findings: about events, by position; then about whole seals; then gaps. And the count of each kind."""

    def __init__(self) -> None:
        self.counts: Counter[Kind] = Counter()
        self._events: list[Finding] = []
        self._seals: list[Finding] = []
        self._gaps: list[Finding] = []

    def add(self, finding: Finding) -> None:
        self.counts[finding.kind] += 1
        kept = self._gaps if finding.kind is Kind.GAP else self._seals if finding.position is None else self._events
        insort(kept, finding, key=_place)
        del kept[MAX_FINDINGS:]

    def tell_of(self, kind: Kind, position: str | None) -> bool:
        """Whether such a finding is among those kept."""
        return any((one.kind, one.position) == (kind, position) for one in self._events)

    @property
    def first(self) -> list[Finding]:
        return self._events + self._seals + self._gaps


def _place(finding: Finding) -> str:
    return finding.position or ""
