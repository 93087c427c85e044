"""The tree in S3: each object is written once and locked, and what is laid over one is seen."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from training_events import aws
from training_events.errors import BadTree
from training_events.proof.findings import Kind
from training_events.proof.tree.log_checkpoint import read_log_checkpoint
from training_events.proof.tree.note import read_note
from training_events.proof.tree.reader import TreeReader
from training_events.proof.tree.s3_tiles import S3Tiles
from training_events.proof.tree_view import sorted_leaves

from tests.support.dynamodb import aws_in_this_process
from tests.support.trees import GrowingTree, leaf

BUCKET = "data"


@pytest.fixture
def s3() -> Iterator[Any]:
    with aws_in_this_process():
        client = aws.client("s3")
        location = {"LocationConstraint": "eu-central-1"}
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location, ObjectLockEnabledForBucket=True)
        yield client


@pytest.fixture
def tiles(s3: Any) -> S3Tiles:
    return S3Tiles(BUCKET, s3, mode="GOVERNANCE", days=7, clock=lambda: "2026-11-22T16:00:00.123456Z")


def a_tree(tiles: S3Tiles, *sizes: int) -> GrowingTree:
    """A tree with a checkpoint at each of these sizes."""
    tree = GrowingTree()
    tree.tiles = tiles  # type: ignore[assignment]  # any TileStore serves
    for size in sizes:
        tree.take(leaf(number) for number in range(tree.index.head().size, size))
        tree.checkpoint()
    return tree


def newest_size(reader: TreeReader) -> int:
    newest = reader.newest()
    assert newest is not None
    return newest.size


def test_a_tree_is_read_as_it_was_written(tiles, s3):
    a_tree(tiles, 3, 300, 600)
    reader = TreeReader(S3Tiles(BUCKET, s3), None)
    assert newest_size(reader) == 600
    assert [checkpoint.size for checkpoint in reader.checkpoints()] == [3, 300, 600]
    assert list(reader.leaves(0, 600)) == [leaf(number) for number in range(600)]
    assert list(S3Tiles(BUCKET, s3).laid_over()) == []


def test_each_file_is_locked_as_seals_are(tiles, s3):
    a_tree(tiles, 300)
    keys = {version["Key"] for version in s3.list_object_versions(Bucket=BUCKET)["Versions"]}
    assert {"notary/tile/0/000", "notary/tile/entries/001.p/44", f"notary/checkpoints/{300:020d}"} <= keys
    until = datetime.fromisoformat("2026-11-22T16:00:00Z") + timedelta(days=7, seconds=1)
    for key in keys - {"notary/checkpoint"}:
        head = s3.head_object(Bucket=BUCKET, Key=key)
        assert (head["ObjectLockMode"], head["ObjectLockRetainUntilDate"]) == ("GOVERNANCE", until), key


def test_a_file_is_written_once(tiles, s3):
    tiles.write("tile/0/000.p/1", b"first")
    tiles.write("tile/0/000.p/1", b"first")
    with pytest.raises(BadTree, match=r"notary/tile/0/000\.p/1 holds something else"):
        tiles.write("tile/0/000.p/1", b"second")
    assert tiles.read("tile/0/000.p/1") == b"first"
    assert len(s3.list_object_versions(Bucket=BUCKET)["Versions"]) == 1


def test_a_file_that_is_not_there_is_looked_for_again(tiles):
    assert tiles.read("tile/0/000") is None
    tiles.write("tile/0/000", b"first")
    assert tiles.read("tile/0/000") == b"first"


def test_the_newest_checkpoint_never_becomes_a_smaller_one(tiles):
    tree = a_tree(tiles, 2, 5)
    small, large = (published.note for published in tiles.published())
    tiles.publish(small, 2)
    assert tiles.newest() == large
    assert newest_size(tree.reader()) == 5


def test_a_checkpoint_that_was_published_but_not_yet_called_the_newest_is_the_newest(tiles, s3):
    tree = a_tree(tiles, 2)
    before = s3.get_object(Bucket=BUCKET, Key="notary/checkpoint")["Body"].read()
    tree.take(leaf(number) for number in range(2, 5))
    tree.checkpoint()
    s3.put_object(Bucket=BUCKET, Key="notary/checkpoint", Body=before)  # somebody rolls it back, or a worker ended too early
    assert read_log_checkpoint(read_note(tiles.newest() or b"").text).size == 5
    s3.delete_object(Bucket=BUCKET, Key="notary/checkpoint")
    assert read_log_checkpoint(read_note(tiles.newest() or b"").text).size == 5


def test_another_version_over_a_file_is_seen_and_the_file_is_read(tiles, s3):
    a_tree(tiles, 3)
    s3.put_object(Bucket=BUCKET, Key="notary/tile/0/000.p/3", Body=b"\0" * 96)
    s3.delete_object(Bucket=BUCKET, Key="notary/tile/entries/000.p/3")
    s3.delete_object(Bucket=BUCKET, Key=f"notary/checkpoints/{3:020d}")
    reader = TreeReader(S3Tiles(BUCKET, s3), None)
    assert list(reader.leaves(0, newest_size(reader))) == [leaf(number) for number in range(3)]
    with sorted_leaves(reader) as leaves:
        assert [(finding.kind, finding.explanation) for finding in leaves.findings] == [
            (Kind.FORK, f"{path} of the tree: {what}") for path, what in tiles.laid_over()
        ]
        assert list(leaves.streams()) == ["run/a"]
    assert [tuple(over) for over in tiles.laid_over()] == [
        (f"checkpoints/{3:020d}", "0 other version(s) and 1 delete marker(s) were laid over it"),
        ("tile/0/000.p/3", "1 other version(s) and 0 delete marker(s) were laid over it"),
        ("tile/entries/000.p/3", "0 other version(s) and 1 delete marker(s) were laid over it"),
    ]


def test_a_file_of_which_only_a_delete_marker_is_left_is_named(tiles, s3):
    a_tree(tiles, 3)
    [version] = s3.list_object_versions(Bucket=BUCKET, Prefix="notary/tile/0/")["Versions"]
    s3.delete_object(Bucket=BUCKET, Key=version["Key"])
    s3.delete_object(Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"], BypassGovernanceRetention=True)
    assert [tuple(over) for over in tiles.laid_over()] == [("tile/0/000.p/3", "a delete marker is all that is left of it")]
    assert S3Tiles(BUCKET, s3).read("tile/0/000.p/3") is None
