"""Read models as all other code sees them: one folded state for each stream. A writer has to name the revision it replaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.stores.search import SearchIndex


class ReadModel(Struct, frozen=True):
    """A stream's state (canonical JSON) as it was stored. Every put increases the revision by one.

    `settled` is the state as it was some events earlier, if one was stored: projection/settled.py says what for.
    """

    stream: str
    revision: int
    state: bytes
    settled: bytes | None = None


class StoredStates(Protocol):
    """Read models as verification reads them: those of a log, or one of an export of their table."""

    def get(self, stream: str) -> ReadModel | None:
        """The stream's read model, as the last put left it."""
        ...

    def unprojected(self, stream: str) -> Iterator[str] | None:
        """The positions of the stream's events that nobody has projected yet. None where the store does not know them.

        A SQLite file keeps them, and they are read as they are asked for. On AWS they are in the change stream alone.
        """
        ...

    def note(self, name: str) -> bytes | None:
        """The note with this name, if there is one."""
        ...


class ReadModels(StoredStates, Protocol):
    """A store of read models, and of the notes of a rebuild. Every implementation passes tests/contract/test_read_models.py.

    It holds no only copy: all of it can be lost, and made again from the log.
    """

    def revision(self, stream: str) -> int | None:
        """The revision of the stream's read model: whoever looks again and again sees by it whether there is another one.

        It may be a moment old.
        """
        ...

    def put(
        self,
        stream: str,
        state: bytes,
        *,
        summary: bytes,
        first_at: str,
        replaces: int | None,
        settled: bytes | None = None,
    ) -> None:
        """Store the state with the revision `replaces` + 1, or 1 where `replaces` is None: the stream has no read model yet.

        Without `settled` the read model has none any more.

        Raises Overtaken when the revision is another one by now, and TooLarge when the state can never fit. A put whose reply
        was lost may also raise Overtaken, if others have put since: reading again then gives what it wrote, or what others
        made from that.
        """
        ...

    def remove(self, stream: str, *, replaces: int) -> None:
        """Remove the read model of a stream that the log does not hold. Does nothing if there is none. Raises Overtaken."""
        ...

    def summaries(self, kind: str) -> Iterator[bytes]:
        """The summaries of all streams of a kind, the newest first (by first_at, then by name). They may be a moment old."""
        ...

    def search_index(self, kind: str) -> SearchIndex | None:
        """By which streams of this kind are found by their values; None where a store has none, and summaries are all read."""
        ...

    def streams(self) -> Iterator[str]:
        """Every stream that has a read model, in no particular order."""
        ...

    def set_note(self, name: str, value: bytes | None, *, due: str | None = None) -> None:
        """Keep a note beside the read models, in place of an earlier one with this name. None removes it.

        From the time `due` on, `due_notes` names it.
        """
        ...

    def due_notes(self, by: str) -> Iterator[str]:
        """The names of the notes that are due by then, the longest due first. They may be a moment old."""
        ...
