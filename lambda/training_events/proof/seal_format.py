"""A seal as text that anyone can check with sha256sum and jq: what a stream held when it was sealed.

JSON Lines, each ending in a newline: first the seal itself, then one line for each event that it covers and no seal before
did, `["<position>","sha256:<the event's digest>"]`, in key order. The bytes of these lines, without their newlines, are the
leaves of one Merkle tree that all seals of a stream grow.
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
    """The first line."""

    stream: str
    number: int
    """From 1, without gaps: a stream is sealed again when late facts have come."""
    sealed_at: str
    events: int
    """All that are covered so far, by this seal and those before it."""
    added: int
    """Those whose lines follow."""
    first: str
    """The position of the first event added, as `last` is of the last."""
    last: str
    root: str
    """The Merkle root over the lines of all events covered so far, in the order of sealing."""
    frontier: tuple[str, ...]
    """The tree's perfect subtrees, largest first: the next seal goes on from them, so each can be checked by itself."""
    previous: str | None = None
    """The SHA-256 of the whole seal before, its first line included; absent in seal 1."""

    def __post_init__(self) -> None:
        whole = self.events >= 1 and len(self.frontier) == self.events.bit_count()
        if not whole or not all(map(_DIGEST.fullmatch, self.frontier)):
            raise ValueError(f"the frontier is not that of a tree of {self.events} events")

    @property
    def tree(self) -> MerkleTree:
        """The tree as this seal left it, to go on with."""
        return MerkleTree(self.events, (bytes.fromhex(node.removeprefix("sha256:")) for node in self.frontier))


class SealedEvent(NamedTuple):
    """What a seal says of one event."""

    position: str
    digest: str
    seal: int


FLAWS = (msgspec.MsgspecError, ValueError, RecursionError)
"""All that reading a line can raise: it is no JSON, no UTF-8, nested without end, or something else."""

_decode_seal = msgspec.json.Decoder(Seal).decode
_decode_event = msgspec.json.Decoder(tuple[str, str]).decode


def read_seal(line: bytes) -> Seal:
    """The seal of a first line. Raises one of FLAWS."""
    return _decode_seal(line)


def read_event(line: bytes) -> tuple[str, str]:
    """Position and digest of an event's line. Raises one of FLAWS."""
    return _decode_event(line)


def seal_line(seal: Seal) -> bytes:
    """The first line, without its newline."""
    return canonical_json(msgspec.to_builtins(seal))


def event_line(position: str, digest: str) -> bytes:
    """An event's line, without its newline: a leaf of the tree."""
    return canonical_json([position, digest])


def next_seal(
    before: Seal | None, tree: MerkleTree, *, stream: str, sealed_at: str, first: str, last: str, previous: str | None
) -> Seal:
    """The seal behind `before`, when its lines have grown the tree to `tree`; `previous` is the digest of `before`."""
    return Seal(
        stream=stream,
        number=1 if before is None else before.number + 1,
        sealed_at=sealed_at,
        events=tree.size,
        added=tree.size if before is None else tree.size - before.events,
        first=first,
        last=last,
        root=_text(tree.root),
        frontier=tuple(map(_text, tree.frontier)),
        previous=previous,
    )


def _text(node: bytes) -> str:
    return f"sha256:{node.hex()}"
