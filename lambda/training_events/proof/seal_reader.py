"""Reads the seals of one stream, each once from start to end. What is wrong with them is known when all have been read."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from training_events.proof.findings import Finding, Kind
from training_events.proof.merkle import MerkleTree
from training_events.proof.seal_format import FLAWS, Seal, SealedEvent, next_seal, node_text, read_event, read_seal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from training_events.proof.seal_store import StoredSeal


_FREE = ("locked_until", "lock_mode")
"""What a seal says of itself that follows neither from its lines nor from the seal before."""


class SealReader:
    """One seal. Iterating gives the events of its lines, and stops at a line that is not an event's."""

    def __init__(self, stream: str, stored: StoredSeal, before: SealReader | None) -> None:
        self.number, self.stored = stored.number, stored
        self._stream = stream
        self._before = before
        self._content = sha256()
        self._flaw = stored.disturbance
        self._lines = self._hashed(stored.lines())
        self.seal = self._first_line()
        self._tree = MerkleTree() if before is None or before.seal is None else before.seal.tree
        self._first = self._last = ""
        self._latest: str | None = ""

    def __iter__(self) -> Iterator[SealedEvent]:
        for number, line in enumerate(self._lines, 2):
            event = self._event(line)
            if event is None or event.position <= self._last:
                why = "not that of an event" if event is None else "not in key order"
                self._flaw = self._flaw or f"line {number} is {why}"
                break
            self._first, self._last = self._first or event.position, event.position
            self._latest = None if self._latest is None or event.recorded_at is None else max(self._latest, event.recorded_at)
            self._tree.append(line.removesuffix(b"\n"))
            yield event
        for _ in self._lines:  # the digest is over every line
            pass

    @property
    def digest(self) -> str:
        """The digest of what has been read so far."""
        return f"sha256:{self._content.hexdigest()}"

    @property
    def recorded_by(self) -> str | None:
        """The latest `recorded_at` that this seal and those before cover, once it is read to its end; None if they do not say.

        Seals of version 0.1.0 do not.
        """
        if self.seal is None or not self._latest or (self.number > 1 and self.seal.recorded_after is None):
            return None
        return max(self._latest, self.seal.recorded_after or "")

    @property
    def flaw(self) -> str | None:
        """What is wrong with the seal. Complete once it and the seal before have been read to their ends."""
        before = self._before
        unknown_before = self.number > 1 if before is None else before.seal is None
        if self._flaw or self.seal is None:
            return self._flaw
        if not self._last:
            return "it covers no event"
        if unknown_before:
            return self._flaw_by_itself(self.seal)
        earlier = None if before is None else before.recorded_by
        as_read = next_seal(
            None if before is None else before.seal,
            self._tree,
            stream=self._stream,
            sealed_at=self.seal.sealed_at,
            first=self._first,
            last=self._last,
            previous=None if before is None else before.digest,
            # after a seal of version 0.1.0 only the log can tell
            recorded_after=self.seal.recorded_after if before is not None and earlier is None else earlier,
        )
        names = [name for name in Seal.__struct_fields__ if name not in _FREE]
        wrong = [name for name in names if getattr(self.seal, name) != getattr(as_read, name)]
        return f"its lines and the seal before do not give its {', '.join(wrong)}" if wrong else None

    def _flaw_by_itself(self, seal: Seal) -> str | None:
        """What its lines alone show to be wrong. Its tree began with those of the seals before, which were not read."""
        as_read = {
            "stream": self._stream,
            "number": self.number,
            "added": self._tree.size,
            "first": self._first,
            "last": self._last,
            "root": node_text(seal.tree.root),
        }
        wrong = [name for name, value in as_read.items() if getattr(seal, name) != value]
        return f"its lines do not give its {', '.join(wrong)}" if wrong else None

    def _hashed(self, lines: Iterator[bytes]) -> Iterator[bytes]:
        for line in lines:
            self._content.update(line)
            yield line

    def _event(self, line: bytes) -> SealedEvent | None:
        try:
            return read_event(line, self.number)
        except FLAWS:
            return None

    def _first_line(self) -> Seal | None:
        try:
            return read_seal(next(self._lines, b""))
        except FLAWS as flaw:
            self._flaw = self._flaw or f"its first line is not that of a seal: {flaw}"
            return None


class SealedStream:
    """The seals of a stream, listed at once: none of them covers an event that is recorded later.

    To read them from a later one on, give its number as `first`: then less is known about it.
    """

    def __init__(self, stream: str, seals: Iterable[StoredSeal], first: int = 1) -> None:
        self.stream, self._first = stream, first
        self.readers: list[SealReader] = []
        for stored in seals:
            before = self.readers[-1] if self.readers and self.readers[-1].number == stored.number - 1 else None
            self.readers.append(SealReader(stream, stored, before))

    @property
    def last(self) -> Seal | None:
        """The last seal; None if there is none, or if its first line cannot be read."""
        return self.readers[-1].seal if self.readers else None

    @property
    def last_number(self) -> int:
        """The number of the last seal; 0 if there is none."""
        return self.readers[-1].number if self.readers else 0

    @property
    def last_digest(self) -> str | None:
        """The digest of the last seal. Valid once it has been read to its end."""
        return self.readers[-1].digest if self.readers else None

    def findings(self) -> Iterator[Finding]:
        """What is wrong with the seals themselves. Complete once all have been read to their ends."""
        expected = self._first
        for reader in self.readers:
            if reader.number != expected:
                yield _broken(expected, f"seal {expected} is missing: the next one is seal {reader.number}")
            if (flaw := reader.flaw) is not None:
                yield _broken(reader.number, f"seal {reader.number}: {flaw}")
            expected = reader.number + 1


def _broken(number: int, explanation: str) -> Finding:
    return Finding(kind=Kind.BROKEN_SEAL, position=None, explanation=explanation, seal=number)
