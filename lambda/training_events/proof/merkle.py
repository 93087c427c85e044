"""An append-only Merkle tree: one root hash stands for everything that was appended, in its order.

The tree hash is that of RFC 6962 (and RFC 9162), section 2.1, as in Certificate Transparency. For n leaves the tree keeps only
the roots of its perfect subtrees, one for each 1 in n's binary digits, largest first. This frontier is enough to append more;
memory grows with the height of the tree.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# The prefixes keep a leaf and an inner node from ever having the same hash, so that one tree cannot pass for another.
_LEAF, _NODE = b"\x00", b"\x01"


class MerkleTree:
    """A tree of `size` leaves, known by its frontier: one hash for each 1 in the binary digits of `size`."""

    def __init__(self, size: int = 0, frontier: Iterable[bytes] = ()) -> None:
        self.size = size
        self.frontier = list(frontier)

    def append(self, leaf: bytes) -> None:
        self.append_hash(leaf_hash(leaf))

    def append_hash(self, node: bytes) -> None:
        """Append a leaf of which only the hash is known."""
        size = self.size
        while size & 1:  # two perfect subtrees of one size make a subtree of twice that size
            node = node_hash(self.frontier.pop(), node)
            size >>= 1
        self.frontier.append(node)
        self.size += 1

    @property
    def root(self) -> bytes:
        return root_of(self.frontier)


def leaf_hash(content: bytes) -> bytes:
    return sha256(_LEAF + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(_NODE + left + right).digest()


def root_of(subtrees: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees that stand beside each other, largest first; of none, the root of the empty tree."""
    if not subtrees:
        return sha256().digest()
    *larger, root = subtrees
    for subtree in reversed(larger):
        root = node_hash(subtree, root)
    return root
