"""A Merkle tree that only grows, in memory of its height: one hash stands for all that was ever appended, in its order.

The tree hash of RFC 6962 (and RFC 9162), section 2.1, as in Certificate Transparency. Of n leaves it keeps the roots of the
perfect subtrees that n's binary digits name, largest first. This frontier is all it takes to go on from there.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# a leaf and an inner node can never have the same hash, so that no tree passes for another one
_LEAF, _NODE = b"\x00", b"\x01"


class MerkleTree:
    """A tree of `size` leaves, known by its frontier: one hash for each 1 in the binary digits of `size`."""

    def __init__(self, size: int = 0, frontier: Iterable[bytes] = ()) -> None:
        self.size = size
        self.frontier = list(frontier)

    def append(self, leaf: bytes) -> None:
        node = sha256(_LEAF + leaf).digest()
        size = self.size
        while size & 1:  # two perfect subtrees of the same size make one of twice that
            node = _joined(self.frontier.pop(), node)
            size >>= 1
        self.frontier.append(node)
        self.size += 1

    @property
    def root(self) -> bytes:
        if not self.frontier:
            return sha256().digest()
        *larger, root = self.frontier
        for subtree in reversed(larger):
            root = _joined(subtree, root)
        return root


def _joined(left: bytes, right: bytes) -> bytes:
    return sha256(_NODE + left + right).digest()
