"""Reads the seals of one stream, each once from start to end. What is wrong with them is known when all have been read."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from training_events.proof.findings import Finding, Kind
from training_events.proof.merkle import MerkleTree
from training_events.proof.seal_format import FLAWS, Seal, SealedEvent, next_seal, read_event, read_seal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.proof.seal_store import SealStore, StoredSeal


class SealReader:
    """One seal. Iterating gives the events of its lines, and stops at a line that is not an event's."""

    def __init__(self, stream: str, stored: StoredSeal, before: SealReader | None) -> None:
        self.number = stored.number
        self._stream = stream
        self._before = before
        self._content = sha256()
        self._flaw = stored.disturbance
        self._lines = self._hashed(stored.lines())
        self.seal = self._first_line()
        self._tree = MerkleTree() if before is None or before.seal is None else before.seal.tree
        self._first = self._last = ""

    def __iter__(self) -> Iterator[SealedEvent]:
        for number, line in enumerate(self._lines, 2):
            event = self._event(line)
            if event is None or event.position <= self._last:
                why = "not that of an event" if event is None else "not in key order"
                self._flaw = self._flaw or f"line {number} is {why}"
                break
            self._first, self._last = self._first or event.position, event.position
            self._tree.append(line.removesuffix(b"\n"))
            yield event
        for _ in self._lines:  # the digest is over every line
            pass

    @property
    def digest(self) -> str:
        """The digest of what has been read so far."""
        return f"sha256:{self._content.hexdigest()}"

    @property
    def flaw(self) -> str | None:
        """What is wrong with the seal. Complete once it and the seal before have been read to their ends."""
        before = self._before
        unknown_before = self.number > 1 if before is None else before.seal is None
        if self._flaw or self.seal is None or unknown_before:
            return self._flaw
        if not self._last:
            return "it covers no event"
        as_read = next_seal(
            None if before is None else before.seal,
            self._tree,
            stream=self._stream,
            sealed_at=self.seal.sealed_at,
            first=self._first,
            last=self._last,
            previous=None if before is None else before.digest,
        )
        wrong = [name for name in Seal.__struct_fields__ if getattr(self.seal, name) != getattr(as_read, name)]
        return f"its lines and the seal before do not give its {', '.join(wrong)}" if wrong else None

    def _hashed(self, lines: Iterator[bytes]) -> Iterator[bytes]:
        for line in lines:
            self._content.update(line)
            yield line

    def _event(self, line: bytes) -> SealedEvent | None:
        try:
            return SealedEvent(*read_event(line), self.number)
        except FLAWS:
            return None

    def _first_line(self) -> Seal | None:
        try:
            return read_seal(next(self._lines, b""))
        except FLAWS as flaw:
            self._flaw = self._flaw or f"its first line is not that of a seal: {flaw}"
            return None


class SealedStream:
    """All seals of a stream, listed at once: none of them covers an event that is recorded later."""

    def __init__(self, stream: str, seals: SealStore | None) -> None:
        self.readers: list[SealReader] = []
        for stored in seals.of(stream) if seals else ():
            before = self.readers[-1] if self.readers and self.readers[-1].number == stored.number - 1 else None
            self.readers.append(SealReader(stream, stored, before))

    @property
    def last(self) -> Seal | None:
        """The last seal; None if there is none, or if its first line cannot be read."""
        return self.readers[-1].seal if self.readers else None

    @property
    def last_digest(self) -> str | None:
        """The digest of the last seal. Valid once it has been read to its end."""
        return self.readers[-1].digest if self.readers else None

    def findings(self) -> Iterator[Finding]:
        """What is wrong with the seals themselves. Complete once all have been read to their ends."""
        expected = 1
        for reader in self.readers:
            if reader.number != expected:
                yield _broken(expected, f"seal {expected} is missing: the next one is seal {reader.number}")
            if (flaw := reader.flaw) is not None:
                yield _broken(reader.number, f"seal {reader.number}: {flaw}")
            expected = reader.number + 1


def _broken(number: int, explanation: str) -> Finding:
    return Finding(kind=Kind.BROKEN_SEAL, position=None, explanation=explanation, seal=number)
