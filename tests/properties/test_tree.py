"""The notary's tree: what holds of every tree, however it grew, and what no alteration of it survives."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events.canonical import canonical_json
from training_events.errors import BadTree
from training_events.proof.merkle import leaf_hash
from training_events.proof.tree.leaf import Leaf, read_leaf
from training_events.proof.tree.proofs import check_consistency, check_inclusion, consistency_proof, inclusion_proof
from training_events.proof.tree.store import CHECKPOINT, checkpoint_path
from training_events.proof.tree.tiles import write_tiles

from tests.support.trees import GrowingTree, MemoryKey, MemoryTiles, leaf
from tests.unit.proof.test_merkle import tree_hash

LEAVES = [leaf(number, f"run/{number % 3}") for number in range(800)]
CONTENTS = [each.content for each in LEAVES]
KEY = MemoryKey().public_key

steps = st.lists(st.one_of(st.integers(1, 3), st.integers(1, 300), st.sampled_from([255, 256, 257])), min_size=1, max_size=6)
sizes = steps.map(lambda steps: sorted({min(size, len(LEAVES)) for size in accumulate(steps)}))


def grown(sizes):
    """A tree with a checkpoint at each of these sizes."""
    tree, before = GrowingTree(), 0
    for size in sizes:
        tree.take(LEAVES[before:size])
        tree.checkpoint()
        before = size
    return tree


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
leaves = st.builds(Leaf, texts, texts, texts, texts, st.none() | texts, texts)


@given(leaves)
def test_the_content_of_any_leaf_is_canonical_json_and_is_read_back(leaf):
    assert leaf.content == canonical_json(list(leaf))
    assert read_leaf(leaf.content) == leaf


def by_definition_inclusion(index, leaves):
    """RFC 6962, section 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if index < k:
        return [*by_definition_inclusion(index, leaves[:k]), tree_hash(leaves[k:])]
    return [*by_definition_inclusion(index - k, leaves[k:]), tree_hash(leaves[:k])]


def by_definition_consistency(old, leaves, known=True):  # noqa: FBT002 - as the definition has it
    """RFC 6962, section 2.1.2, word for word."""
    if old == len(leaves):
        return [] if known else [tree_hash(leaves)]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if old <= k:
        return [*by_definition_consistency(old, leaves[:k], known), tree_hash(leaves[k:])]
    return [*by_definition_consistency(old - k, leaves[k:], known=False), tree_hash(leaves[:k])]


@given(st.data(), st.integers(1, 40))
def test_proofs_are_those_of_the_definition(data, size):
    leaves = CONTENTS[:size]
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))

    def node(level, number):
        return tree_hash(leaves[number << level : (number + 1) << level])

    assert inclusion_proof(node, index, size) == by_definition_inclusion(index, leaves)
    assert consistency_proof(node, old, size) == by_definition_consistency(old, leaves)


@given(st.data(), sizes)
def test_every_leaf_is_in_every_tree_that_has_it_and_every_checkpoint_leads_to_every_later_one(data, sizes):
    tree = grown(sizes)
    reader = tree.reader(KEY)
    checkpoints = list(reader.checkpoints())
    assert [checkpoint.size for checkpoint in checkpoints] == sizes
    for number, new in enumerate(checkpoints):
        index = data.draw(st.integers(0, new.size - 1))
        check_inclusion(leaf_hash(CONTENTS[index]), index, new.size, reader.inclusion_proof(index, new.size), new.root)
        for old in checkpoints[: number + 1]:
            check_consistency(old.size, old.root, new.size, new.root, reader.consistency_proof(old.size, new.size))
    assert list(reader.leaves(0, sizes[-1])) == LEAVES[: sizes[-1]]
    assert reader.check_leaves(sizes[-1]) == checkpoints[-1].root


@given(sizes, st.data())
def test_the_files_of_a_tree_do_not_depend_on_how_it_was_written(sizes, data):
    """Crashes included: whatever was written before is written again, from any size at which full tiles were there."""
    tiles, size = MemoryTiles(), sizes[-1]
    for until in sizes:
        before = data.draw(st.integers(0, until))
        write_tiles(tiles, 0, before, lambda start, end: iter(CONTENTS[start:end]), partial=data.draw(st.booleans()))
        write_tiles(tiles, before, until, lambda start, end: iter(CONTENTS[start:end]), partial=True)
    whole = grown([size]).tiles.files
    assert {path: tiles.files[path] for path in whole if path.startswith("tile/")} == {
        path: content for path, content in whole.items() if path.startswith("tile/")
    }


@given(st.data(), sizes)
def test_no_altered_proof_is_taken(data, sizes):
    reader = grown(sizes).reader(KEY)
    size = sizes[-1]
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    inclusion, consistency = reader.inclusion_proof(index, size), reader.consistency_proof(old, size)
    for proof, check in (
        (inclusion, lambda proof: check_inclusion(leaf_hash(CONTENTS[index]), index, size, proof, reader.root(size))),
        (consistency, lambda proof: check_consistency(old, reader.root(old), size, reader.root(size), proof)),
    ):
        check(proof)
        with pytest.raises(BadTree):
            check(data.draw(altered(proof)))
    other = data.draw(st.integers(0, size - 1).filter(lambda other: other != index)) if size > 1 else size
    with pytest.raises(BadTree):
        check_inclusion(leaf_hash(CONTENTS[index]), other, size, inclusion, reader.root(size))


@st.composite
def altered(draw, proof):
    """The proof with a hash more, or, if it has any, one less or an altered one."""
    place = draw(st.integers(0, len(proof)))
    if place == len(proof):
        return [*proof, draw(st.sampled_from([*proof, bytes(32)]))]
    kind = draw(st.sampled_from(["removed", "altered"]))
    replacement = [] if kind == "removed" else [flipped(proof[place], draw)]
    return [*proof[:place], *replacement, *proof[place + 1 :]]


def flipped(content, draw):
    place = place_in(content, draw)
    return content[:place] + bytes([content[place] ^ draw(st.integers(1, 255))]) + content[place + 1 :]


def place_in(content, draw):
    return draw(st.integers(0, 2**16)) % len(content)  # signatures are of several lengths, and differ each time


@given(st.data(), sizes)
def test_no_altered_byte_of_a_file_that_a_reader_reads_is_taken(data, sizes):
    """The files of the newest tree, and every checkpoint. The published key is not read by who trusts one."""
    tree = grown(sizes)
    size = sizes[-1]
    tiles = [path for path in grown([size]).tiles.files if path.startswith("tile/")]
    path = data.draw(st.sampled_from([*tiles, CHECKPOINT, *map(checkpoint_path, sizes)]))
    alterations = ["flipped", "cut", "longer"]
    if path not in map(checkpoint_path, sizes[:-1]):  # nobody misses one of the older ones
        alterations.append("gone")
    content = tree.tiles.files.pop(path)
    match data.draw(st.sampled_from(alterations)):
        case "flipped":
            tree.tiles.files[path] = flipped(content, data.draw)
        case "cut":
            tree.tiles.files[path] = content[: place_in(content, data.draw)]
        case "longer":
            tree.tiles.files[path] = content + data.draw(st.binary(min_size=1, max_size=40))
    with pytest.raises(BadTree):
        read_all(tree)
    tree.tiles.files[path] = content
    read_all(tree)


def read_all(tree):
    reader = tree.reader(KEY)
    newest = reader.newest()
    assert newest is not None
    list(reader.checkpoints())
    reader.check_leaves(newest.size)
