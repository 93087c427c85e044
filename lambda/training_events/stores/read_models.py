"""Read models as everything else sees them: one folded state a stream, replaced only by who knows what it replaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator


class ReadModel(Struct, frozen=True):
    """A stream's state (canonical JSON) as it was stored; the revision goes up by one with every put."""

    stream: str
    revision: int
    state: bytes


class ReadModels(Protocol):
    """A store of read models, and of the notes that a rebuild takes. Every implementation passes test_read_models.py.

    Nothing here is the only copy of anything: it can be lost, and made again from the log.
    """

    def get(self, stream: str) -> ReadModel | None:
        """The stream's read model, as the last put left it."""
        ...

    def put(self, stream: str, state: bytes, *, summary: bytes, first_at: str, replaces: int | None) -> None:
        """Store the state with a revision of `replaces` + 1; `replaces=None` says that there is none yet, and makes it 1.

        Raises Overtaken when that is not so any more, TooLarge when the state can never fit. A put whose reply was lost may
        raise Overtaken too, if others have put since; who then reads again finds what it wrote, or what was made from it.
        """
        ...

    def remove(self, stream: str, *, replaces: int) -> None:
        """Forget the read model of a stream that the log does not hold. Raises Overtaken; none is there: nothing to do."""
        ...

    def summaries(self, kind: str) -> Iterator[bytes]:
        """The summaries of all streams of a kind, the newest first (by first_at, then stream). May be a moment behind."""
        ...

    def streams(self) -> Iterator[str]:
        """Every stream that has a read model, in no particular order."""
        ...

    def note(self, name: str) -> bytes | None: ...

    def set_note(self, name: str, value: bytes | None) -> None:
        """Keep a note beside the read models; None forgets it. Notes are no streams, and the last one counts."""
        ...
