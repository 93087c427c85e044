"""Checkpoints of the log, after https://c2sp.org/tlog-checkpoint."""

from base64 import b64encode
from hashlib import sha256

import pytest
from msgspec.structs import replace
from training_events.errors import BadTree
from training_events.proof.tree.log_checkpoint import LogCheckpoint, publish, read_log_checkpoint
from training_events.proof.tree.note import check_note, signed_note
from training_events.proof.tree.store import CHECKPOINT, checkpoint_path

from tests.support.trees import MemoryKey, MemoryTiles

KEY = MemoryKey(name="training-events/a")
ROOT = sha256().digest()
ROOT_TEXT = b64encode(ROOT).decode()
PLAIN = LogCheckpoint(origin="training-events/a", size=70_000, root=ROOT)
FULL = replace(PLAIN, at="2026-11-22T15:08:39.955123Z", caught_up=(0, 69_000), next_key=b"key")


def test_the_checkpoint_of_the_specification_is_read():
    checkpoint = read_log_checkpoint("example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n")
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.root.hex().startswith("0ac5186a91863e8e1d90c808014aa89b")


@pytest.mark.parametrize(
    ("checkpoint", "text"),
    [
        (PLAIN, f"training-events/a\n70000\n{ROOT_TEXT}\n"),
        (
            FULL,
            f"training-events/a\n70000\n{ROOT_TEXT}\nat 2026-11-22T15:08:39.955123Z\ncaught-up 0-69000\nnext-key a2V5\n",
        ),
        (replace(PLAIN, size=0), f"training-events/a\n0\n{ROOT_TEXT}\n"),
    ],
)
def test_a_checkpoint_is_written_line_by_line_and_read_back(checkpoint, text):
    assert checkpoint.text == text
    assert read_log_checkpoint(text) == checkpoint


def test_lines_that_a_later_version_added_are_skipped():
    assert read_log_checkpoint(PLAIN.text + "witnesses 3\n") == PLAIN


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("", "three lines or more"),
        (f"a\n{ROOT_TEXT}\n", "three lines or more"),
        (PLAIN.text[:-1], "three lines or more"),
        (PLAIN.text + "\n", "three lines or more"),
        (f"\n1\n{ROOT_TEXT}\n", "three lines or more"),
        (f"a\n01\n{ROOT_TEXT}\n", "the size in a checkpoint of 'a' is '01'"),
        (f"a\n-1\n{ROOT_TEXT}\n", "the size"),
        (f"a\n\u0661\n{ROOT_TEXT}\n", "the size"),
        ("a\n1\nAAAA\n", "the root in a checkpoint of 'a' is 'AAAA'"),
        (f"a\n1\n{ROOT_TEXT[:-2]}V=\n", "the root"),
        (PLAIN.text + "at yesterday\n", "the time in a checkpoint of 'training-events/a' is 'yesterday'"),
        (PLAIN.text + "caught-up 5-5\n", "caught up"),
        (PLAIN.text + "caught-up 0-70001\n", "allowed: a part of its 70000"),
        (PLAIN.text + "next-key !\n", "the next-key"),
        (PLAIN.text + "next-key \n", "the next-key"),
        (PLAIN.text + f"at {FULL.at}\nat {FULL.at}\n", "two lines 'at'"),
    ],
)
def test_a_text_that_is_no_checkpoint_is_refused(text, finding):
    with pytest.raises(BadTree, match=finding):
        read_log_checkpoint(text)


class Racing(MemoryTiles):
    """Another process publishes the same tree when this one is about to."""

    def publish(self, note, size):
        if not self.files.get(CHECKPOINT):
            super().publish(signed_note(PLAIN.text, KEY), size)
        super().publish(note, size)


def test_a_checkpoint_is_published_once_also_by_two_processes():
    tiles = Racing()
    note = publish(tiles, FULL, KEY)
    assert note == tiles.files[CHECKPOINT] == tiles.files[checkpoint_path(PLAIN.size)]
    assert read_log_checkpoint(check_note(note, PLAIN.origin, KEY.public_key)) == PLAIN


def test_a_checkpoint_that_was_written_but_did_not_become_the_newest_does():
    tiles = MemoryTiles()
    note = publish(tiles, PLAIN, KEY)
    del tiles.files[CHECKPOINT]
    assert publish(tiles, replace(PLAIN, at=FULL.at), KEY) == note == tiles.files[CHECKPOINT]


def test_no_second_tree_of_a_size_is_published():
    tiles = MemoryTiles()
    publish(tiles, PLAIN, KEY)
    with pytest.raises(BadTree, match="checkpoints/00000000000000070000 is of another tree, with the root e3b0c442"):
        publish(tiles, replace(PLAIN, root=bytes(32)), KEY)


def test_a_public_key_is_published_under_its_digest():
    tiles = MemoryTiles()
    publish(tiles, PLAIN, KEY)
    assert tiles.files[f"keys/{sha256(KEY.public_key).hexdigest()}.der"] == KEY.public_key
