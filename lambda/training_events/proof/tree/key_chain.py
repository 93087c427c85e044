"""Which key may have signed a checkpoint: the trusted one, and those that follow from it by the last checkpoint of each."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from training_events.errors import BadSignature, BadTree
from training_events.proof.tree.log_checkpoint import LogCheckpoint, handover_path, read_log_checkpoint
from training_events.proof.tree.note import check_note, key_id, read_note

if TYPE_CHECKING:
    from training_events.proof.tree.store import TileStore


class _Link(NamedTuple):
    key: bytes
    last_size: int | None
    """The size of the last checkpoint that the key signs, which names the next key; None while it signs."""


class SignedCheckpoint(NamedTuple):
    """A checkpoint with its proof."""

    checkpoint: LogCheckpoint
    note: bytes
    key: bytes
    """The public key, in DER, that signed the note."""
    handovers: list[bytes]
    """The notes that lead from the trusted key to this one: each is the last that a key signed, and names the next key."""


class KeyChain:
    """The keys of one log. A key that another one followed signs nothing of a larger tree than its last.

    Without a trusted key, the one that signed the first checkpoint is trusted. Without an origin, that of the first note is.
    """

    def __init__(self, tiles: TileStore, trusted: bytes | None, origin: str | None) -> None:
        self.trusted = trusted
        self._tiles, self._origin = tiles, origin
        self._links: list[_Link] = []

    def follow(self) -> None:
        """Look for the keys that follow. Raises BadTree if their chain is broken."""
        if self.trusted is None:
            self.trusted = self._first_key()
        self._links = self._links or [_Link(self.trusted, None)]
        while (last := self._last(key := self._links[-1].key)) is not None:
            if last.next_key is None or last.next_key in [link.key for link in self._links]:
                raise BadTree(f"{handover_path(key)} names no new key")
            self._links[-1:] = [_Link(key, last.size), _Link(last.next_key, None)]

    def check(self, note: bytes) -> LogCheckpoint:
        """The checkpoint of a signed note. Raises BadTree, and BadSignature if the key of its size did not sign it."""
        size = _unchecked(note).size
        key = next(link.key for link in self._links if link.last_size is None or size <= link.last_size)
        return self._checked(note, key)

    def signed(self, note: bytes) -> SignedCheckpoint:
        """The checkpoint of a note, with all that somebody needs who has nothing but the trusted key. Raises as `check`."""
        checkpoint = self.check(note)
        before = [link for link in self._links if link.last_size is not None and link.last_size < checkpoint.size]
        handovers = [self._tiles.read(handover_path(link.key)) or b"" for link in before]
        return SignedCheckpoint(checkpoint, note, self._links[len(before)].key, handovers)

    def digests(self) -> set[str]:
        """The SHA-256, in hexadecimal, of the trusted key, of those that follow it, and of those that led to it."""
        own = {link.key for link in self._links}
        before = {key: last.next_key for key in self._tiles.public_keys() if (last := self._last(key)) is not None}
        while led := {key for key, following in before.items() if following in own and key not in own}:
            own |= led
        return {sha256(key).hexdigest() for key in own}

    def begins_after(self) -> int:
        """The size of the checkpoint in which another key named the trusted one; -1 if none did.

        Nothing vouches for what was signed before, but that the tree of today continues it.
        """
        for key in self._tiles.public_keys():
            last = self._last(key)
            if last is not None and last.next_key == self.trusted:
                return last.size
        return -1

    def _last(self, key: bytes) -> LogCheckpoint | None:
        note = self._tiles.read(handover_path(key))
        return None if note is None else self._checked(note, key)

    def _first_key(self) -> bytes:
        first = next(self._tiles.published(), None)
        signed_by = [] if first is None else [line.key_id for line in read_note(first.note).signatures]
        for key in self._tiles.public_keys():
            if key_id(key) in signed_by:
                return key
        raise BadSignature("the key that signed the first checkpoint is not under keys/")

    def _checked(self, note: bytes, key: bytes) -> LogCheckpoint:
        origin = self._origin or _unchecked(note).origin
        checkpoint = read_log_checkpoint(check_note(note, origin, key))
        if checkpoint.origin != origin:
            raise BadTree(f"a checkpoint is of {checkpoint.origin!a}, not of {origin!a}")
        self._origin = origin
        return checkpoint


def _unchecked(note: bytes) -> LogCheckpoint:
    """What a note says, whoever signed it: enough to know which key should have."""
    return read_log_checkpoint(read_note(note).text)
