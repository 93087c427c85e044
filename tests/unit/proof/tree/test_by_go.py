"""The tree's files are read by Go's readers of transparency logs, which nobody here wrote."""

import pytest
from training_events import aws
from training_events.proof.tree.keys import read_public_key
from training_events.proof.tree.log_checkpoint import read_log_checkpoint
from training_events.proof.tree.note import read_note
from training_events.proof.tree.s3_tiles import PREFIX, S3Tiles
from training_events.proof.tree.store import CHECKPOINT, checkpoint_path
from training_events.proof.tree.tiles import ENTRIES, Tile

from tests.support.dynamodb import aws_in_this_process
from tests.support.laptop import Laptop
from tests.support.trees import GrowingTree, MemoryKey, leaf

SIZES = [1, 2, 255, 256, 257, 600]


@pytest.fixture
def tree():
    tree = GrowingTree()
    taken = 0
    for size in SIZES:
        tree.take(map(leaf, range(taken, size)))
        tree.checkpoint()
        taken = size
    return tree


def test_go_finds_every_leaf_in_the_tree_and_every_checkpoint_to_lead_to_the_newest(tree, tree_checker, tmp_path):
    tree.tiles.save(tmp_path)
    assert tree_checker.check(tmp_path, tree.signer.public_key) == "600 leaves, 6 checkpoints, 0 proofs"


def test_go_reads_the_objects_that_lie_in_s3(tree_checker, tmp_path):
    with aws_in_this_process():
        s3 = aws.client("s3")
        location = {"LocationConstraint": "eu-central-1"}
        s3.create_bucket(Bucket="data", CreateBucketConfiguration=location, ObjectLockEnabledForBucket=True)
        tree = GrowingTree()
        tree.tiles = S3Tiles("data", s3, mode="GOVERNANCE", days=7)  # type: ignore[assignment]  # any TileStore serves
        for size in (3, 300):
            tree.take(map(leaf, range(len(tree.index.contents), size)))
            tree.checkpoint()
        for stored in s3.list_objects_v2(Bucket="data", Prefix=PREFIX)["Contents"]:
            file = tmp_path / stored["Key"].removeprefix(PREFIX)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(s3.get_object(Bucket="data", Key=stored["Key"])["Body"].read())
    assert tree_checker.check(tmp_path, tree.signer.public_key) == "300 leaves, 2 checkpoints, 0 proofs"


def test_go_reads_the_tree_of_a_laptop(tree_checker, tmp_path):
    laptop = Laptop(tmp_path)
    for numbers in (range(3), range(3, 300)):
        laptop.record(*numbers)
        laptop.notary.publish()
    save(laptop.tree, 300, tmp_path / "tree")
    key = read_public_key(tmp_path / "key.pem")
    assert tree_checker.check(tmp_path / "tree", key) == "300 leaves, 2 checkpoints, 0 proofs"


def save(tiles, size, folder):
    """Write what a store has of a tree of this size, of at most 65,536 leaves, as files."""
    full, last = divmod(size, 256)
    paths = [Tile(level, number).path for level in (ENTRIES, 0) for number in range(full)]
    paths += [Tile(level, full, last).path for level in (ENTRIES, 0)] + [Tile(1, 0, full).path, CHECKPOINT]
    contents = {path: tiles.read(path) for path in paths}
    for note, _ in tiles.published():
        contents[checkpoint_path(read_log_checkpoint(read_note(note).text).size)] = note
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def test_go_takes_the_proofs_that_are_made_here(tree, tree_checker, tmp_path):
    tree.tiles.save(tmp_path)
    reader = tree.reader()
    leaves = [(index, size) for size in SIZES for index in {0, size // 2, size - 1}]
    trees = [(old, new) for new in SIZES for old in SIZES if old <= new]
    proofs = tree_checker.proofs(reader, leaves, trees)
    checked = tree_checker.check(tmp_path, tree.signer.public_key, proofs)
    assert checked == f"600 leaves, 6 checkpoints, {len(leaves) + len(trees)} proofs"


@pytest.mark.parametrize(
    ("path", "finding"),
    [
        ("checkpoint", "invalid signature"),
        ("checkpoints/00000000000000000256", "invalid signature"),
        ("tile/0/001", "entry 257: invalid transparency proof"),
        ("tile/1/000.p/2", "inconsistent tile"),
        ("tile/entries/002.p/88", "entry 512"),
    ],
)
def test_go_finds_an_altered_file(tree, tree_checker, tmp_path, path, finding):
    content = bytearray(tree.tiles.files[path])
    content[len(tree.signer.name) + 2 if "checkpoint" in path else 9] ^= 1
    tree.tiles.files[path] = bytes(content)
    tree.tiles.save(tmp_path)
    with pytest.raises(AssertionError, match=finding):
        tree_checker.check(tmp_path, tree.signer.public_key)


def test_go_refuses_a_checkpoint_of_another_key(tree, tree_checker, tmp_path):
    tree.tiles.save(tmp_path)
    with pytest.raises(AssertionError, match="no verifiable signatures"):
        tree_checker.check(tmp_path, MemoryKey(2).public_key)
