"""Which files among those of a tree are none of its own."""

import pytest
from training_events.proof.tree.tiles import TILE_WIDTH, write_tiles

from tests.support.trees import GrowingTree, MemoryKey, leaf

SIZES = [3, 300, 301]


@pytest.fixture
def tree():
    grown = GrowingTree()
    taken = 0
    for size in SIZES:
        grown.take(leaf(number) for number in range(taken, size))
        taken = size
        grown.checkpoint()
    return grown


def strays(tree):
    return sorted(tree.reader().strays(SIZES))


def test_the_files_of_a_tree_are_all_its_own(tree):
    assert strays(tree) == []


@pytest.mark.parametrize(
    "path",
    [
        "readme.txt",
        "tile/0/000.p/300",
        "tile/0/000/",
        "tile/0/7",
        "tile/0/007",
        "tile/entries/001.p/47",
        "tile/0/001.p/40",
        "tile/1/000.p/2",
        "checkpoints/3",
        "checkpoints/0000000000000000000٣",
        f"keys/{'0' * 64}.der",
        "keys/note",
    ],
)
def test_what_somebody_put_beside_them_is_named(tree, path):
    tree.tiles.files[path] = b"x" * 32
    assert strays(tree) == [path]


def test_a_bundle_that_ends_within_an_entry_is_named(tree):
    tree.tiles.files["tile/entries/000.p/9"] = b"\xff\xff"
    assert strays(tree) == ["tile/entries/000.p/9"]


def test_what_a_notary_wrote_that_ended_before_its_checkpoint_is_the_trees_own(tree):
    """At first it is ahead of the newest checkpoint; later it is a part of the tree that no checkpoint needs."""
    tree.take(leaf(number) for number in range(301, 2 * TILE_WIDTH + 5))
    write_tiles(tree.tiles, 301, 310, tree.index.leaves, partial=True)
    write_tiles(tree.tiles, 301, 2 * TILE_WIDTH + 1, tree.index.leaves, partial=True)
    assert strays(tree) == []
    write_tiles(tree.tiles, 301, tree.index.size, tree.index.leaves, partial=True)
    tree.checkpoint()
    assert sorted(tree.reader().strays([*SIZES, tree.index.size])) == []


def test_tiles_of_leaves_that_nobody_committed_are_named(tree):
    more = GrowingTree()
    more.take(leaf(number) for number in range(2 * TILE_WIDTH))
    write_tiles(tree.tiles, 301, 2 * TILE_WIDTH, more.index.leaves, partial=True)
    assert strays(tree) == ["tile/0/001", "tile/1/000.p/2", "tile/entries/001"]


def test_the_keys_before_and_after_the_trusted_one_are_the_logs_own():
    old, new = MemoryKey(1), MemoryKey(2)
    tree = GrowingTree(old)
    tree.take([leaf(1)])
    tree.checkpoint(next_key=new.public_key)
    tree.signer = new
    tree.take([leaf(2)])
    tree.checkpoint()
    for trusted in (old, new):
        assert list(tree.reader(trusted.public_key).strays([1, 2])) == []
