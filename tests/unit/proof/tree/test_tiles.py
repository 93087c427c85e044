"""Tiles, after https://c2sp.org/tlog-tiles."""

from itertools import pairwise

import pytest
from training_events.errors import BadTree
from training_events.proof.tree.tiles import ENTRIES, Tile, entry_bundle, read_entry_bundle, read_tile_path, write_tiles

from tests.support.trees import MemoryTiles


def leaves(start, end):
    return (b"%d" % number for number in range(start, end))


def written(*sizes, partial=True):
    """What a tree has that was written size by size."""
    tiles = MemoryTiles()
    for before, size in pairwise((0, *sizes)):
        write_tiles(tiles, before, size, leaves, partial=partial)
    return tiles.files


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 0, 1), "tile/0/000.p/1"),
        (Tile(1, 999, 255), "tile/1/999.p/255"),
        (Tile(2, 1000), "tile/2/x001/000"),
        (Tile(0, 1_234_067, 8), "tile/0/x001/x234/067.p/8"),
        (Tile(ENTRIES, 1_234_067), "tile/entries/x001/x234/067"),
    ],
)
def test_a_tile_has_the_path_of_the_specification_and_is_known_by_it(tile, path):
    assert tile.path == path
    assert read_tile_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "checkpoint",
        "tile/0/0",
        "tile/00/000",
        "tile/100/000",
        "tile/x/000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/300",
        "tile/0/000/",
        "/tile/0/000",
    ],
)
def test_other_paths_are_those_of_no_tile(path):
    assert read_tile_path(path) is None


def test_entries_are_written_behind_their_lengths_and_read_back():
    entries = [b"", b"a", b"b" * 65_535]
    bundle = entry_bundle(entries)
    assert bundle.startswith(b"\0\0\0\1a\xff\xffbbb")
    assert list(read_entry_bundle(bundle, "here")) == entries


@pytest.mark.parametrize("bundle", [b"\0", b"\0\1", b"\0\1a\0", b"\0\3ab"])
def test_a_bundle_that_ends_within_an_entry_is_refused(bundle):
    with pytest.raises(BadTree, match="here ends within an entry"):
        list(read_entry_bundle(bundle, "here"))


def test_a_tree_of_70_000_leaves_has_the_tiles_that_the_specification_counts():
    paths = written(70_000).keys()
    levels = [[tile for path in paths if (tile := read_tile_path(path)) and tile.level == level] for level in range(4)]
    assert sorted(levels[0]) == [*(Tile(0, number) for number in range(273)), Tile(0, 273, 112)]
    assert sorted(levels[1]) == [Tile(1, 0), Tile(1, 1, 17)]
    assert levels[2] == [Tile(2, 0, 1)]
    assert levels[3] == []
    assert sum(path.startswith("tile/entries/") for path in paths) == 274


def test_a_tree_of_256_leaves_has_one_hash_at_the_next_level():
    assert sorted(written(256)) == ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]


def test_an_empty_tree_has_no_tiles():
    assert written(0) == {}


def test_without_partial_tiles_only_full_ones_are_written():
    assert sorted(written(255, 700, partial=False)) == ["tile/0/000", "tile/0/001", "tile/entries/000", "tile/entries/001"]


@pytest.mark.parametrize("sizes", [(66_000, 70_000), (300, 65_535, 65_536, 65_537, 70_000)])
@pytest.mark.parametrize("partial", [True, False])
def test_tiles_are_the_same_however_the_tree_grew(sizes, partial):
    """Without partial tiles in between, those of higher levels are made from the full ones below."""
    tiles = MemoryTiles()
    for before, size in pairwise((0, *sizes)):
        write_tiles(tiles, before, size, leaves, partial=partial)
    write_tiles(tiles, sizes[-1], sizes[-1], leaves, partial=True)
    whole = written(70_000)
    assert {path: tiles.files[path] for path in whole} == whole


def test_to_write_again_from_an_earlier_size_changes_nothing():
    tiles = MemoryTiles()
    write_tiles(tiles, 0, 700, leaves, partial=True)
    before = dict(tiles.files)
    for earlier in (0, 1, 256, 300, 600, 700):
        write_tiles(tiles, earlier, 700, leaves, partial=True)
    assert tiles.files == before


def test_a_leaf_that_is_not_there_is_named():
    with pytest.raises(BadTree, match="leaf 299 is not there, which a tree of 300 leaves has"):
        write_tiles(MemoryTiles(), 0, 300, lambda start, end: leaves(start, end - 1), partial=True)


def test_a_tile_that_is_not_there_is_named():
    tiles = MemoryTiles()
    write_tiles(tiles, 0, 512, leaves, partial=False)
    del tiles.files["tile/0/001"]
    with pytest.raises(BadTree, match="tile/0/001 is not there"):
        write_tiles(tiles, 512, 600, leaves, partial=True)


def test_other_leaves_than_those_that_were_written_are_refused():
    tiles = MemoryTiles()
    write_tiles(tiles, 0, 300, leaves, partial=True)
    with pytest.raises(BadTree, match="tile/entries/000 holds something else"):
        write_tiles(tiles, 0, 300, lambda start, end: leaves(start + 1, end + 1), partial=True)
