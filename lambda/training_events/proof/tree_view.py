"""The tree as `verify` looks at it: what its newest checkpoint says, and the leaves of one stream after the other.

The leaves of single streams are found by the notary's index, and each is checked against the tree; that a stream has no other
leaf shows only in the whole tree. For all streams every leaf is read once, in the tree's order, and sorted by stream outside
of memory.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from functools import partial
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from training_events.errors import BadTree
from training_events.proof.findings import Finding, Kind
from training_events.proof.leaf_comparison import StreamLeaves, TreeVerified
from training_events.proof.signing_history import NOTHING_SIGNED, SigningHistory
from training_events.proof.tree.leaf import Leaf
from training_events.proof.tree_locks import check_tree_locks
from training_events.times import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training_events.proof.comparison import NumberedLeaf
    from training_events.proof.locks import Looked
    from training_events.proof.tree.log_checkpoint import LogCheckpoint
    from training_events.proof.tree.reader import TreeReader

MAX_STRAYS = 20
"""So many files that are none of the tree's are named."""

CommittedPlaces: TypeAlias = "Callable[[str], Iterator[str]]"
"""Gives the positions of all leaves of a stream by now, where a leaf is written in the transaction of its event."""

_TABLE = """
    CREATE TABLE leaves (stream TEXT, position TEXT, number INTEGER, digest TEXT, recorded_at TEXT, account TEXT, source TEXT,
      PRIMARY KEY (stream, position, number)) WITHOUT ROWID
"""
_INSERT = "INSERT INTO leaves (number, stream, position, digest, recorded_at, account, source) VALUES (?, ?, ?, ?, ?, ?, ?)"
_OF_STREAM = (
    "SELECT number, stream, position, digest, recorded_at, account, source FROM leaves"
    " WHERE stream = ? ORDER BY position, number"
)
_NEXT_STREAM = "SELECT min(stream) FROM leaves WHERE stream > ?"


class PlacedLeaves:
    """The leaves of streams that are asked for by name, up to the checkpoint that is the newest now."""

    def __init__(self, tree: TreeReader, committed: CommittedPlaces | None = None, *, clock: Callable[[], str] = now) -> None:
        self._tree, self._committed, self._moment = tree, committed, clock()
        self.findings: list[Finding] = []
        """What is wrong with the tree itself."""
        self._newest: LogCheckpoint | None = None
        with noting(self.findings):
            self._newest = tree.newest()
        newest = [] if self._newest is None else [(self._newest, None)]
        self._history = SigningHistory(newest, self._recorded_to)
        self.verified = tree_verified(tree, self._newest, catching_up=SigningHistory(newest).is_catching_up(self._moment))
        """What the newest checkpoint says. No event is counted."""

    def of(self, stream: str) -> StreamLeaves:
        if self._newest is None or not _is_unicode(stream):
            return StreamLeaves(self.verified, flaw=self.findings[0].explanation if self.findings else None)
        return StreamLeaves(
            self.verified,
            self._tree.places(stream),
            self._history,
            signed=SigningHistory(self._tree.published()),
            committed=_of(self._committed, stream),
            moment=self._moment,
        )

    def _recorded_to(self, checkpoint: LogCheckpoint) -> str:
        """What the last leaf says: no leaf before it has to say more."""
        return next((leaf.recorded_at for leaf in self._tree.leaves(checkpoint.size - 1, checkpoint.size)), "")


class SortedLeaves:
    """All leaves up to the checkpoint that is the newest now, by stream and position. `sorted_leaves` opens it."""

    def __init__(
        self,
        tree: TreeReader,
        committed: CommittedPlaces | None,
        connection: sqlite3.Connection,
        on_progress: Callable[[int, int], None],
        moment: str,
    ) -> None:
        self._committed, self._connection, self._moment = committed, connection, moment
        self._recorded_to: dict[int, str] = {}
        """The latest `recorded_at` of all leaves that each checkpoint covers, by its size."""
        self.findings: list[Finding] = []
        """What is wrong with the tree itself."""
        published: list[tuple[LogCheckpoint, str | None]] = []
        newest: LogCheckpoint | None = None
        with noting(self.findings):
            published.extend(tree.published())
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA cache_size = -65536")  # in KiB: leaves come in another order than that of their table
        connection.execute(_TABLE)
        sizes = {checkpoint.size for checkpoint, _ in published}
        with noting(self.findings):
            newest = tree.newest()  # after the others: its writer may have stopped before it wrote this one
            if newest is not None:
                connection.executemany(_INSERT, self._rows(tree, newest.size, sizes, on_progress))
        self._signed = SigningHistory(published, lambda checkpoint: self._recorded_to.get(checkpoint.size, ""))
        self.verified = tree_verified(tree, newest, catching_up=self._signed.is_catching_up(moment))
        """What the newest checkpoint says. No event is counted."""
        # a tree that could not be read to its end may have leaves that were not read
        self._history = NOTHING_SIGNED if self.findings else self._signed
        if committed is not None and not self.findings:
            with noting(self.findings):
                tree.check_committed()
        if not self.findings:
            with noting(self.findings):
                self.findings += _strays(tree.strays(sizes))
        locks, of_files = findings_of_files(tree)
        self.verified = replace(self.verified, locks=locks, caught_up=self._signed.caught_up)
        self.findings += of_files

    def of(self, stream: str) -> StreamLeaves:
        if not self.verified.checked or not _is_unicode(stream):
            return StreamLeaves(self.verified)
        committed = _of(self._committed, stream)
        return StreamLeaves(
            self.verified,
            self._leaves(stream),
            self._history,
            signed=self._signed,
            committed=committed,
            moment=self._moment,
        )

    def streams(self) -> Iterator[str]:
        """Every stream that has a leaf."""
        stream = ""
        while (stream := self._connection.execute(_NEXT_STREAM, (stream,)).fetchone()[0]) is not None:
            yield stream

    def _rows(
        self, tree: TreeReader, size: int, sizes: set[int], on_progress: Callable[[int, int], None]
    ) -> Iterator[tuple[object, ...]]:
        latest = ""
        for number, leaf in enumerate(tree.leaves(0, size)):
            if number % 1000 == 0:
                on_progress(number, size)
            latest = max(latest, leaf.recorded_at)
            if number + 1 in sizes:
                self._recorded_to[number + 1] = latest
            yield number, *leaf

    def _leaves(self, stream: str) -> Iterator[NumberedLeaf]:
        for row in self._connection.execute(_OF_STREAM, (stream,)):
            yield row[0], Leaf._make(row[1:])


@contextmanager
def sorted_leaves(
    tree: TreeReader,
    committed: CommittedPlaces | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
    *,
    clock: Callable[[], str] = now,
) -> Iterator[SortedLeaves]:
    """Read the whole tree, and check it against every checkpoint that was published. Memory grows with these alone.

    `on_progress` gets how many leaves were read, and of how many.
    """
    with closing(sqlite3.connect("")) as connection:  # without a name it is a file of SQLite's own, gone with the connection
        yield SortedLeaves(tree, committed, connection, on_progress, clock())


def findings_of_files(tree: TreeReader) -> tuple[Looked, list[Finding]]:
    """Whether locks of the tree's files were looked at; what is laid over a file, and what is not locked as it must be.

    Each file is read as it was written first, so that keeps nobody from reading all leaves.
    """
    laid_over = [
        Finding(kind=Kind.FORK, position=None, explanation=f"{path} of the tree: {what}") for path, what in tree.laid_over()
    ]
    locks, not_locked = check_tree_locks(tree.locked_files())
    return locks, laid_over + not_locked


def tree_verified(tree: TreeReader, newest: LogCheckpoint | None, *, catching_up: bool) -> TreeVerified:
    """What a checkpoint of the tree says. No event is counted."""
    if newest is None:
        return TreeVerified(checked=False)
    key = tree.public_key
    return TreeVerified(
        checked=True,
        size=newest.size,
        at=newest.at,
        key=None if key is None else sha256(key).hexdigest(),
        catching_up=catching_up,
        trusted=tree.key_is_given,
    )


def _strays(paths: Iterator[str]) -> Iterator[Finding]:
    """A finding each for the first files that are none of the tree's, and one for all others."""
    for path in islice(paths, MAX_STRAYS):
        why = f"{path} is none of the tree's files: no checkpoint needs it, and the notary did not write it"
        yield Finding(kind=Kind.STRAY, position=None, explanation=why)
    if more := sum(1 for _ in paths):
        yield Finding(kind=Kind.STRAY, position=None, explanation=f"{more:,} more files are none of the tree's")


def _is_unicode(stream: str) -> bool:
    """Whether this can be a stream's name in a leaf: an altered log may have one that is no text."""
    try:
        stream.encode()
    except UnicodeEncodeError:
        return False
    return True


def _of(committed: CommittedPlaces | None, stream: str) -> Callable[[], Iterator[str]] | None:
    return None if committed is None else partial(committed, stream)


@contextmanager
def noting(findings: list[Finding]) -> Iterator[None]:
    """Add a finding if the tree is none, unless it is there already."""
    try:
        yield
    except BadTree as flaw:
        finding = Finding(kind=Kind.FORK, position=None, explanation=str(flaw))
        findings += [finding] if finding not in findings else []
