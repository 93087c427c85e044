"""A file of the tree that can be removed sooner than it must stay is found, and nobody is accused who may not see the locks."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from training_events import aws
from training_events.proof.findings import Kind
from training_events.proof.leaf_comparison import TreeVerified
from training_events.proof.seal_format import Lock
from training_events.proof.tree.reader import TreeReader
from training_events.proof.tree.s3_tiles import S3Tiles
from training_events.proof.tree.store import LockedFile, checkpoint_path
from training_events.proof.tree_locks import AT_RANDOM, NEWEST_CHECKPOINTS, check_tree_locks
from training_events.proof.tree_view import sorted_leaves
from training_events.reading.wording.verification import describe_tree

from tests.support.dynamodb import aws_in_this_process
from tests.support.fakes import refuse
from tests.support.trees import GrowingTree, leaf

BUCKET = "data"
NEWEST = f"notary/{checkpoint_path(300)}"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    with aws_in_this_process():
        client = aws.client("s3")
        location = {"LocationConstraint": "eu-central-1"}
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location, ObjectLockEnabledForBucket=True)
        yield client


def a_tree(s3: Any, mode: str | None = "GOVERNANCE", days: int | None = 30) -> None:
    tree = GrowingTree()
    tree.tiles = S3Tiles(BUCKET, s3, mode=mode, days=days)  # type: ignore[assignment]  # any TileStore serves
    for start, end in ((0, 3), (3, 300)):
        tree.take(leaf(number) for number in range(start, end))
        tree.checkpoint()


def verified(s3: Any, **settings: Any) -> tuple[TreeVerified, list[str]]:
    """What `verify --all` says of the tree, and what it finds: nothing but locks."""
    with sorted_leaves(TreeReader(S3Tiles(BUCKET, s3, **settings), None)) as tree:
        assert {finding.kind for finding in tree.findings} <= {Kind.NOT_LOCKED}
        return tree.verified, [finding.explanation for finding in tree.findings]


@pytest.mark.parametrize("mode", ["GOVERNANCE", "COMPLIANCE"])
def test_a_tree_that_is_locked_as_the_settings_say_is_no_finding(s3, mode):
    a_tree(s3, mode)
    for settings in ({}, {"mode": mode, "days": 30}, {"mode": "GOVERNANCE", "days": 29}):
        tree, findings = verified(s3, **settings)
        assert (tree.locks, findings) == ("checked", [])


def test_every_file_of_a_small_tree_without_locks_is_named(s3):
    a_tree(s3, None, None)
    paths = {version["Key"].removeprefix("notary/") for version in s3.list_object_versions(Bucket=BUCKET)["Versions"]}
    _, findings = verified(s3)
    assert {finding.split(" of the tree is not locked")[0] for finding in findings} == paths - {"checkpoint"}


@pytest.mark.parametrize(
    ("mode", "days", "said"), [("GOVERNANCE", 31, "is locked until"), ("COMPLIANCE", 30, "in GOVERNANCE mode")]
)
def test_a_lock_that_is_less_than_the_settings_of_whoever_verifies_is_found(s3, mode, days, said):
    a_tree(s3)
    _, findings = verified(s3, mode=mode, days=days)
    assert findings
    assert all(said in finding and "the settings say" in finding for finding in findings)


def test_the_newest_checkpoint_whose_retention_was_shortened_is_named(s3):
    a_tree(s3)
    until = datetime.now().astimezone() + timedelta(days=29)
    s3.put_object_retention(
        Bucket=BUCKET, Key=NEWEST, BypassGovernanceRetention=True, Retention={"Mode": "GOVERNANCE", "RetainUntilDate": until}
    )
    assert verified(s3)[1] == []  # nobody said how long it has to be
    [finding] = verified(s3, mode="GOVERNANCE", days=30)[1]
    assert finding.startswith(checkpoint_path(300))


def test_whoever_may_not_see_locks_is_told_so_and_gets_no_finding(s3):
    """S3 leaves the lock out of other answers then, as it does where there is none."""
    a_tree(s3, None, None)
    refuse(s3, "GetObjectRetention", 1, "AccessDenied")
    tree, findings = verified(s3)
    assert (tree.locks, findings) == ("not shown", [])
    assert "locks not looked at: it takes the permission s3:GetObjectRetention" in describe_tree(tree)


def test_of_a_large_tree_all_keys_the_newest_checkpoints_and_some_others_are_looked_at():
    keys = [f"keys/{number}" for number in range(3)]
    newest = [checkpoint_path(size) for size in range(1000 - NEWEST_CHECKPOINTS, 1000)]
    checkpoints, tiles = [checkpoint_path(size) for size in range(1000)], [f"tile/0/{number:03d}" for number in range(1000)]
    looked_at: list[str] = []

    def file(path: str) -> LockedFile:
        def lock() -> Lock:
            looked_at.append(path)
            return Lock("GOVERNANCE", "2026-12-22T15:08:39.000000Z")

        return LockedFile(path, lock, None)

    for _ in range(2):
        assert check_tree_locks(map(file, [*checkpoints, *keys, *tiles])) == ("checked", [])
    one, other = looked_at[: len(looked_at) // 2], looked_at[len(looked_at) // 2 :]
    for looked in (one, other):
        assert {*keys, *newest} <= set(looked)
        assert len(set(looked)) == len(looked) == len(keys) + NEWEST_CHECKPOINTS + AT_RANDOM
    assert set(one) != set(other)  # as likely as drawing the same 100 of 1,990 twice


def test_what_locks_nothing_says_so():
    tree = GrowingTree()
    tree.take([leaf(0)])
    tree.checkpoint()
    with sorted_leaves(tree.reader()) as leaves:
        assert (leaves.verified.locks, leaves.findings) == ("none", [])
