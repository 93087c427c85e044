"""Proofs against the test vectors of Certificate Transparency's reference implementation, and the definition of RFC 6962."""

import pytest
from training_events.errors import BadTree
from training_events.proof.merkle import leaf_hash
from training_events.proof.tree.proofs import check_consistency, check_inclusion, consistency_proof, inclusion_proof

from tests.unit.proof.test_merkle import LEAVES, ROOTS, tree_hash

CONTENTS = [bytes.fromhex(content) for content in LEAVES]
NODE = {
    name: bytes.fromhex(node)
    for name, node in {
        "0": "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "1": "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "4": "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "01": "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "23": "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "45": "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "67": "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "0123": "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4567": "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    }.items()
}
INCLUSION = [(0, 1, []), (0, 8, ["1", "23", "4567"]), (5, 8, ["4", "67", "0123"]), (2, 3, ["01"]), (1, 5, ["0", "23", "4"])]
CONSISTENCY = [(1, 1, []), (1, 8, ["1", "23", "4567"]), (6, 8, ["45", "67", "0123"]), (2, 5, ["23", "4"])]


def node(level, index):
    return tree_hash(CONTENTS[index << level : (index + 1) << level])


def root(size):
    return bytes.fromhex(ROOTS[size])


@pytest.mark.parametrize(("index", "size", "names"), INCLUSION)
def test_the_published_inclusion_proofs_are_made_and_taken(index, size, names):
    proof = inclusion_proof(node, index, size)
    assert proof == [NODE[name] for name in names]
    check_inclusion(leaf_hash(CONTENTS[index]), index, size, proof, root(size))


@pytest.mark.parametrize(("old", "new", "names"), CONSISTENCY)
def test_the_published_consistency_proofs_are_made_and_taken(old, new, names):
    proof = consistency_proof(node, old, new)
    assert proof == [NODE[name] for name in names]
    check_consistency(old, root(old), new, root(new), proof)


def test_every_tree_continues_the_empty_one():
    for size in range(9):
        assert consistency_proof(node, 0, size) == []
        check_consistency(0, root(0), size, root(size), [])


@pytest.mark.parametrize(
    ("old", "old_root", "new", "new_root", "proof"),
    [
        (0, root(1), 8, root(8), []),
        (0, root(0), 0, root(1), []),
        (0, root(0), 8, root(8), [root(1)]),
        (3, root(3), 3, root(4), []),
        (3, root(3), 3, root(3), [root(1)]),
        (4, root(4), 3, root(3), []),
        (-1, root(0), 3, root(3), []),
        (3, root(3), 8, root(8), []),
        (4, root(4), 8, root(8), []),
        (1, root(2), 8, root(8), [NODE["1"], NODE["23"], NODE["4567"]]),
        (1, root(1), 8, root(7), [NODE["1"], NODE["23"], NODE["4567"]]),
    ],
)
def test_a_tree_that_is_not_shown_to_continue_another_is_refused(old, old_root, new, new_root, proof):
    with pytest.raises(BadTree):
        check_consistency(old, old_root, new, new_root, proof)


def test_a_proof_of_the_wrong_length_is_named():
    proof = inclusion_proof(node, 5, 8)
    with pytest.raises(BadTree, match="a proof ends before the root: 2 hashes"):
        check_inclusion(leaf_hash(CONTENTS[5]), 5, 8, proof[:-1], root(8))
    with pytest.raises(BadTree, match="a proof has hashes beyond the root: 4 in all"):
        check_inclusion(leaf_hash(CONTENTS[5]), 5, 8, [*proof, root(8)], root(8))


@pytest.mark.parametrize(("index", "size"), [(-1, 8), (8, 8), (0, 0)])
def test_a_leaf_outside_of_the_tree_is_refused(index, size):
    with pytest.raises(BadTree, match=f"leaf {index} is not in a tree of {size} leaves"):
        check_inclusion(leaf_hash(b""), index, size, [], root(size))
