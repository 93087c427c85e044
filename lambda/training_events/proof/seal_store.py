"""Where seals are kept, as sealing and verification see it: numbered from 1 in each stream, written once, read by lines."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class StoredSeal(NamedTuple):
    """A seal as the store holds it. Nothing of its content has been looked at."""

    number: int
    lines: Callable[[], Iterator[bytes]]
    """Reads it from its start: its bytes, cut behind each newline, in memory that does not grow with the seal."""
    disturbance: str | None = None
    """What was tried on it since it was written, as far as the store can tell."""


class SealStore(Protocol):
    """The seals of all streams. Every implementation passes tests/contract/test_seals.py."""

    def of(self, stream: str) -> list[StoredSeal]:
        """The stream's seals by number, each as it was first written. Consistent: what was just written is there."""
        ...

    def streams(self) -> Iterator[str]:
        """Every stream that has a seal, once, in no particular order: also one of which the log has lost all events."""
        ...

    def write(self, stream: str, number: int, content: IO[bytes]) -> None:
        """Keep the content, all of it or nothing. Raises Overtaken when the stream has a seal of this number."""
        ...
