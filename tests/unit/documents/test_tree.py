"""What docs/design/tree.md says of the tree's formats is so, and its commands check a tree."""

import re
import subprocess

import pytest
from training_events.proof.tree.log_checkpoint import key_path, read_log_checkpoint
from training_events.proof.tree.note import read_note

from tests.support.paths import ROOT
from tests.support.trees import GrowingTree, MemoryKey, leaf

TEXT = (ROOT / "docs/design/tree.md").read_text(encoding="utf-8")
SIGNATURE, ENTRIES = re.findall(r"```sh\n(.+?)```", TEXT, re.DOTALL)


@pytest.fixture
def tree(tmp_path):
    tree = GrowingTree()
    for size in (1, 300):
        tree.take(map(leaf, range(len(tree.index.contents), size)))
        tree.checkpoint("2026-11-22T17:05:00.000000Z")
    tree.tiles.save(tmp_path)
    return tree


def run(commands, folder):
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail"], input=commands, cwd=folder, text=True, capture_output=True, check=False
    )


def test_the_commands_check_the_signature_of_a_checkpoint(tree, tmp_path):
    assert run(SIGNATURE, tmp_path).stdout == "Verified OK\n"
    (tmp_path / key_path(tree.signer.public_key)).write_bytes(MemoryKey(2).public_key)
    assert run(SIGNATURE, tmp_path).stdout == "Verification failure\n"


def test_the_commands_compute_the_root_of_a_checkpoint(tree, tmp_path):
    computed, signed = run(ENTRIES, tmp_path).stdout.split()
    assert computed == signed
    bundle = tmp_path / "tile/entries/001.p/44"
    bundle.write_bytes(bundle.read_bytes().replace(b"event-270", b"event-271"))
    computed, signed = run(ENTRIES, tmp_path).stdout.split()
    assert computed != signed


def test_the_example_of_a_checkpoint_has_the_lines_of_one():
    [example] = re.findall(r"```\n(training-events/.+?)```", TEXT, re.DOTALL)
    text = read_note(example.replace("…", "").encode()).text
    assert read_log_checkpoint(text).caught_up == (0, 69_000)
    assert read_log_checkpoint(text).text == text


@pytest.mark.parametrize("line", ["at", "caught-up", "next-key"])
def test_each_line_of_a_checkpoint_is_explained(line):
    assert f"| `{line}" in TEXT
