"""The tree of a laptop's log, in the SQLite file of the log.

The leaves are rows that a trigger writes (stores/sqlite/schema.py). Kept are the tiles that are full, public keys and
checkpoints; entry bundles and the tiles where the tree ends are made of the leaves whenever they are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.errors import BadTree
from training_events.proof.merkle import leaf_hash
from training_events.proof.tree.leaf import Leaf
from training_events.proof.tree.log_checkpoint import read_log_checkpoint
from training_events.proof.tree.note import read_note
from training_events.proof.tree.store import CHECKPOINT, Head, Published, checkpoint_path
from training_events.proof.tree.tiles import (
    ENTRIES,
    HEIGHT,
    TILE_WIDTH,
    Tile,
    entry_bundle,
    read_hashes,
    read_tile_path,
    subtree_rows,
    width_at,
)
from training_events.stores.sqlite.row import to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from training_events.proof.tree.store import LaidOver, LockedFile
    from training_events.stores.sqlite.database import Database

_LEAF = "number, stream, position, digest, recorded_at, source"
_LEAVES = f"SELECT {_LEAF} FROM leaves WHERE number > ? AND number <= ? ORDER BY number"  # noqa: S608
_OF_STREAM = (
    f"SELECT {_LEAF} FROM leaves WHERE stream = CAST(? AS TEXT) AND (position, number) > (?, ?) ORDER BY position, number"  # noqa: S608
)
_ENDS = "SELECT (SELECT min(number) FROM leaves), (SELECT max(number) FROM leaves)"
_PUBLISHED = "SELECT size, CAST(note AS BLOB) FROM log_checkpoints WHERE size > ? ORDER BY size"
_NEWEST = "SELECT CAST(note AS BLOB) FROM log_checkpoints ORDER BY size DESC LIMIT 1"
_PATHS = "SELECT CAST(path AS BLOB) FROM tiles"
_SIZES_OF_NOTHING = "SELECT size FROM log_checkpoints WHERE size < 1"
_CAUGHT_UP = "SELECT CAST(value AS INTEGER) FROM main.notes WHERE name = 'leaves caught up'"
_PUBLIC_KEYS = "SELECT CAST(content AS BLOB) FROM tiles WHERE path GLOB 'keys/*.der'"


class SqliteTree:
    """A TileStore and a LeafIndex in one file. A file that nobody has written to since there are leaves has an empty tree.

    Raises NoSuchLog where there is no file, and BadTree where a leaf is not what the trigger wrote.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._is_there = False

    @property
    def is_there(self) -> bool:
        """Whether the log has numbered its events: not before this version has written to its file."""
        if not self._is_there:
            found = self._database.rows("SELECT 1 FROM main.sqlite_master WHERE name IN ('leaves', 'tiles', 'log_checkpoints')")
            self._is_there = len(found) == 3
        return self._is_there

    @property
    def origin(self) -> str | None:
        """The log's name in its checkpoints; None before this version has written to its file."""
        return f"training-events/{self._database.identity}" if self.is_there and self._database.identity else None

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        [(first, last)] = self._rows(_ENDS) or [(None, None)]
        if first is not None and first < 1:
            raise BadTree(f"a row of leaves in the file has the number {first}, which no append gives")
        return last or 0

    def read(self, path: str) -> bytes | None:
        if path == CHECKPOINT:
            return self.newest()
        if (tile := read_tile_path(path)) is None or not _is_made(tile):
            return self._kept(path)
        if width_at(max(tile.level, 0), tile.number, self.size) < tile.width:
            return None
        if tile.level == ENTRIES:
            start = tile.number * TILE_WIDTH
            return entry_bundle(self.leaves(start, start + tile.width))
        return b"".join(self._hashes(tile))

    def write(self, path: str, content: bytes) -> None:
        if (tile := read_tile_path(path)) is None or not _is_made(tile):
            with self._database.transaction() as connection:
                connection.execute("INSERT INTO tiles VALUES (?, ?) ON CONFLICT DO NOTHING", (path, content))
        if self.read(path) != content:
            raise BadTree(f"{path} has other content already")

    def publish(self, note: bytes, size: int) -> None:
        with self._database.transaction() as connection:
            connection.execute("INSERT INTO log_checkpoints VALUES (?, ?) ON CONFLICT DO NOTHING", (size, note))
        if self.read(checkpoint_path(size)) != note:
            raise BadTree(f"another checkpoint of {size} leaves was published already")

    def published(self) -> Iterator[Published]:
        size = -1
        while rows := self._rows(_PUBLISHED, size):
            size = rows[-1][0]
            yield from (Published(note) for _, note in rows)

    def newest(self) -> bytes | None:
        rows = self._rows(_NEWEST)
        return rows[0][0] if rows else None

    def public_keys(self) -> Iterator[bytes]:
        return (content for (content,) in self._rows(_PUBLIC_KEYS))

    def paths(self) -> Iterator[str]:
        """As TileStore has it. A row that the notary of a laptop never writes is no file, and gets a name that no file has."""
        for (name,) in self._rows(_PATHS):
            path = name.decode(errors="replace")
            tile = read_tile_path(path)
            yield path if tile is None or not _is_made(tile) else f"the row {path} of tiles"
        for (size,) in self._rows(_SIZES_OF_NOTHING):
            yield f"the row {size} of log_checkpoints"
        yield from self._forged_note()

    def laid_over(self) -> Iterator[LaidOver]:
        """None: a row has no versions."""
        return iter(())

    def locked_files(self) -> Iterator[LockedFile]:
        """None: nothing locks a file."""
        return iter(())

    def places(self, stream: str) -> Iterator[tuple[int, Leaf]]:
        position, number = "", 0
        while rows := self._rows(_OF_STREAM, to_bytes(stream), position, number):
            number, _, position, *_ = rows[-1]
            yield from ((row[0] - 1, _leaf(row)) for row in rows)

    def leaves(self, start: int, end: int) -> Iterator[bytes]:
        while start < end and (rows := self._rows(_LEAVES, start, end)):
            for row in rows:
                if row[0] != start + 1:
                    break
                yield _leaf(row).content
                start += 1
            else:
                continue
            break
        if start < min(end, self.size):
            raise BadTree(f"leaf {start} is not in the file any more")

    def head(self) -> Head:
        size = self.size
        return Head(size, self.frontier(size))

    def frontier(self, size: int) -> list[bytes]:
        """The roots of the perfect subtrees of the tree of the first `size` leaves, largest first."""
        frontier: list[bytes] = []
        level = 0
        while size >> HEIGHT * level:
            index = size >> HEIGHT * (level + 1)
            if width := width_at(level, index, size):
                rows = subtree_rows(self._hashes(Tile(level, index, width)))
                frontier += [rows[row][(width >> row) - 1] for row in range(HEIGHT) if width >> row & 1]
            level += 1
        return frontier[::-1]

    def _forged_note(self) -> Iterator[str]:
        """The note of how many events were there before they had leaves, if the first checkpoint does not say the same."""
        noted, first = self._rows(_CAUGHT_UP), next(self.published(), None)
        if noted and first is not None:
            said = read_log_checkpoint(read_note(first.note).text).caught_up
            if said != (0, noted[0][0]):
                yield f"the note that {noted[0][0]} leaves were caught up"

    def _hashes(self, tile: Tile) -> list[bytes]:
        """The hashes of a tile; one that is not kept is made of what is below it."""
        if not _is_made(tile) and (kept := read_hashes(self, tile)) is not None:
            return kept
        start = tile.number * TILE_WIDTH
        if tile.level:
            below = (Tile(tile.level - 1, number) for number in range(start, start + tile.width))
            return [subtree_rows(self._hashes(full))[-1][0] for full in below]
        return [leaf_hash(content) for content in self.leaves(start, start + tile.width)]

    def _kept(self, path: str) -> bytes | None:
        sql, key = "SELECT CAST(content AS BLOB) FROM tiles WHERE path = ?", path
        size = path.rpartition("/")[2]
        if size.isdecimal() and checkpoint_path(int(size)) == path:
            sql, key = "SELECT CAST(note AS BLOB) FROM log_checkpoints WHERE size = CAST(? AS INTEGER)", size
        rows = self._rows(sql, key)
        return rows[0][0] if rows else None

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        return self._database.rows(sql, values) if self.is_there else []


def _is_made(tile: Tile) -> bool:
    """Whether the file does not keep it, and it is made when somebody asks for it."""
    return tile.level == ENTRIES or tile.width < TILE_WIDTH


def _leaf(row: tuple[Any, ...]) -> Leaf:
    number, stream, position, digest, recorded_at, source = row
    if {*map(type, row[1:])} != {str}:
        raise BadTree(f"leaf {number - 1} in the file is not five texts")
    return Leaf(stream, position, digest, recorded_at, None, source)  # nobody sends an event to a file over a bus
