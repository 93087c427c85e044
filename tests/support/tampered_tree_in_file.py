"""The tree of a log in a SQLite file, for who may write the file."""

import sqlite3
from contextlib import closing
from pathlib import Path

from training_events.event import Event
from training_events.proof.notary.laptop import LaptopNotary
from training_events.proof.sqlite_seal_store import SqliteSealStore
from training_events.proof.tree.keys import LaptopKey
from training_events.proof.tree.leaf import Leaf
from training_events.proof.tree.sqlite_tree import SqliteTree
from training_events.proof.tree.store import CHECKPOINT
from training_events.settings import Settings
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.stores.sqlite.read_models import SqliteReadModels

from tests.support.tampered_tree import OTHER_DIGEST, TamperedTree


class TamperedFile(TamperedTree):
    """A SQLite file, without the notes of its triggers."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "log.db"
        database = Database(str(self._path))
        self.log = SqliteLog(database, lambda: self.time)
        self.read_models, self.seals = SqliteReadModels(database), SqliteSealStore(database)
        self.tiles = self.leaves = tree = SqliteTree(database)
        self.committed = lambda stream: (leaf.position for _, leaf in tree.places(stream))
        key = folder / "key.pem"
        settings = Settings({"TRAINING_EVENTS_CHECKPOINT_KEY": str(key)})
        self._notary = LaptopNotary(database, settings, lambda: self.time)
        self.fill()
        self.signer = LaptopKey(f"training-events/{database.identity}", key)
        self.execute("DROP TRIGGER event_deleted; DROP TRIGGER event_updated")

    def take_leaf(self, each: Event) -> None:
        """A trigger has."""

    def forget_leaf(self, stream: str) -> None:
        self.execute(f"DELETE FROM leaves WHERE stream = '{stream}'")  # noqa: S608

    def take_other_leaf(self, each: Event) -> None:
        self.execute(f"UPDATE leaves SET digest = '{OTHER_DIGEST}' WHERE position = '{each.position}'")  # noqa: S608

    def take_leaf_of_nothing(self) -> None:
        columns = "position, digest, recorded_at, source"
        other = f"SELECT 'run/never', {columns} FROM leaves WHERE number = 2"  # noqa: S608
        self.execute(f"INSERT INTO leaves (stream, {columns}) {other}")

    def put_stray(self) -> None:
        self.execute("INSERT INTO tiles VALUES ('tile/0/000.p/5', x'00')")

    def put_checkpoint(self, note: bytes, size: int) -> None:
        self.execute(f"INSERT OR REPLACE INTO log_checkpoints (size, note) VALUES ({size}, x'{note.hex()}')")  # noqa: S608

    def put_leaves(self, leaves: list[Leaf], files: dict[str, bytes]) -> None:  # noqa: ARG002 - files are made of the rows
        rows = ((number, *leaf[:4], leaf.source) for number, leaf in enumerate(leaves, 1))
        with closing(sqlite3.connect(self._path)) as other, other:
            other.execute("DELETE FROM leaves")
            columns = "number, stream, position, digest, recorded_at, source"
            other.executemany(f"INSERT INTO leaves ({columns}) VALUES (?, ?, ?, ?, ?, ?)", rows)  # noqa: S608

    def project(self, stream: str) -> None:
        super().project(stream)
        self.execute("DELETE FROM arrivals")  # as a command does that has projected them

    def publish(self) -> None:
        self._notary.publish()

    def remove_event(self, each: Event) -> None:
        self.execute(f"DELETE FROM events WHERE event_id = '{each.event_id}'")  # noqa: S608

    def remove_seals(self, stream: str) -> None:
        self.execute(f"DELETE FROM seals WHERE stream = '{stream}'")  # noqa: S608

    def set_recorded_at(self, each: Event, time: str) -> None:
        self.execute(f"UPDATE events SET recorded_at = '{time}' WHERE event_id = '{each.event_id}'")  # noqa: S608

    def replace_file(self, path: str, content: bytes | None) -> None:
        if path == CHECKPOINT:
            return  # the largest is the newest
        if path.startswith("checkpoints/"):
            where = f"WHERE size = {int(path.rpartition('/')[2])}"
            self.execute(f"UPDATE log_checkpoints SET note = x'{(content or b'').hex()}' {where}")  # noqa: S608
            if content is None:
                self.execute(f"DELETE FROM log_checkpoints {where}")  # noqa: S608
        else:  # bundles and small tiles are made of the leaves
            change = "DELETE FROM leaves" if content is None else "UPDATE leaves SET digest = 'sha256:0'"
            self.execute(f"{change} WHERE number = 2")

    def remove_tree(self) -> None:
        self.execute("DELETE FROM leaves; DELETE FROM tiles; DELETE FROM log_checkpoints")

    def make_tree_again(self) -> None:
        self.remove_tree()
        self.execute(
            "INSERT INTO leaves SELECT row_number() OVER (ORDER BY recorded_at), stream, position, digest, recorded_at, source"
            " FROM events"
        )
        self.publish()

    def execute(self, script: str) -> None:
        with closing(sqlite3.connect(self._path)) as other, other:
            other.executescript(script)
