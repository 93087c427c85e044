"""A tree as somebody reads it who trusts one key."""

import pytest
from training_events.errors import BadSignature, BadTree
from training_events.proof.merkle import leaf_hash
from training_events.proof.tree.log_checkpoint import handover_path, key_path
from training_events.proof.tree.note import signed_note
from training_events.proof.tree.proofs import check_consistency, check_inclusion
from training_events.proof.tree.reader import TreeReader
from training_events.proof.tree.store import CHECKPOINT, checkpoint_path
from training_events.proof.tree.tiles import entry_bundle, read_entry_bundle

from tests.support.trees import ORIGIN, GrowingTree, MemoryKey, leaf

OLD, NEW = MemoryKey(1), MemoryKey(2)
TIME = "2026-11-22T15:10:00.000000Z"


def grown(*sizes, tree=None):
    tree = tree or GrowingTree(OLD)
    for size in sizes:
        taken = len(tree.index.contents)
        tree.take(leaf(number, f"run/{number % 3}") for number in range(taken, size))
        tree.checkpoint(TIME)
    return tree


@pytest.fixture
def tree():
    return grown(1, 300, 700)


def test_the_newest_checkpoint_and_all_before_are_read(tree):
    reader = tree.reader(OLD.public_key)
    newest = reader.newest()
    assert (newest.origin, newest.size, newest.at) == (ORIGIN, 700, TIME)
    assert [checkpoint.size for checkpoint in reader.checkpoints()] == [1, 300, 700]
    assert reader.root(700) == newest.root


def test_a_log_without_a_checkpoint_has_none():
    reader = GrowingTree().reader(OLD.public_key)
    assert reader.newest() is None
    assert list(reader.checkpoints()) == []
    assert list(reader.places("run/0")) == []
    with pytest.raises(BadTree, match="the newest checkpoint covers 0 leaves, not 1"):
        reader.inclusion_proof(0, 1)


def test_the_checkpoint_of_an_empty_log_is_read():
    tree = grown(0)
    assert tree.reader(OLD.public_key).newest().size == 0
    assert tree.reader(OLD.public_key).check_leaves(0) == tree.reader().root(0)


@pytest.mark.parametrize(("start", "size"), [(0, 700), (0, 300), (299, 300), (256, 512), (255, 513), (700, 700)])
def test_leaves_are_read_from_any_number_to_any_other(tree, start, size):
    leaves = list(tree.reader(OLD.public_key).leaves(start, size))
    assert leaves == [leaf(number, f"run/{number % 3}") for number in range(start, size)]


@pytest.mark.parametrize("has_index", [True, False])
def test_the_leaves_of_a_stream_are_found_with_and_without_an_index(tree, has_index):
    tree.take([leaf(700, "run/1"), leaf(701, "run/1")])
    reader = tree.reader(OLD.public_key) if has_index else TreeReader(tree.tiles, None, OLD.public_key)
    places = list(reader.places("run/1"))
    assert places == [(number, leaf(number, "run/1")) for number in range(1, 700, 3)], "and no further than the checkpoint"


def test_an_index_that_names_another_leaf_is_not_believed(tree):
    tree.index.contents[4] = leaf(5000, "run/1").content
    with pytest.raises(BadTree, match="leaf 4 of the tree is not the one that the notary's index has for 'run/1'"):
        list(tree.reader(OLD.public_key).places("run/1"))


def test_proofs_of_the_reader_hold(tree):
    reader = tree.reader(OLD.public_key)
    content = leaf(255, "run/0").content
    check_inclusion(leaf_hash(content), 255, 300, reader.inclusion_proof(255, 300), reader.root(300))
    check_consistency(300, reader.root(300), 700, reader.root(700), reader.consistency_proof(300, 700))


def test_no_proof_is_made_of_what_is_not_in_the_tree(tree):
    reader = tree.reader(OLD.public_key)
    with pytest.raises(BadTree, match="leaf 300 is not in a tree of 300 leaves"):
        reader.inclusion_proof(300, 300)
    with pytest.raises(BadTree, match="the newest checkpoint covers 700 leaves, not 701"):
        reader.inclusion_proof(0, 701)
    with pytest.raises(BadTree, match="a tree of 300 leaves does not continue one of 301"):
        reader.consistency_proof(301, 300)


def test_the_root_of_all_entries_is_that_of_the_checkpoint(tree):
    reader = tree.reader(OLD.public_key)
    assert reader.check_leaves(700) == reader.newest().root
    assert reader.check_leaves(256) == reader.root(256)


def test_a_reader_sees_what_is_published_while_it_reads(tree):
    reader = tree.reader(OLD.public_key)
    assert reader.newest().size == 700
    grown(900, tree=tree)
    assert reader.leaves(899, 900).__next__() == leaf(899, "run/2")
    assert reader.newest().size == 900


def test_full_tiles_serve_for_partial_ones_that_were_removed():
    tree = grown(300, 600)
    tree.tiles.files[CHECKPOINT] = tree.tiles.files[checkpoint_path(300)]
    for path in ("tile/0/001.p/44", "tile/entries/001.p/44"):
        del tree.tiles.files[path]
    reader = tree.reader(OLD.public_key)
    assert reader.newest().size == 300
    assert reader.check_leaves(300) == reader.root(300)


# What is refused


def test_an_older_checkpoint_in_the_place_of_the_newest_hides_nothing_that_was_published(tree):
    reader = tree.reader(OLD.public_key)
    assert reader.newest().size == 700
    tree.tiles.files[CHECKPOINT] = tree.tiles.files[checkpoint_path(300)]
    assert reader.newest().size == 700
    other = tree.reader(OLD.public_key)
    assert other.newest().size == 300
    assert [checkpoint.size for checkpoint in other.checkpoints()] == [1, 300, 700]
    assert other.newest().size == 700


def test_a_tree_that_the_key_signed_but_that_does_not_continue_the_one_before_is_a_fork(tree):
    reader = tree.reader(OLD.public_key)
    assert reader.newest().size == 700
    fork = GrowingTree(OLD)
    fork.take([leaf(5000)])
    grown(800, tree=fork)
    tree.tiles.files |= fork.tiles.files
    with pytest.raises(BadTree, match="the tree of 800 leaves does not continue the checkpoint of 700 leaves"):
        reader.newest()
    with pytest.raises(BadTree, match="the tree of 800 leaves does not continue the checkpoint of 1 leaves"):
        list(tree.reader(OLD.public_key).checkpoints())


def test_a_smaller_tree_that_the_key_signed_is_a_fork_too(tree):
    reader = tree.reader(OLD.public_key)
    assert reader.newest().size == 700
    fork = GrowingTree(OLD)
    fork.take([leaf(5000)])
    grown(500, tree=fork)
    tree.tiles.files |= fork.tiles.files
    with pytest.raises(BadTree, match="the tree of 700 leaves does not continue the checkpoint of 500 leaves"):
        reader.newest()


@pytest.mark.parametrize(
    ("path", "finding"),
    [
        (CHECKPOINT, "checkpoint is not there, though checkpoints were published"),
        (checkpoint_path(700), "checkpoints/00000000000000000700 is not there, though it is the newest"),
        ("tile/0/002.p/188", "tile/0/002.p/188 is not there, which a tree of 700 leaves has"),
        ("tile/0/001", "tile/0/001 is not there"),
        ("tile/1/000.p/2", "tile/1/000.p/2 is not there"),
        ("tile/entries/000", "tile/entries/000 is not there"),
    ],
)
def test_a_file_that_is_gone_is_named(tree, path, finding):
    del tree.tiles.files[path]
    with pytest.raises(BadTree, match=finding):
        read_all(tree.reader(OLD.public_key))


@pytest.mark.parametrize("path", ["tile/0/002.p/188", "tile/0/001", "tile/1/000.p/2", "tile/entries/000"])
def test_a_file_that_is_cut_is_named(tree, path):
    tree.tiles.files[path] = tree.tiles.files[path][:-1]
    with pytest.raises(BadTree, match=path):
        read_all(tree.reader(OLD.public_key))


@pytest.mark.parametrize("number", [4, 698])
def test_an_index_and_tiles_that_were_forged_together_are_refused(tree, number):
    """Leaf 4 is in a full tile, 698 in the last."""
    forged = leaf(5000, f"run/{number % 3}").content
    tree.index.contents[number] = forged
    path = f"tile/0/00{number // 256}" + (".p/188" if number > 512 else "")
    start = number % 256 * 32
    hashes = tree.tiles.files[path]
    tree.tiles.files[path] = hashes[:start] + leaf_hash(forged) + hashes[start + 32 :]
    with pytest.raises(BadTree):
        list(tree.reader(OLD.public_key).places(f"run/{number % 3}"))


def test_no_proof_is_made_of_a_tile_that_was_altered(tree):
    tree.tiles.files["tile/0/001"] = bytes(32) + tree.tiles.files["tile/0/001"][32:]
    reader = tree.reader(OLD.public_key)
    with pytest.raises(BadTree, match="tile/0/001 does not belong to the tree of 700 leaves"):
        reader.inclusion_proof(300, 700)
    check_inclusion(leaf_hash(leaf(600, "run/0").content), 600, 700, reader.inclusion_proof(600, 700), reader.root(700))


@pytest.mark.parametrize(("path", "entries"), [("tile/entries/000", 255), ("tile/entries/002.p/188", 189)])
def test_a_bundle_with_more_or_fewer_entries_than_its_tile_is_named(tree, path, entries):
    contents = [*read_entry_bundle(tree.tiles.files[path], path), b"[]"]
    tree.tiles.files[path] = entry_bundle(contents[:entries])
    with pytest.raises(BadTree, match=f"{path} has {entries} entries; allowed"):
        list(tree.reader(OLD.public_key).leaves(0, 700))


def test_a_checkpoint_of_another_log_is_refused(tree):
    other = grown(900, tree=GrowingTree(MemoryKey(1, "training-events/other")))
    reader = tree.reader(OLD.public_key)
    reader.newest()
    tree.tiles.files[CHECKPOINT] = other.tiles.files[CHECKPOINT]
    with pytest.raises(BadSignature, match=f"of '{ORIGIN}' did not sign the note"):
        reader.newest()
    with pytest.raises(BadSignature):
        TreeReader(other.tiles, None, OLD.public_key, origin=ORIGIN).newest()
    assert [checkpoint.origin for checkpoint in other.reader(OLD.public_key).checkpoints()] == ["training-events/other"]


# Which key


def test_another_key_than_the_trusted_one_is_refused(tree):
    with pytest.raises(BadSignature, match="did not sign the note"):
        tree.reader(NEW.public_key).newest()


def test_without_a_named_key_the_one_of_the_first_checkpoint_is_trusted(tree):
    tree.tiles.write(key_path(NEW.public_key), NEW.public_key)
    reader = tree.reader()
    assert not reader.key_is_given
    assert tree.reader().public_key is None
    reader.newest()
    assert reader.public_key == OLD.public_key
    assert tree.reader(OLD.public_key).key_is_given


def test_without_the_file_of_the_first_key_there_is_nothing_to_trust(tree):
    del tree.tiles.files[key_path(OLD.public_key)]
    with pytest.raises(BadSignature, match="the key that signed the first checkpoint is not under keys/"):
        tree.reader().newest()


def handed_over():
    """OLD signed up to 300, NEW after that."""
    tree = grown(1)
    tree.take(leaf(number) for number in range(1, 300))
    tree.checkpoint(next_key=NEW.public_key)
    tree.signer = NEW
    return grown(500, tree=tree)


@pytest.mark.parametrize("key", [OLD, None])
def test_the_next_key_is_followed(key):
    reader = handed_over().reader(key and key.public_key)
    assert reader.newest().size == 500
    assert [checkpoint.next_key for checkpoint in reader.checkpoints()] == [None, NEW.public_key, None]
    assert reader.public_key == OLD.public_key


def test_who_trusts_the_next_key_reads_the_checkpoints_that_it_signed():
    reader = handed_over().reader(NEW.public_key)
    assert [checkpoint.size for checkpoint in reader.checkpoints()] == [500]
    assert reader.check_leaves(500) == reader.root(500)


def test_a_key_that_another_one_followed_signs_no_larger_tree():
    tree = handed_over()
    tree.tiles.files[CHECKPOINT] = signed_note(tree.reader().newest().text, OLD)
    with pytest.raises(BadSignature, match="did not sign the note"):
        tree.reader(OLD.public_key).newest()


def test_without_the_last_checkpoint_of_the_old_key_the_new_one_is_not_believed():
    tree = handed_over()
    del tree.tiles.files[handover_path(OLD.public_key)]
    with pytest.raises(BadSignature, match="did not sign the note"):
        tree.reader(OLD.public_key).newest()


def test_nobody_but_the_old_key_names_the_next(tree):
    tree.tiles.files[handover_path(OLD.public_key)] = signed_note(tree.reader().newest().text, NEW)
    with pytest.raises(BadSignature, match="did not sign the note"):
        tree.reader(OLD.public_key).newest()
    tree.tiles.files[handover_path(OLD.public_key)] = tree.tiles.files[CHECKPOINT]
    with pytest.raises(BadTree, match="names no new key"):
        tree.reader(OLD.public_key).newest()


def test_a_key_that_claims_to_have_named_the_trusted_one_signs_nothing():
    tree = grown(300)
    thief = GrowingTree(NEW)
    thief.tiles.files = tree.tiles.files
    thief.index.contents = tree.index.contents
    thief.take([leaf(5000)])
    thief.checkpoint(next_key=OLD.public_key)
    with pytest.raises(BadSignature, match="did not sign the note"):
        tree.reader(OLD.public_key).newest()


def test_a_handover_that_stopped_half_way_is_finished():
    tree = grown(1)
    tree.take([leaf(1)])
    tree.checkpoint(next_key=NEW.public_key)
    begun = tree.tiles.files[CHECKPOINT]
    del tree.tiles.files[checkpoint_path(2)]  # it stopped after it had written the old key's last note
    tree.tiles.files[CHECKPOINT] = tree.tiles.files[checkpoint_path(1)]
    tree.checkpoint(TIME, next_key=NEW.public_key)
    assert tree.tiles.files[CHECKPOINT] == tree.tiles.files[checkpoint_path(2)] == begun
    tree.signer = NEW
    grown(3, tree=tree)
    assert [checkpoint.size for checkpoint in tree.reader(OLD.public_key).checkpoints()] == [1, 2, 3]


def test_a_key_is_handed_over_at_the_next_size_if_this_one_was_published_without():
    tree = grown(1)
    tree.checkpoint(next_key=NEW.public_key)
    assert tree.tiles.read(handover_path(OLD.public_key)) is None
    tree.take([leaf(1)])
    tree.checkpoint(next_key=NEW.public_key)
    assert tree.tiles.read(handover_path(OLD.public_key)) == tree.tiles.newest()


def test_a_checkpoint_in_which_the_key_speaks_for_another_log_is_refused(tree):
    text = tree.reader().newest().text.replace(ORIGIN, "training-events/other")
    tree.tiles.files[CHECKPOINT] = signed_note(text, OLD)
    with pytest.raises(BadTree, match=f"a checkpoint is of 'training-events/other', not of '{ORIGIN}'"):
        TreeReader(tree.tiles, None, OLD.public_key, origin=ORIGIN).newest()


def read_all(reader):
    newest = reader.newest()
    list(reader.checkpoints())
    reader.check_leaves(newest.size)
