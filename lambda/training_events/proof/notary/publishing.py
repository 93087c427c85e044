"""Publishes signed checkpoints of the tree: first the tiles of its new leaves, then the checkpoint that covers them.

A checkpoint is signed only if its tree continues that of the one before, which is read from tiles that Object Lock keeps. So
what somebody did to the notary's table shows here at the latest, and nothing is signed.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from training_events.errors import BadTree, MissingSetting, Overtaken
from training_events.proof.merkle import MerkleTree, leaf_hash
from training_events.proof.tree.hashes import TreeHashes
from training_events.proof.tree.log_checkpoint import LogCheckpoint, handover_path, publish, read_log_checkpoint
from training_events.proof.tree.note import key_id, read_note
from training_events.proof.tree.tiles import TILE_WIDTH, write_tiles
from training_events.times import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from training_events.proof.notary.items import LedgerState
    from training_events.proof.notary.ledger import Ledger
    from training_events.proof.tree.note import Signer
    from training_events.proof.tree.store import TileStore

MAX_LEAVES = 64 * TILE_WIDTH
"""How many new leaves a checkpoint covers. More make several checkpoints: whoever is stopped goes on behind the last one."""


class Publisher:
    """Publishes the tree of one ledger. `signers` are the log's keys, all with its origin as their name; the last one signs.

    If the newest checkpoint is by another of them, that key signs one more, which names the last one.
    """

    def __init__(self, ledger: Ledger, tiles: TileStore, signers: Sequence[Signer], clock: Callable[[], str] = now) -> None:
        self._ledger, self._tiles, self._signers, self._clock = ledger, tiles, signers, clock
        self._published: bytes | None = None

    def publish(self, has_time: Callable[[], bool] = lambda: True) -> int:
        """Publish checkpoints until one covers every leaf, or there is no time. Returns how many.

        Raises BadTree where the table and the tiles contradict each other, MissingSetting where a key is not among the
        signers that has to sign, and Overtaken where another worker publishes meanwhile: the next call goes on.
        """
        count = 0
        while has_time():
            newest, signer = self._newest()
            state = self._ledger.state()  # read later, so that it covers what the checkpoint covers
            if newest.size > state.size:
                raise BadTree(f"the newest checkpoint covers {newest.size} leaves, the notary's table has {state.size}")
            if newest.size == state.size:
                break
            published = self._publish_next(newest, signer, state)
            count += 1
            if published == state.size:
                break
        return count

    def signer_of_newest(self) -> Signer:
        """The key that signed the newest checkpoint; before the first, the one that is to sign it.

        What else is signed is held against that checkpoint, so by its key too. A key that was just added does not sign before
        the one before has named it. Raises MissingSetting if the key is not among the signers.
        """
        note = self._tiles.newest()
        return self._signers[-1] if note is None else self._signer_of(note)

    def _newest(self) -> tuple[LogCheckpoint, Signer]:
        """The newest checkpoint (an empty one before the first), and the key that signs the next one."""
        note = self._tiles.newest()
        if note is None:
            signer = self._signers[-1]
            return LogCheckpoint(origin=signer.name, size=0, root=MerkleTree().root), signer
        newest = _read(note)
        if note != self._published:
            self._tiles.publish(note, newest.size)  # a worker may have ended in the middle of it
            self._published = note
        signer = self._signer_of(note)
        handover = self._tiles.read(handover_path(signer.public_key))
        if handover is None:
            return newest, signer
        last = _read(handover)
        if last.size > newest.size:  # a worker ended before it had published it
            self._tiles.publish(handover, last.size)
            newest = last
        return newest, self._signer(lambda key: key == last.next_key, "follows the key before")

    def _signer_of(self, note: bytes) -> Signer:
        key_ids = [signature.key_id for signature in read_note(note).signatures]
        return self._signer(lambda key: key_id(key) in key_ids, "signed the newest checkpoint")

    def _signer(self, is_it: Callable[[bytes], bool], what: str) -> Signer:
        for signer in self._signers:
            if is_it(signer.public_key):
                return signer
        raise MissingSetting(f"TRAINING_EVENTS_CHECKPOINT_KEYS does not name the key that {what}: it has to, before the newest")

    def _publish_next(self, newest: LogCheckpoint, signer: Signer, state: LedgerState) -> int:
        """Returns the size of what was published: that of a handover that a worker had begun before may be smaller."""
        if newest.origin != signer.name:
            raise BadTree(f"the newest checkpoint is of {newest.origin!a}, not of {signer.name!a}")
        size = min(state.size, newest.size - newest.size % TILE_WIDTH + MAX_LEAVES)
        tree = self._write_tiles(newest, size)
        if size == state.size and tree.frontier != state.frontier:
            raise BadTree(f"the head of the notary's table is not that of its {size} leaves")
        checkpoint = LogCheckpoint(
            origin=signer.name,
            size=size,
            root=tree.root,
            at=self._clock(),
            caught_up=_caught_up(state, size),
            next_key=self._next_key(signer),
        )
        try:
            self._published = publish(self._tiles, checkpoint, signer)
        except BadTree:
            if checkpoint.next_key is not None and self._tiles.read(handover_path(signer.public_key)) is not None:
                raise Overtaken("another worker published the last checkpoint of the key meanwhile") from None
            raise
        if state.catch_up is not None and state.catch_up.end is not None and state.catch_up.end <= size:
            with suppress(Overtaken):  # it was begun again meanwhile
                self._ledger.note_catch_up(state.catch_up, None)
        return _read(self._published).size

    def _write_tiles(self, newest: LogCheckpoint, size: int) -> MerkleTree:
        """Write the tiles of the leaves behind the newest checkpoint. Returns the tree of this size."""
        hashes = TreeHashes(self._tiles, newest.size, newest.root)
        start = newest.size - newest.size % TILE_WIDTH
        contents = list(self._ledger.leaves(start, size))
        for number in range(start, newest.size):  # the first new tile has old leaves too
            if leaf_hash(contents[number - start]) != hashes.node(0, number):
                raise BadTree(f"leaf {number} in the notary's table is not the one that its tiles have")
        tree = MerkleTree(newest.size, _frontier(hashes))
        for content in contents[newest.size - start :]:
            tree.append(content)
        write_tiles(
            self._tiles, newest.size, size, lambda first, end: iter(contents[first - start : end - start]), partial=True
        )
        return tree

    def _next_key(self, signer: Signer) -> bytes | None:
        """The key that follows the signer from here on; None if the signer goes on."""
        last = self._signers[-1]
        if last.public_key == signer.public_key:
            return None
        if self._tiles.read(handover_path(last.public_key)) is not None:
            raise MissingSetting("TRAINING_EVENTS_CHECKPOINT_KEYS ends with a key that another one followed: it signs no more")
        return last.public_key


def _read(note: bytes) -> LogCheckpoint:
    return read_log_checkpoint(read_note(note).text)


def _frontier(hashes: TreeHashes) -> Iterator[bytes]:
    """The roots of the perfect subtrees, largest first: one for each 1 in the binary digits of the size."""
    start = 0
    for level in range(hashes.size.bit_length() - 1, -1, -1):
        if hashes.size >> level & 1:
            yield hashes.node(level, start >> level)
            start += 1 << level


def _caught_up(state: LedgerState, size: int) -> tuple[int, int] | None:
    """Which of the leaves came from the log while the notary caught up, or along with these."""
    if state.catch_up is None:
        return None
    start, end = state.catch_up.start, min(size, size if state.catch_up.end is None else state.catch_up.end)
    return (start, end) if start < end else None
