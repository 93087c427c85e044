"""A leaf of the tree: what the notary attests of one event."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from training_events.errors import BadTree


class Leaf(NamedTuple):
    """One event as the log took it. Its number is its place in the tree, counted from 0."""

    stream: str
    position: str
    digest: str
    recorded_at: str
    account: str | None
    """The AWS account in the bus envelope that brought the event; None where no bus did."""
    source: str

    @property
    def content(self) -> bytes:
        """What the tree hashes: the canonical JSON of the six as an array.

        Canonical JSON has one way to write an array of texts, which is msgspec's. A tree has millions of them.
        """
        return _encode(self)


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Leaf).decode


def read_leaf(content: bytes) -> Leaf:
    """The leaf of this content. Raises BadTree if it is not exactly what `Leaf.content` writes."""
    try:
        leaf = _decode(content)
        if leaf.content == content:
            return leaf
    except (msgspec.MsgspecError, ValueError, RecursionError):
        pass
    raise BadTree(f"a leaf is not the canonical JSON of six texts: {content!a:.100}")
