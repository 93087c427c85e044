"""What verification finds, in a closed set of kinds. All findings are counted; only the first of them are kept."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from enum import Enum

from msgspec import Struct

MAX_FINDINGS = 100
"""How many findings about events are kept; as many about whole seals, and as many gaps."""


class Kind(Enum):
    """Every kind but the last eight means that something is not as it was written, or not kept as it must be."""

    ALTERED = "altered"
    """The event is not what was recorded: its content does not give its digest, or a seal holds another digest."""
    DAMAGED = "damaged"
    """What the log holds at the event's position cannot be read as that event."""
    MISSING = "missing"
    """The log no longer holds an event that a seal covers, that has a leaf in the tree, or that the store saw being removed."""
    STREAM_GONE = "stream_gone"
    """The tree has leaves of the stream, and the log none of its events."""
    NO_LEAF = "no_leaf"
    """The event has no leaf in a checkpoint that must cover it: it was put there later than it says, or past the notary."""
    FORK = "fork"
    """The tree is not what was signed: tiles, leaves and checkpoints contradict each other, or a checkpoint that was kept."""
    FORGED = "forged"
    """Two events claim the same number of a producer: at most one of them is genuine."""
    BROKEN_CHAIN = "broken_chain"
    """The event does not name the digest of its producer's previous event: one of the two was altered or replaced."""
    BROKEN_SEAL = "broken_seal"
    """The seal is not what was written, or another version lies over it, or it is missing."""
    FILE_ALTERED = "file_altered"
    """A kept file that the event names is not what was recorded."""
    FILE_MISSING = "file_missing"
    """A kept file that the event names is gone."""
    FILE_UNREADABLE = "file_unreadable"
    """A kept file that the event names cannot be read, and so not be compared."""
    NOT_LOCKED = "not_locked"
    """The seal, or a file of the tree, can be removed sooner than it says, or than the settings say."""
    READ_MODEL_DIFFERS = "read_model_differs"
    """The read model is not the fold of the log: somebody put another or removed it, or events were never projected.
    `rebuild` mends it."""
    RUN_ALTERED = "run_altered"
    """The log no longer has the run as a model's registration pinned it."""
    FILE_CHANGED = "file_changed"
    """A file that was recorded where it was, and never kept, is another one by now, or gone. The log is sound."""
    CLOCK_AHEAD = "clock_ahead"
    """The event lay ahead of the log's clock when the log took it. Some clock is wrong; the log is sound."""
    ORDER_UNKNOWN = "order_unknown"
    """Several events of this instant decide something differently, and nothing tells their order. The log is sound."""
    DISPUTED = "disputed"
    """Two events say different digests, or sizes, of one version of a dataset: at most one is right. The log is sound."""
    RUN_CONTINUED = "run_continued"
    """The run got further events since a model of it was registered. The log is sound."""
    OVERDUE = "overdue"
    """Events were recorded more than a day ago, and no checkpoint covers them: the notary stands still. The log is sound."""
    STRAY = "stray"
    """A file or a row beside the tree that is none of its own. Nobody reads it; the log is sound."""
    GAP = "gap"
    """Numbers of a producer are missing: those events have not arrived yet, or were removed before they were sealed."""


NOTICES = frozenset({Kind.CLOCK_AHEAD, Kind.ORDER_UNKNOWN, Kind.DISPUTED, Kind.RUN_CONTINUED, Kind.STRAY})
"""What is worth knowing, and says nothing of how complete the stream is. It comes last."""
HARMLESS = NOTICES | {Kind.GAP, Kind.OVERDUE, Kind.FILE_CHANGED}
"""The kinds that leave a stream sound."""


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that verification found. `position` is the event's place in the stream; None for seals and read models."""

    kind: Kind
    position: str | None
    explanation: str
    producer: str | None = None
    sequence: int | None = None
    """The number that the producer gave the event; for a gap, the first number that is missing."""
    seal: int | None = None


class Findings:
    """The first findings (events by position, then what is about the whole stream, then gaps), and the count of each kind.

    Before them all is that the stream is gone.
    """

    def __init__(self) -> None:
        self.counts: Counter[Kind] = Counter()
        self._gone: list[Finding] = []
        self._events: list[Finding] = []
        self._seals: list[Finding] = []
        self._gaps: list[Finding] = []
        self._notices: list[Finding] = []

    def add(self, *found: Finding) -> None:
        for finding in found:
            self._add(finding)

    def _add(self, finding: Finding) -> None:
        self.counts[finding.kind] += 1
        if finding.kind is Kind.GAP:
            kept = self._gaps
        elif finding.kind in NOTICES:
            kept = self._notices
        elif finding.kind is Kind.STREAM_GONE:
            kept = self._gone
        elif finding.position is None:
            kept = self._seals
        else:
            kept = self._events
        insort(kept, finding, key=_position_or_start)
        del kept[MAX_FINDINGS:]

    def contains(self, kind: Kind, position: str | None) -> bool:
        """Whether such a finding is among those kept."""
        return any((finding.kind, finding.position) == (kind, position) for finding in self._events)

    @property
    def first(self) -> list[Finding]:
        return self._gone + self._events + self._seals + self._gaps + self._notices


def _position_or_start(finding: Finding) -> str:
    return finding.position or ""
