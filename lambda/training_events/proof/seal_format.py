"""The text format of a seal: what a stream held when it was sealed. Anyone can check it with sha256sum and jq.

A seal is JSON Lines, each line ending in a newline. The first line is the seal itself. One line follows, in key order, for
each event that it covers and no earlier seal does: `["<position>","sha256:<digest>","<recorded_at>"]`. The bytes of these
lines, without their newlines, are the leaves of one Merkle tree that grows from seal to seal.

Version 0.1.0 wrote lines without `recorded_at`, and first lines without what is about it and about the lock. They stay valid:
one tree may hold both kinds.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec
from msgspec import Struct

from training_events.canonical import canonical_json
from training_events.proof.merkle import MerkleTree

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Seal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The first line of a seal."""

    stream: str
    number: int
    """Counted from 1, without gaps. A stream is sealed again when late events have arrived."""
    sealed_at: str
    events: int
    """How many events this seal and those before it cover."""
    added: int
    """How many events this seal adds: the lines that follow."""
    first: str
    """The position of the first event it adds; `last` is that of the last."""
    last: str
    root: str
    """The Merkle root over the lines of all events covered so far, in the order in which they were sealed."""
    frontier: tuple[str, ...]
    """The roots of the tree's perfect subtrees, largest first. The next seal continues from them."""
    previous: str | None = None
    """The SHA-256 of the whole previous seal, first line included; absent in seal 1."""
    recorded_after: str | None = None
    """The latest `recorded_at` that the seals before cover; absent in seal 1, and in seals of version 0.1.0. With it the next
    seal can be written from this one alone: what was recorded by then is covered, unless it came late."""
    locked_until: str | None = None
    """Until when nobody can remove the seal; absent where the store locks nothing, and in seals of version 0.1.0."""
    lock_mode: str | None = None
    """How it is locked, GOVERNANCE or COMPLIANCE."""

    def __post_init__(self) -> None:
        whole = self.events >= 1 and len(self.frontier) == self.events.bit_count()
        if not whole or not all(map(_DIGEST.fullmatch, self.frontier)):
            raise ValueError(f"the frontier is not that of a tree of {self.events} events")

    @property
    def tree(self) -> MerkleTree:
        """The tree as this seal left it. The next seal appends to it."""
        return MerkleTree(self.events, (bytes.fromhex(node.removeprefix("sha256:")) for node in self.frontier))


class Lock(NamedTuple):
    """How an object is locked, and until when (a text of `times`)."""

    mode: str
    until: str


class SealedEvent(NamedTuple):
    """One event as a seal lists it. `recorded_at` is None in a line of version 0.1.0."""

    position: str
    digest: str
    recorded_at: str | None
    seal: int


FLAWS = (msgspec.MsgspecError, ValueError, RecursionError)
"""Everything that reading a line can raise: it is not JSON, not UTF-8, nested too deep, or not a seal's line."""

_decode_seal = msgspec.json.Decoder(Seal).decode
_decode_line = msgspec.json.Decoder(list[str]).decode


def read_seal(line: bytes) -> Seal:
    """Read a first line. Raises one of FLAWS."""
    return _decode_seal(line)


def read_event(line: bytes, seal: int) -> SealedEvent:
    """Read an event's line in the seal with this number. Raises one of FLAWS."""
    fields = _decode_line(line)
    if len(fields) not in (2, 3):
        raise ValueError(f"a line of {len(fields)} texts")
    position, digest = fields[:2]
    return SealedEvent(position, digest, fields[2] if len(fields) == 3 else None, seal)


def seal_line(seal: Seal) -> bytes:
    """The first line, without its newline."""
    return canonical_json(msgspec.to_builtins(seal))


def event_line(position: str, digest: str, recorded_at: str) -> bytes:
    """An event's line, without its newline: a leaf of the tree."""
    return canonical_json([position, digest, recorded_at])


def next_seal(
    before: Seal | None,
    tree: MerkleTree,
    *,
    stream: str,
    sealed_at: str,
    first: str,
    last: str,
    previous: str | None,
    recorded_after: str | None = None,
    lock: Lock | None = None,
) -> Seal:
    """The seal after `before`. `tree` already has the new lines; `previous` is the digest of `before`."""
    return Seal(
        stream=stream,
        number=1 if before is None else before.number + 1,
        sealed_at=sealed_at,
        events=tree.size,
        added=tree.size if before is None else tree.size - before.events,
        first=first,
        last=last,
        root=node_text(tree.root),
        frontier=tuple(map(node_text, tree.frontier)),
        previous=previous,
        recorded_after=recorded_after,
        locked_until=None if lock is None else lock.until,
        lock_mode=None if lock is None else lock.mode,
    )


def node_text(node: bytes) -> str:
    """A hash of the tree as the first line writes it."""
    return f"sha256:{node.hex()}"
