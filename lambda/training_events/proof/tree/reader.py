"""The tree as somebody sees it who trusts one public key, and nothing of what a store holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.errors import BadTree
from training_events.proof.merkle import MerkleTree, leaf_hash
from training_events.proof.tree.hashes import TreeHashes
from training_events.proof.tree.key_chain import KeyChain
from training_events.proof.tree.leaf import Leaf, read_leaf
from training_events.proof.tree.log_checkpoint import read_log_checkpoint
from training_events.proof.tree.note import read_note
from training_events.proof.tree.proofs import consistency_proof, inclusion_proof, tree_root
from training_events.proof.tree.store import CHECKPOINT, checkpoint_path
from training_events.proof.tree.strays import stray_files
from training_events.proof.tree.tiles import ENTRIES, TILE_WIDTH, Tile, read_entry_bundle, width_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from training_events.proof.tree.key_chain import SignedCheckpoint
    from training_events.proof.tree.log_checkpoint import LogCheckpoint
    from training_events.proof.tree.store import LaidOver, LeafIndex, LockedFile, TileStore


class TreeReader:
    """Reads a tree. All that it gives is in the tree of the newest checkpoint that it has seen, or it raises BadTree.

    Without `public_key` it trusts the key that signed the first checkpoint: then it proves only that nobody without that key
    has changed the tree. `origin` is the log that it has to be of, where the caller knows it. A reader serves one thread.
    """

    def __init__(
        self, tiles: TileStore, index: LeafIndex | None, public_key: bytes | None = None, *, origin: str | None = None
    ) -> None:
        self.key_is_given = public_key is not None
        """Whether the caller named the key, or the store did."""
        self._tiles, self._index = tiles, index
        self._keys = KeyChain(tiles, public_key, origin)
        self._seen: LogCheckpoint | None = None
        """The largest checkpoint so far."""
        self._hashes: TreeHashes | None = None
        """Its tree."""

    @property
    def public_key(self) -> bytes | None:
        """The key that is trusted, in DER; None if none was named and nothing is signed yet."""
        return self._keys.trusted

    def newest(self) -> LogCheckpoint | None:
        """The newest checkpoint, read now; None before the first. It continues every one that this reader saw before."""
        note = self._newest_note()
        if note is not None:
            self._see(self._keys.check(note))
        return self._seen

    def newest_signed(self) -> SignedCheckpoint | None:
        """The same, as somebody can check it who has the trusted key and nothing else."""
        note = self._newest_note()
        if note is None:
            return None
        signed = self._keys.signed(note)
        self._see(signed.checkpoint)
        return signed

    def checkpoints(self) -> Iterator[LogCheckpoint]:
        """As `published`, without when the store took them."""
        return (checkpoint for checkpoint, _ in self.published())

    def published(self) -> Iterator[tuple[LogCheckpoint, str | None]]:
        """Every published checkpoint, smallest first, with when the store took it. Each is signed, and the newest continues it.

        Those before the trusted key was named are left out: that key does not vouch for them. Whoever reads all of them has the
        newest then, also if its writer stopped before it wrote the one that `newest` reads first.
        """
        newest = self.newest()
        if newest is None:
            return
        size = begin = self._keys.begins_after()
        for note, written_at in self._tiles.published():
            unchecked = read_log_checkpoint(read_note(note).text)
            if unchecked.size <= begin:
                continue
            if unchecked.size > newest.size:  # published since then, maybe by a new key
                self._keys.follow()
            checkpoint = self._keys.check(note)
            if checkpoint.size <= size:
                raise BadTree(f"{checkpoint_path(checkpoint.size)} comes after {checkpoint_path(size)}")
            self._see(checkpoint)
            size = checkpoint.size
            yield checkpoint, written_at
        if size < newest.size:
            raise BadTree(f"{checkpoint_path(newest.size)} is not there, though it is the newest")

    def use(self, checkpoint: LogCheckpoint) -> None:
        """Read up to this checkpoint, which another reader of this tree has checked. Raises BadTree."""
        self._see(checkpoint)

    def check(self, note: bytes) -> LogCheckpoint:
        """A checkpoint of this log that somebody kept: a key of this log signed it. Raises BadTree.

        One from before the trusted key was named is not checked. Whether the tree continues it, `root` tells.
        """
        kept = read_log_checkpoint(read_note(note).text)
        self._keys.follow()
        return kept if kept.size <= self._keys.begins_after() else self._keys.check(note)

    def leaves(self, start: int, size: int) -> Iterator[Leaf]:
        """The leaves from number `start` up to and without `size`, from the entry bundles."""
        return map(read_leaf, self._contents(start, size))

    def places(self, stream: str) -> Iterator[tuple[int, Leaf]]:
        """A stream's leaves with their numbers. Those that no checkpoint covers yet are left out.

        Without an index all leaves are read.
        """
        newest = self.newest()
        size = 0 if newest is None else newest.size
        if self._index is None:
            yield from ((number, leaf) for number, leaf in enumerate(self.leaves(0, size)) if leaf.stream == stream)
            return
        for number, leaf in self._index.places(stream):
            if number < size:
                if leaf.stream != stream or leaf_hash(leaf.content) != self._tree(size).node(0, number):
                    raise BadTree(f"leaf {number} of the tree is not the one that the notary's index has for {stream!a}")
                yield number, leaf

    def root(self, size: int) -> bytes:
        """The root that the tree had with so many leaves."""
        return tree_root(self._tree(size).node, size)

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """Shows that the leaf of this number is in the tree of the first `size` leaves (`proofs.check_inclusion`)."""
        tree = self._tree(size)
        if not 0 <= index < size:
            raise BadTree(f"leaf {index} is not in a tree of {size} leaves")
        return inclusion_proof(tree.node, index, size)

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """Shows that the tree of `new` leaves continues that of `old` (`proofs.check_consistency`)."""
        tree = self._tree(new)
        if not 0 <= old <= new:
            raise BadTree(f"a tree of {new} leaves does not continue one of {old}")
        return consistency_proof(tree.node, old, new)

    def check_leaves(self, size: int) -> bytes:
        """The root of the first `size` leaves, computed from all their entries and compared with tiles and checkpoint."""
        tree = MerkleTree()
        for content in self._contents(0, size):
            tree.append(content)
        if tree.root != self.root(size):
            raise BadTree(f"the entries of the tree of {size} leaves do not have its root")
        return tree.root

    def check_committed(self) -> None:
        """Whether the notary's account goes on behind the newest checkpoint, without a gap: it signs none over one.

        Raises BadTree. Without an index nothing is known.
        """
        if self._index is None:
            return
        newest = self.newest()
        covered, committed = 0 if newest is None else newest.size, self._index.size
        if committed < covered:
            raise BadTree(f"the newest checkpoint covers {covered} leaves, and the notary's own account has {committed}")
        for _ in self._index.leaves(covered, committed):
            pass

    def strays(self, sizes: Iterable[int]) -> Iterator[str]:
        """The paths of files that are none of the tree's. `sizes` are those of the published checkpoints."""
        newest = self.newest()
        if newest is not None:
            yield from stray_files(
                self._tiles,
                self._tree(newest.size),
                sizes,
                self._keys.digests(),
                lambda: None if self._index is None else self._index.size,
            )

    def laid_over(self) -> Iterator[LaidOver]:
        """The files that somebody put something over later. Each is read as it was written, so that nothing else is wrong."""
        return self._tiles.laid_over()

    def locked_files(self) -> Iterator[LockedFile]:
        """The files that have to be locked: `check_tree_locks`."""
        return self._tiles.locked_files()

    def _newest_note(self) -> bytes | None:
        note = self._tiles.newest()
        if note is not None:
            self._keys.follow()
        elif self._seen is not None or next(self._tiles.published(), None) is not None:
            raise BadTree(f"{CHECKPOINT} is not there, though checkpoints were published")
        return note

    def _contents(self, start: int, size: int) -> Iterator[bytes]:
        if start >= size:
            return  # a log whose first checkpoint is not published yet has none of its leaves in a tree
        tree = self._tree(size)
        for index in range(start // TILE_WIDTH, -(-size // TILE_WIDTH)):
            first = index * TILE_WIDTH
            contents, hashes = (each[: size - first] for each in (self._bundle(tree, index), tree.leaves(index)))
            for number, (content, expected) in enumerate(zip(contents, hashes, strict=True), first):
                if leaf_hash(content) != expected:
                    raise BadTree(f"the entry of leaf {number} is not the one in the tree of {tree.size} leaves")
                if number >= start:
                    yield content

    def _bundle(self, tree: TreeHashes, index: int) -> list[bytes]:
        width = width_at(0, index, tree.size)
        for stored in (Tile(ENTRIES, index, width), Tile(ENTRIES, index)):  # a full one serves for a partial one
            if (bundle := self._tiles.read(stored.path)) is not None:
                contents = list(read_entry_bundle(bundle, stored.path))
                if len(contents) != stored.width:
                    raise BadTree(f"{stored.path} has {len(contents)} entries; allowed: {stored.width}")
                return contents[:width]
        raise BadTree(f"{Tile(ENTRIES, index, width).path} is not there, which a tree of {tree.size} leaves has")

    def _see(self, checkpoint: LogCheckpoint) -> None:
        """Use the tree of the checkpoint from now on, if it is the largest so far. The larger one continues the smaller."""
        before, hashes, smaller = self._seen, self._hashes, checkpoint
        if before is None or hashes is None or checkpoint.size > before.size:
            hashes, smaller = TreeHashes(self._tiles, checkpoint.size, checkpoint.root), before or checkpoint
        if tree_root(hashes.node, smaller.size) != smaller.root:
            raise BadTree(f"the tree of {hashes.size} leaves does not continue the checkpoint of {smaller.size} leaves")
        if before is None or checkpoint.size > before.size:
            self._seen, self._hashes = checkpoint, hashes

    def _tree(self, size: int) -> TreeHashes:
        """The tree of the largest checkpoint, which has at least so many leaves."""
        if self._hashes is None or size > self._hashes.size:
            self.newest()
        if self._hashes is None or size > self._hashes.size:
            covered = 0 if self._hashes is None else self._hashes.size
            raise BadTree(f"the newest checkpoint covers {covered} leaves, not {size}")
        return self._hashes
