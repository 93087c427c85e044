"""The hashes of a tree, read from tiles that nobody has to trust: each is checked on the way to the root before it is used."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from training_events.errors import BadTree
from training_events.proof.tree.proofs import tree_root
from training_events.proof.tree.tiles import HEIGHT, TILE_WIDTH, Tile, read_hashes, subtree_rows, width_at

if TYPE_CHECKING:
    from training_events.proof.tree.store import TileStore

CACHED_TILES = 64
"""Full tiles in memory, with the hashes above them: about 50 kB each."""


class TreeHashes:
    """The tree of this size and root. Raises BadTree, here and later, where tiles are missing or are not those of the root."""

    def __init__(self, tiles: TileStore, size: int, root: bytes) -> None:
        self.size, self.root = size, root
        self._tiles = tiles
        self._full_rows = lru_cache(CACHED_TILES)(self._checked_rows)
        self._last_rows: dict[int, list[list[bytes]]] = {}
        level = 0
        while size >> HEIGHT * level:
            index = size >> HEIGHT * (level + 1)
            if width := width_at(level, index, size):
                self._last_rows[level] = self._rows(Tile(level, index, width))
            level += 1
        if tree_root(self.node, size) != root:
            raise BadTree(f"the last tiles of the tree of {size} leaves do not have its root, {root.hex()}")

    def node(self, level: int, index: int) -> bytes:
        """The root of the perfect subtree of 2**level leaves that is number `index` of its level."""
        if index < 0 or (index + 1) << level > self.size:
            raise BadTree(f"leaf {index << level} is not in a tree of {self.size} leaves")
        tile_level, row = divmod(level, HEIGHT)
        tile, place = divmod(index, TILE_WIDTH >> row)
        return self._rows_of(tile_level, tile)[row][place]

    def leaves(self, tile: int) -> list[bytes]:
        """The hashes of the leaves in this tile of the lowest level."""
        return self._rows_of(0, tile)[0]

    def _rows_of(self, level: int, tile: int) -> list[list[bytes]]:
        is_full = width_at(level, tile, self.size) == TILE_WIDTH
        return self._full_rows(level, tile) if is_full else self._last_rows[level]

    def _checked_rows(self, level: int, index: int) -> list[list[bytes]]:
        rows = self._rows(Tile(level, index))
        if rows[-1][0] != self.node(HEIGHT * (level + 1), index):
            raise BadTree(f"{Tile(level, index).path} does not belong to the tree of {self.size} leaves")
        return rows

    def _rows(self, tile: Tile) -> list[list[bytes]]:
        hashes = read_hashes(self._tiles, tile)
        if hashes is None:
            raise BadTree(f"{tile.path} is not there, which a tree of {self.size} leaves has")
        return subtree_rows(hashes)
