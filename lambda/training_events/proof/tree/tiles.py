"""The tree as files: tiles of 256 hashes, and bundles of the entries below them (https://c2sp.org/tlog-tiles).

Tile n of level l holds the roots of 256 subtrees of 256**l leaves each. A partial tile holds fewer, where the tree ends.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from training_events.errors import BadTree
from training_events.proof.merkle import leaf_hash, node_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from training_events.proof.tree.store import TileStore

HEIGHT = 8
TILE_WIDTH = 1 << HEIGHT
HASH_BYTES = 32

_LENGTH_BYTES = 2
_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


ENTRIES = -1
"""In place of a level: the entries below level 0."""


class Tile(NamedTuple):
    """Which tile, or which entry bundle."""

    level: int
    number: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        rest, last = divmod(self.number, 1000)
        number = f"{last:03d}"
        while rest:
            rest, group = divmod(rest, 1000)
            number = f"x{group:03d}/{number}"
        level = "entries" if self.level == ENTRIES else self.level
        return f"tile/{level}/{number}" + ("" if self.width == TILE_WIDTH else f".p/{self.width}")


def read_tile_path(path: str) -> Tile | None:
    """The tile at this path; None if it is not the path of one."""
    if match := _PATH.fullmatch(path):
        level, number, width = match.groups()
        tile = Tile(
            ENTRIES if level == "entries" else int(level),
            int(number.replace("x", "").replace("/", "")),
            TILE_WIDTH if width is None else int(width),
        )
        return tile if tile.path == path and tile.width <= TILE_WIDTH else None
    return None


def width_at(level: int, index: int, size: int) -> int:
    """How many hashes a tile has in a tree of so many leaves: 0 if the tree ends before it."""
    return min(max((size >> HEIGHT * level) - index * TILE_WIDTH, 0), TILE_WIDTH)


def entry_bundle(contents: Iterable[bytes]) -> bytes:
    """Entries one after the other, each behind its length: two bytes, the larger one first.

    Raises BadTree for an entry that is too long for that, which no event's leaf is.
    """
    try:
        return b"".join(len(content).to_bytes(_LENGTH_BYTES) + content for content in contents)
    except OverflowError:
        raise BadTree(f"a leaf has more than {256**_LENGTH_BYTES - 1} bytes") from None


def read_entry_bundle(bundle: bytes, path: str) -> Iterator[bytes]:
    """The entries of the bundle at this path. Raises BadTree if it ends within one."""
    start = 0
    while start < len(bundle):
        entry = start + _LENGTH_BYTES
        end = entry + int.from_bytes(bundle[start:entry])
        if not entry <= end <= len(bundle):
            raise BadTree(f"{path} ends within an entry")
        yield bundle[entry:end]
        start = end


def read_hashes(tiles: TileStore, tile: Tile) -> list[bytes] | None:
    """The hashes of a tile; None if it is not there. The full tile serves for a partial one. Raises BadTree."""
    for stored in (tile, tile._replace(width=TILE_WIDTH)):
        content = tiles.read(stored.path)
        if content is not None:
            if len(content) != stored.width * HASH_BYTES:
                raise BadTree(f"{stored.path} has {len(content)} bytes; allowed: {stored.width * HASH_BYTES}")
            return [content[start : start + HASH_BYTES] for start in range(0, tile.width * HASH_BYTES, HASH_BYTES)]
    return None


def subtree_rows(hashes: list[bytes]) -> list[list[bytes]]:
    """The hashes of a tile, and above them the roots of every two, four, eight … of them that are all there."""
    rows = [hashes]
    while len(rows[-1]) > 1:
        rows.append([node_hash(*pair) for pair in zip(rows[-1][::2], rows[-1][1::2], strict=False)])
    return rows


def write_tiles(
    tiles: TileStore, before: int, size: int, leaves: Callable[[int, int], Iterator[bytes]], *, partial: bool
) -> None:
    """Write the tiles and entry bundles that became full as the tree grew from `before` to `size` leaves.

    With `partial` also those where the tree of `size` ends: what a checkpoint of this size needs. The full tiles of `before`
    are there already. `leaves(start, end)` gives the contents of leaves. Memory does not grow with the number of leaves. To
    do it again, or to begin at a smaller `before`, writes the same. Fastest is a `before` that a checkpoint was published of.
    """
    start = before - before % TILE_WIDTH
    end = size if partial else size - size % TILE_WIDTH
    writer = _Writer(tiles, before)
    contents = leaves(start, end)
    for first in range(start, end, TILE_WIDTH):
        entries = list(islice(contents, min(TILE_WIDTH, end - first)))
        if first + len(entries) not in (first + TILE_WIDTH, end):
            raise BadTree(f"leaf {first + len(entries)} is not there, which a tree of {end} leaves has")
        tiles.write(Tile(ENTRIES, first // TILE_WIDTH, len(entries)).path, entry_bundle(entries))
        writer.add(0, first // TILE_WIDTH, [leaf_hash(content) for content in entries])
    if partial:
        writer.write_ends(size)


class _Writer:
    """Writes tiles, and keeps of each level above the lowest what was added to its last tile."""

    def __init__(self, tiles: TileStore, before: int) -> None:
        self._tiles, self._before = tiles, before
        self._added: dict[int, list[bytes]] = {}

    def add(self, level: int, index: int, hashes: list[bytes]) -> None:
        """Write a tile. If it is full, its root belongs to the level above."""
        self._tiles.write(Tile(level, index, len(hashes)).path, b"".join(hashes))
        if len(hashes) == TILE_WIDTH:
            self._added.setdefault(level + 1, []).append(subtree_rows(hashes)[-1][0])
            if (index + 1) % TILE_WIDTH == 0:
                self.add(level + 1, index // TILE_WIDTH, self._hashes(level + 1, index // TILE_WIDTH))
                self._added[level + 1] = []

    def write_ends(self, size: int) -> None:
        """Write the partial tiles of every level above the lowest."""
        level = 1
        while size >> HEIGHT * level:
            index = size >> HEIGHT * (level + 1)
            tile = Tile(level, index, width_at(level, index, size))
            if tile.width and (self._added.get(level) or self._tiles.read(tile.path) is None):
                self.add(level, index, self._hashes(level, index))
            level += 1

    def _hashes(self, level: int, index: int) -> list[bytes]:
        """All hashes of the last tile of a level: what it had at first, and what was added."""
        width = width_at(level, index, self._before)
        return [*(self._first_hashes(Tile(level, index, width)) if width else ()), *self._added.get(level, ())]

    def _first_hashes(self, tile: Tile) -> list[bytes]:
        # it is there if a checkpoint of this size was published
        hashes = read_hashes(self._tiles, tile)
        start = tile.number * TILE_WIDTH
        return hashes or [self._root(tile.level - 1, start + number) for number in range(tile.width)]

    def _root(self, level: int, index: int) -> bytes:
        tile = Tile(level, index)
        hashes = read_hashes(self._tiles, tile)
        if hashes is None:
            raise BadTree(f"{tile.path} is not there")
        return subtree_rows(hashes)[-1][0]
