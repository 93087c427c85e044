"""A tree is written and read in memory that does not grow with it."""

from pathlib import Path

from training_events.proof.merkle import MerkleTree
from training_events.proof.tree import hashes
from training_events.proof.tree.log_checkpoint import LogCheckpoint
from training_events.proof.tree.note import signed_note
from training_events.proof.tree.reader import TreeReader
from training_events.proof.tree.store import CHECKPOINT
from training_events.proof.tree.tiles import write_tiles

from tests.support.memory import peak
from tests.support.trees import ORIGIN, FolderTiles, MemoryKey, leaf


def contents(start: int, end: int):
    return (leaf(number).content for number in range(start, end))


def write(folder: Path, size: int) -> None:
    write_tiles(FolderTiles(folder), 0, size, contents, partial=True)


def read(folder: Path, size: int, root: bytes) -> int:
    hashes.CACHED_TILES = 2  # in a process of its own; or those of the smaller tree would all fit
    tiles = FolderTiles(folder)
    tiles.files[CHECKPOINT] = signed_note(LogCheckpoint(origin=ORIGIN, size=size, root=root).text, MemoryKey())
    reader = TreeReader(tiles, None, MemoryKey().public_key)
    assert reader.check_leaves(size) == root
    return sum(place.position > "" for _, place in reader.places("run/a"))


def test_writing_and_reading_a_longer_tree_takes_no_more_memory(tmp_path):
    peaks = {}
    for size in (1_500, 9_000):
        folder, tree = tmp_path / str(size), MerkleTree()
        for content in contents(0, size):
            tree.append(content)
        writing_bytes, _ = peak(write, folder, size)
        reading_bytes, leaves = peak(read, folder, size, tree.root)
        assert leaves == size
        peaks[size] = writing_bytes, reading_bytes
    for short, long in zip(*peaks.values(), strict=True):
        assert long < short + 50_000, "at most seven bytes for each further leaf"
