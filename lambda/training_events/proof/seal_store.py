"""Where seals are kept, as sealing and verification see it: numbered from 1 in each stream, written once, read line by line."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class StoredSeal(NamedTuple):
    """A seal as the store holds it. Its content has not been checked."""

    number: int
    lines: Callable[[], Iterator[bytes]]
    """Reads the seal from its start, split after each newline, in constant memory."""
    disturbance: str | None = None
    """What somebody did to the seal after it was written, as far as the store can tell."""


class SealStore(Protocol):
    """The seals of all streams. Every implementation passes tests/contract/test_seals.py."""

    def of(self, stream: str) -> list[StoredSeal]:
        """The stream's seals by number, each as it was first written. A consistent read: it includes what was just written."""
        ...

    def streams(self) -> Iterator[str]:
        """Every stream that has a seal, once, in no particular order. The log may have lost its events."""
        ...

    def write(self, stream: str, number: int, content: IO[bytes]) -> None:
        """Store the content, all of it or nothing. Raises Overtaken if the stream already has a seal of this number."""
        ...
