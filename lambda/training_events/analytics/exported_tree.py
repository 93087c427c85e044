"""The notary's tree as it was at the time of an export: its checkpoints are read by one process, its leaves by many.

Whoever reads a part of the leaves checks them against the newest checkpoint by the tiles above them, and needs no other part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from training_events.analytics.stream_rows import Row, What, encode
from training_events.errors import BadTree
from training_events.proof.findings import Finding
from training_events.proof.leaf_comparison import StreamLeaves, TreeVerified
from training_events.proof.signing_history import NOTHING_SIGNED, SigningHistory
from training_events.proof.tree.log_checkpoint import LogCheckpoint
from training_events.proof.tree.reader import TreeReader
from training_events.proof.tree.tiles import TILE_WIDTH
from training_events.proof.tree_view import findings_of_files, noting, tree_verified

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from training_events.analytics.exported_stream import ExportedStream
    from training_events.analytics.stream_rows import StreamRow
LEAVES_AT_ONCE = 256 * TILE_WIDTH
"""How many leaves are a task's, at most: whole bundles, and the hashes of one tile above them."""


class TreePlace(Struct, frozen=True):
    """Where the tree is, and the key to trust, in DER; without one the tree's own first key is believed."""

    bucket: str
    public_key: bytes | None = None

    def reader(self) -> TreeReader:
        from training_events import aws  # noqa: PLC0415 - without a tree nobody needs the SDK
        from training_events.proof.tree.s3_tiles import S3Tiles  # noqa: PLC0415

        return TreeReader(S3Tiles(self.bucket, aws.client("s3")), None, self.public_key)


class ExportedTree(Struct, frozen=True):
    """What is known of the tree once all leaves are read. Every task gets it."""

    verified: TreeVerified
    published: list[tuple[LogCheckpoint, str | None]]
    """Its checkpoints, each with when the store took it."""
    as_of: str
    recorded_to: dict[int, str]
    """The latest `recorded_at` of all leaves that each checkpoint covers, by its size."""
    findings: list[Finding]
    """What is wrong with the tree itself."""
    is_whole: bool
    """Whether every leaf was read."""

    def leaves_of(self) -> Callable[[ExportedStream], StreamLeaves]:
        """Gives the leaves of a stream, as `verify` walks past them."""
        signed = _history(self.published, self.recorded_to)
        # a tree that could not be read to its end may have leaves that were not read
        history = signed if self.is_whole else NOTHING_SIGNED

        def of(stream: ExportedStream) -> StreamLeaves:
            if not self.verified.checked:
                return StreamLeaves(self.verified)
            return StreamLeaves(self.verified, stream.leaves(), history, signed=signed, moment=self.as_of)

        return of


class TreeUntil:
    """The tree up to the last checkpoint that was signed by a time. What was signed later covers what no export has."""

    def __init__(self, tree: TreeReader, until: str) -> None:
        self._tree, self._until = tree, until
        self._findings: list[Finding] = []
        self._published: list[tuple[LogCheckpoint, str | None]] = []
        later: set[int] = set()
        newest: LogCheckpoint | None = None
        with noting(self._findings):
            for checkpoint, written_at in tree.published():
                if (written_at or checkpoint.at or "") <= until:
                    self._published.append((checkpoint, written_at))
                else:
                    later.add(checkpoint.size)
        with noting(self._findings):
            newest = tree.newest()
        if newest is not None and newest.size in later:
            newest = self._published[-1][0] if self._published else None
        self.newest = newest

    @property
    def stops(self) -> list[int]:
        """The sizes of the checkpoints."""
        return [checkpoint.size for checkpoint, _ in self._published]

    def parts(self) -> Iterator[tuple[int, int]]:
        """The numbers of the leaves, in parts for readers side by side: from one number up to and without another."""
        size = 0 if self.newest is None else self.newest.size
        return ((start, min(start + LEAVES_AT_ONCE, size)) for start in range(0, size, LEAVES_AT_ONCE))

    def read(self, reached: Iterable[Row]) -> tuple[ExportedTree, int | None]:
        """The tree, from what readers told of their parts; and from which number on nobody could read it, if so."""
        latest, recorded_to = "", {}
        unreadable: Row | None = None
        for row in sorted(reached, key=lambda row: row.position):
            if row.what == What.UNREADABLE:
                unreadable = row
                break
            latest = max(latest, row.written_at)
            recorded_to[int(row.position)] = latest
        findings = list(self._findings)
        if unreadable is not None:
            with noting(findings):
                raise BadTree(unreadable.written_at)
        is_whole = not findings
        locks, of_files = findings_of_files(self._tree)
        catching_up = _history(self._published, recorded_to).is_catching_up(self._until)
        verified = replace(tree_verified(self._tree, self.newest, catching_up=catching_up), locks=locks)
        tree = ExportedTree(verified, self._published, self._until, recorded_to, findings + of_files, is_whole)
        return tree, None if unreadable is None else int(unreadable.position)


def _history(published: list[tuple[LogCheckpoint, str | None]], recorded_to: dict[int, str]) -> SigningHistory:
    return SigningHistory(published, lambda checkpoint: recorded_to.get(checkpoint.size, ""))


def leaf_rows(tree: TreeReader, newest: LogCheckpoint, start: int, end: int, stops: Iterable[int]) -> Iterator[StreamRow]:
    """The leaves from a number up to and without another as rows of their streams. `newest` was checked by another reader.

    Between them, without a stream: the latest `recorded_at` so far at each of the `stops` and at the end, or the first leaf
    that could not be read.
    """
    sizes, latest, number = {*stops, end}, "", start
    try:
        tree.use(newest)
        for leaf in tree.leaves(start, end):
            latest = max(latest, leaf.recorded_at)
            yield leaf.stream, Row(What.LEAF, leaf.position, f"{number:020d}", encode((number, leaf)))
            number += 1
            if number in sizes:
                yield "", Row(What.REACHED, f"{number:020d}", latest, b"")
    except BadTree as flaw:
        yield "", Row(What.UNREADABLE, f"{number:020d}", str(flaw), b"")
