"""Where the tree is kept, as who writes and who reads it see it. Nothing that a store holds is trusted before it is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training_events.proof.seal_format import Lock
    from training_events.proof.tree.leaf import Leaf

CHECKPOINT = "checkpoint"
"""The path of the newest checkpoint."""
CHECKPOINTS = "checkpoints/"
"""How the paths of all published checkpoints begin."""
KEYS = "keys/"
"""How the paths of public keys begin, and of the last checkpoint that a key signed."""


def checkpoint_path(size: int) -> str:
    """The path of the checkpoint that was published when the tree had so many leaves."""
    return f"{CHECKPOINTS}{size:020d}"


class Published(NamedTuple):
    """A checkpoint that was published."""

    note: bytes
    written_at: str | None = None
    """When the store took it, by the store's clock. Who signs has no say in that. None where the store does not know."""


class LaidOver(NamedTuple):
    """What somebody did to a file after it was written."""

    path: str
    what: str


class LockedFile(NamedTuple):
    """A file that nobody may remove for a time."""

    path: str
    lock: Callable[[], Lock | Literal["none", "not shown"]]
    """Asks how it is locked now; "not shown" where the caller may not know."""
    must_be: Lock | None
    """How it has to be locked by the settings of who reads it; None where they say nothing."""


class TileStore(Protocol):
    """Files under one prefix, by path: tiles, entry bundles, checkpoints, public keys. Each is written once."""

    def read(self, path: str) -> bytes | None:
        """The file as it was first written; None if there is none."""
        ...

    def write(self, path: str, content: bytes) -> None:
        """Write a file once. The same bytes again are no error. Raises BadTree if it has other bytes."""
        ...

    def publish(self, note: bytes, size: int) -> None:
        """Write a signed checkpoint: at `checkpoint_path(size)` once, then as the newest, which never becomes a smaller one.

        Raises BadTree if another one of this size was published.
        """
        ...

    def published(self) -> Iterator[Published]:
        """Every published checkpoint, smallest size first, each read when it is asked for."""
        ...

    def newest(self) -> bytes | None:
        """The newest checkpoint; None before the first."""
        ...

    def public_keys(self) -> Iterator[bytes]:
        """Every public key that was written under `keys/`, in no particular order."""
        ...

    def paths(self) -> Iterator[str]:
        """The path of every file that is there, whoever wrote it, in no particular order."""
        ...

    def laid_over(self) -> Iterator[LaidOver]:
        """The files that somebody put something over later, as far as the store can tell. They are read as first written."""
        ...

    def locked_files(self) -> Iterator[LockedFile]:
        """The files that have to be locked, in the order of their paths; none where the store locks nothing."""
        ...


class Head(NamedTuple):
    """The tree of all committed leaves: enough to append more."""

    size: int
    frontier: list[bytes]
    """The roots of its perfect subtrees, largest first."""


class LeafIndex(Protocol):
    """The notary's own account of its leaves. A reader checks against the tree whatever comes from here."""

    def places(self, stream: str) -> Iterator[tuple[int, Leaf]]:
        """A stream's leaves with their numbers, by position."""
        ...

    def leaves(self, start: int, end: int) -> Iterator[bytes]:
        """The contents of the committed leaves from number `start`, up to and without `end`, in order."""
        ...

    @property
    def size(self) -> int:
        """How many leaves are committed."""
        ...

    def head(self) -> Head:
        """The tree of the committed leaves."""
        ...
