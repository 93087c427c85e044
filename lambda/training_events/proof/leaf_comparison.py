"""Holds the events of a stream against its leaves in the tree: what the notary attested of each when the log took it.

An event may be newer than the newest checkpoint, and a notary may be behind: no leaf is asked of an event before it must have
one. docs/design/proof.md says when that is.
"""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from training_events.errors import BadTree
from training_events.proof.comparison import altered
from training_events.proof.findings import Finding, Kind
from training_events.proof.locks import Looked
from training_events.proof.signing_history import MAX_DELAY_HOURS, NOTHING_SIGNED
from training_events.stores.event_log import AuditedEvent
from training_events.times import hours_after, now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from training_events.proof.comparison import NumberedLeaf, Place
    from training_events.proof.signing_history import SigningHistory
    from training_events.proof.tree.leaf import Leaf

SPOOL_BYTES = 2**20
_COMPARED = ("digest", "recorded_at", "account", "source")


class TreeVerified(Struct, frozen=True):
    """What the tree shows: about a stream, or about the whole log."""

    checked: bool
    """False where the log has no tree, or no checkpoint is there yet: then nothing shows what was removed before a seal."""
    size: int = 0
    """How many leaves the newest checkpoint covers, of all streams."""
    at: str | None = None
    """When it was signed."""
    covered: int = 0
    """How many events of the log have a leaf in it."""
    not_covered: int = 0
    """How many have none: they were recorded since, or the finding `no_leaf` names them."""
    overdue: int = 0
    """How many of these were recorded more than 25 hours ago, and no finding names them singly. None on a laptop, where the
    next command signs."""
    caught_up: int = 0
    """How many leaves the checkpoints say to be of events that the log had before the notary saw them: nothing shows what was
    done to these until then. Counted with the whole tree only."""
    catching_up: bool = False
    """Whether the notary says that it still takes what the log had before, and has not said so for more than a week."""
    key: str | None = None
    """The SHA-256 of the public key that signed it, in hexadecimal."""
    trusted: bool = False
    """Whether the caller said which key to trust. Otherwise the tree's own first key was believed."""
    locks: Looked = "none"
    """Whether locks of the tree's files were looked at: with the whole tree only, not where the caller may not see them, nor
    where nothing locks them (SQLite)."""


class StreamLeaves:
    """The leaves of one stream by position, as `verify` walks past them, and the `checkpoint` that covers them.

    `history` tells of which events there must be a leaf, `signed` when one was signed: the same, unless it takes reading more.
    `committed` gives the positions of all leaves of the stream by now, in key order, where a leaf is written in the
    transaction of its event (SQLite): there an event without one was never appended. None where a notary follows the log.
    `moment` is when they are looked at. `flaw` is what keeps the tree from being read.
    """

    def __init__(
        self,
        checkpoint: TreeVerified,
        leaves: Iterable[NumberedLeaf] = (),
        history: SigningHistory = NOTHING_SIGNED,
        *,
        signed: SigningHistory | None = None,
        committed: Callable[[], Iterator[str]] | None = None,
        moment: str | None = None,
        flaw: str | None = None,
    ) -> None:
        self._checkpoint, self._leaves, self._history, self._signed = checkpoint, leaves, history, signed or history
        self._committed, self._broken = committed, flaw
        self._overdue_before = hours_after(moment or now(), -MAX_DELAY_HOURS)
        self._covered = self._not_covered = self._overdue = self._gone = 0
        self._oldest_gone: NumberedLeaf | None = None
        self._without = SpooledTemporaryFile(SPOOL_BYTES)  # noqa: SIM115 - `findings` closes it, once the walk has ended

    @property
    def verified(self) -> TreeVerified:
        """What the tree shows of the places that were seen."""
        if not self._checkpoint.checked:
            return self._checkpoint
        return replace(self._checkpoint, covered=self._covered, not_covered=self._not_covered, overdue=self._overdue)

    def __iter__(self) -> Iterator[NumberedLeaf]:
        """The leaves. If the tree shows to be broken they end, and `findings` tells."""
        try:
            yield from self._leaves
        except BadTree as flaw:
            self._broken = str(flaw)

    def flaw_at(self, place: Place) -> Finding | None:
        """The worst thing that the tree shows to be wrong at a position, or None."""
        recorded, leaves = place.recorded, place.leaves
        if len(leaves) > 1:
            why = f"leaves {leaves[0][0]} and {leaves[1][0]} of the tree are both of the event here"
            return Finding(kind=Kind.FORK, position=place.position, explanation=why)
        leaf = leaves[0] if leaves else None
        if recorded is None:
            return None if leaf is None else self._missing(leaf)
        if leaf is None:
            self._not_covered += 1
        else:
            self._covered += 1
        if not isinstance(recorded, AuditedEvent) or recorded.alteration is not None:
            return None  # another finding tells
        if leaf is not None and (difference := _difference(leaf[1], recorded)) is not None:
            return altered(recorded, f"{self._named(leaf[0])} has {difference}")
        if leaf is None and self._committed is not None:
            self._without.write(msgspec.json.encode(recorded.position) + b"\n")
        passed = self._not_in_time(recorded, None if leaf is None else leaf[0])
        if leaf is None and passed is None and self._committed is None and recorded.recorded_at < self._overdue_before:
            self._overdue += 1
        return passed

    def _not_in_time(self, recorded: AuditedEvent, number: int | None) -> Finding | None:
        """The finding, if the leaf of this number is not in the first checkpoint that must have one of the event."""
        if self._broken is not None or self._committed is not None:
            return None
        passed = self._history.passed_by(recorded.recorded_at, number)
        if passed is None:
            return None
        why = f"it says that it was recorded at {recorded.recorded_at}, and the checkpoint of {passed.at} has no leaf of it"
        if number is not None:
            why += f": it got leaf {number} afterwards"
        return Finding(kind=Kind.NO_LEAF, position=recorded.position, explanation=why)

    def findings(self) -> Iterator[Finding]:
        """What the leaves show once all places were seen."""
        with self._without:
            if self._committed is not None and self._broken is None and self._not_covered:
                yield from self._never_appended(self._committed())
        if self._oldest_gone is not None and not self._covered + self._not_covered:
            number, leaf = self._oldest_gone
            why = (
                f"the log has none of its events, and the tree has {self._gone} leaves of it, the first of an event recorded at"
                f" {leaf.recorded_at}: {self._named(number)}"
            )
            yield Finding(kind=Kind.STREAM_GONE, position=None, explanation=why)
        if self._broken is not None:
            yield Finding(kind=Kind.FORK, position=None, explanation=self._broken)

    def is_settled(self, number: int, recorded_at: str, moment: str) -> bool:
        """Whether at this moment all that follows from an event was done long since: its leaf has this number.

        That is not known of an event whose leaf was caught up: the log is older than its tree.
        """
        if self._committed is None and recorded_at >= hours_after(moment, -MAX_DELAY_HOURS):
            return False
        try:
            return not self._signed.is_caught_up(number)
        except BadTree as flaw:
            self._broken = str(flaw)
            return False

    def _missing(self, leaf: NumberedLeaf) -> Finding:
        self._gone += 1
        if self._oldest_gone is None or leaf[0] < self._oldest_gone[0]:
            self._oldest_gone = leaf
        why = f"{self._named(leaf[0])} is of an event here, recorded at {leaf[1].recorded_at}, and the log has none"
        return Finding(kind=Kind.MISSING, position=leaf[1].position, explanation=why)

    def _never_appended(self, committed: Iterator[str]) -> Iterator[Finding]:
        """The events that have no leaf although every append writes one. The leaves are read after the events."""
        self._without.seek(0)
        upcoming = next(committed, None)
        for line in self._without:
            position = msgspec.json.decode(line, type=str)
            while upcoming is not None and upcoming < position:
                upcoming = next(committed, None)
            if upcoming != position:
                why = "the event has no leaf, which every append writes: it was put there past the tree"
                yield Finding(kind=Kind.NO_LEAF, position=position, explanation=why)

    def _named(self, number: int) -> str:
        """`leaf 17 of the tree (signed at 2026-…)`."""
        try:
            signed = self._signed.first_with(number)
        except BadTree as flaw:
            self._broken, signed = str(flaw), None
        return f"leaf {number} of the tree" + ("" if signed is None else f" (signed at {signed.at})")


def _difference(leaf: Leaf, recorded: AuditedEvent) -> str | None:
    if leaf[2:] == (recorded.digest, recorded.recorded_at, recorded.account, recorded.source):  # as nearly every event
        return None
    for name in _COMPARED:
        attested, stored = getattr(leaf, name), getattr(recorded, name)
        if attested != stored:
            return f"the {name} {attested!a}; the log has {stored!a}"
    return None
