"""Proofs that a leaf is in a tree, and that a tree continues an older one (RFC 6962, section 2.1; checked as RFC 9162 says).

Whoever makes a proof gives `node`: the hash of a perfect subtree, by its level and its place in that level. It covers 2**level
leaves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.errors import BadTree
from training_events.proof.merkle import node_hash, root_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


def tree_root(node: Callable[[int, int], bytes], size: int) -> bytes:
    """The root of the tree of the first `size` leaves."""
    return _root(node, 0, size)


def inclusion_proof(node: Callable[[int, int], bytes], index: int, size: int) -> list[bytes]:
    """The hashes that lead from the leaf of this number to the root of the tree of the first `size` leaves."""
    start, end = 0, size
    proof: list[bytes] = []
    while end - start > 1:
        middle = start + _left_part(end - start)
        if index < middle:
            proof.append(_root(node, middle, end))
            end = middle
        else:
            proof.append(_root(node, start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(node: Callable[[int, int], bytes], old: int, new: int) -> list[bytes]:
    """The hashes that show that the tree of the first `new` leaves begins with that of the first `old`."""
    start, end = 0, new
    proof: list[bytes] = []
    while start < old < end:
        middle = start + _left_part(end - start)
        if old <= middle:
            proof.append(_root(node, middle, end))
            end = middle
        else:
            proof.append(_root(node, start, middle))
            start = middle
    if 0 < start < old:  # who checks it knows the root of the old tree, and no other part of it
        proof.append(_root(node, start, end))
    return proof[::-1]


def check_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raises BadTree if the proof does not show that the leaf has this number in the tree of this size and root."""
    if not 0 <= index < size:
        raise BadTree(f"leaf {index} is not in a tree of {size} leaves")
    node = leaf_hash
    for sibling, is_left in _climb(index, size - 1, proof):
        node = node_hash(sibling, node) if is_left else node_hash(node, sibling)
    if node != root:
        raise BadTree(f"the inclusion proof of leaf {index} does not lead to the root of the tree of {size} leaves")


def check_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raises BadTree if the proof does not show that the new tree begins with all leaves of the old one, in their order."""
    if not 0 <= old_size <= new_size:
        raise BadTree(f"a tree of {new_size} leaves does not continue one of {old_size}")
    if 0 < old_size < new_size:
        old, new = _roots(old_size, old_root, new_size, proof)
    else:  # there is nothing to show but that the roots are those of the sizes
        old, new = (new_root if size else root_of([]) for size in (old_size, new_size))
        if proof:
            raise BadTree(f"a proof from {old_size} to {new_size} leaves has no hashes")
    if (old, new) != (old_root, new_root):
        raise BadTree(f"the tree of {new_size} leaves is not shown to continue that of {old_size} leaves")


def _roots(old_size: int, old_root: bytes, new_size: int, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The roots of the old and of the new tree to which a consistency proof leads."""
    place, last = old_size - 1, new_size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    path = [*proof] if place else [old_root, *proof]  # the old tree may be one perfect subtree of the new one
    if not path:
        raise BadTree(f"a proof from {old_size} to {new_size} leaves is empty")
    old = new = path[0]
    for sibling, is_left in _climb(place, last, path[1:]):
        if is_left:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
        else:
            new = node_hash(new, sibling)
    return old, new


def _climb(place: int, last: int, siblings: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The siblings on the way from a node to the root, and whether each stands at its left.

    `place` is the node's in its level, and `last` that of the level's last node. Raises BadTree if there are more or fewer
    siblings than levels.
    """
    for sibling in siblings:
        if last == 0:
            raise BadTree(f"a proof has hashes beyond the root: {len(siblings)} in all")
        is_left = bool(place & 1) or place == last
        yield sibling, is_left
        if place == last:  # subtrees that have no sibling at this level are one with the level above
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        place, last = place >> 1, last >> 1
    if last:
        raise BadTree(f"a proof ends before the root: {len(siblings)} hashes")


def _left_part(leaves: int) -> int:
    """The largest power of two below a number of leaves: how many the left part of their tree has."""
    return 1 << (leaves - 1).bit_length() - 1


def _root(node: Callable[[int, int], bytes], start: int, end: int) -> bytes:
    """The root over the leaves from `start` up to and without `end`, which are one part of the tree."""
    subtrees = []
    while start < end:
        level = (end - start).bit_length() - 1
        subtrees.append(node(level, start >> level))
        start += 1 << level
    return root_of(subtrees)
