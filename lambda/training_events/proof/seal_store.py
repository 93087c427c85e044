"""Where seals are kept, as sealing and verification see it: numbered from 1 in each stream, written once, read line by line."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training_events.proof.seal_format import Lock


class StoredSeal(NamedTuple):
    """A seal as the store holds it. Its content has not been checked."""

    number: int
    lines: Callable[[], Iterator[bytes]]
    """Reads the seal from its start, split after each newline, in constant memory."""
    disturbance: str | None = None
    """What somebody did to the seal after it was written, as far as the store can tell."""
    lock: Callable[[], Lock | Literal["none", "not shown"]] | None = None
    """Asks how the seal is locked now; "not shown" where the caller may not know. None where the store locks nothing."""


class WrittenSeals(Protocol):
    """Seals as verification reads them: all of a store, or those that were written by a time."""

    def of(self, stream: str) -> list[StoredSeal]:
        """The stream's seals by number, each as it was first written. A consistent read: it includes what was just written."""
        ...

    def last(self, stream: str, known: int = 0) -> StoredSeal | None:
        """The stream's seal with the highest number. It is found faster from a number that the stream is known to have."""
        ...

    def lock_of(self, sealed_at: str) -> Lock | None:
        """The lock that a seal of this time gets, by the settings; None where the store locks nothing."""
        ...


class SealStore(WrittenSeals, Protocol):
    """The seals of all streams. Every implementation passes tests/contract/test_seals.py."""

    def streams(self) -> Iterator[str]:
        """Every stream that has a seal, once, in no particular order. The log may have lost its events."""
        ...

    def write(self, stream: str, number: int, content: IO[bytes], lock: Lock | None = None) -> None:
        """Store the content, all of it or nothing, under this lock. Raises Overtaken if there is a seal of this number."""
        ...
