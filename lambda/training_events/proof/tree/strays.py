"""Finds files among those of a tree that are none of its own: no checkpoint needs them, and no notary was about to need them.

Readers do not read them, so nothing is wrong with the tree. But somebody put them there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.errors import BadTree
from training_events.proof.merkle import leaf_hash
from training_events.proof.tree.store import CHECKPOINT, CHECKPOINTS, KEYS, checkpoint_path
from training_events.proof.tree.tiles import (
    ENTRIES,
    HASH_BYTES,
    HEIGHT,
    TILE_WIDTH,
    Tile,
    read_entry_bundle,
    read_tile_path,
    width_at,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from training_events.proof.tree.hashes import TreeHashes
    from training_events.proof.tree.store import TileStore


def stray_files(
    tiles: TileStore, tree: TreeHashes, sizes: Iterable[int], keys: Collection[str], committed: Callable[[], int | None]
) -> Iterator[str]:
    """The paths of such files. `sizes` are those of the published checkpoints, `keys` the digests of the log's keys.

    A notary writes tiles before the checkpoint that needs them, and may end in between. So tiles of leaves that are `committed`
    by now (None: nobody knows how many are) are its own, and a partial tile that has what the tree has there.
    """
    needed = {tile.path for size in sizes for tile in _ends(size)}
    for path in tiles.paths():
        if path == CHECKPOINT or path in needed:
            continue
        if path.startswith(KEYS):
            name, _, kind = path.removeprefix(KEYS).rpartition(".")
            is_own = name in keys and kind in ("der", "next")
        elif path.startswith(CHECKPOINTS):
            size = path.removeprefix(CHECKPOINTS)
            is_own = size.isascii() and size.isdigit() and checkpoint_path(int(size)) == path  # each was read and checked
        else:
            is_own = _is_own(tiles, tree, path, committed)
        if not is_own:
            yield path


def _ends(size: int) -> Iterator[Tile]:
    """The partial tiles, and the partial bundle, in which a tree of this size ends."""
    level = 0
    while size >> HEIGHT * level:
        number = size >> HEIGHT * (level + 1)
        if width := width_at(level, number, size):
            yield Tile(level, number, width)
            if level == 0:
                yield Tile(ENTRIES, number, width)
        level += 1


def _is_own(tiles: TileStore, tree: TreeHashes, path: str, committed: Callable[[], int | None]) -> bool:
    tile = read_tile_path(path)
    if tile is None:
        return False
    level = max(tile.level, 0)
    end = (tile.number * TILE_WIDTH + tile.width) << HEIGHT * level
    if end > tree.size:
        size = committed()
        return size is None or end <= size
    return tile.width == TILE_WIDTH or _hashes(tiles, tile) == [
        tree.node(HEIGHT * level, tile.number * TILE_WIDTH + place) for place in range(tile.width)
    ]


def _hashes(tiles: TileStore, tile: Tile) -> list[bytes]:
    content = tiles.read(tile.path) or b""
    if tile.level != ENTRIES:
        return [content[start : start + HASH_BYTES] for start in range(0, len(content), HASH_BYTES)]
    try:
        return [leaf_hash(entry) for entry in read_entry_bundle(content, tile.path)]
    except BadTree:
        return []
