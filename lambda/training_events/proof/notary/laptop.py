"""The notary of a laptop: publishes checkpoints of the tree that the log's own file holds, signed by a key of the user's.

Nobody runs on a laptop all the time, so the commands do it that bring the log up to date. Any number of processes may, and be
killed at any moment: what belongs together is one transaction of the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.errors import BadTree, MissingSetting
from training_events.proof.merkle import root_of
from training_events.proof.tree.keys import LaptopKey, key_file
from training_events.proof.tree.log_checkpoint import LogCheckpoint, publish, read_log_checkpoint
from training_events.proof.tree.note import key_id, read_note
from training_events.proof.tree.sqlite_tree import SqliteTree
from training_events.proof.tree.tiles import TILE_WIDTH, write_tiles
from training_events.times import later, now

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.proof.tree.note import Signer
    from training_events.settings import Settings
    from training_events.stores.sqlite.database import Database

INTERVAL_SECONDS = 5 * 60
"""A checkpoint that nobody asked for is published if the newest is older than this, as on AWS."""
LEAVES_AT_ONCE = 64 * TILE_WIDTH
"""For so many leaves, other programs wait at most."""
CAUGHT_UP = "leaves caught up"
"""The note with the number of events that were there before the log had leaves (stores/sqlite/schema.py)."""


class LaptopNotary:
    """Publishes what the log in this file has recorded. A file that can only be read gets no checkpoint."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], str] = now) -> None:
        self._database, self._settings, self._clock = database, settings, clock
        self._tree = SqliteTree(database)

    def publish_if_due(self, on_progress: Callable[[int, int], None] = lambda done, total: None) -> None:  # noqa: ARG005
        """Publish a checkpoint unless the newest is of the last five minutes. Raises as `publish`."""
        newest, present = self._newest(), self._clock()
        made_at = newest and newest.at
        if not made_at or not made_at <= present < later(made_at, INTERVAL_SECONDS):
            self.publish(on_progress)

    def publish(self, on_progress: Callable[[int, int], None] = lambda done, total: None) -> None:  # noqa: ARG005
        """Publish a checkpoint if something was recorded since the last. `on_progress` gets how many leaves are done, of all.

        Raises NoSuchLog where there is no file; MissingSetting if another key than the user's signed the last one, or the
        setting names none that can sign; NotStored if the key cannot be made; BadTree if the tree does not continue the last
        checkpoint: that is never signed.
        """
        newest = self._newest()
        if self._database.read_only or (newest is not None and newest.size == self._tree.size):
            return
        with self._database.transaction():
            pass  # a file from before there were leaves gets them here
        if not self._tree.size:
            return
        key = self._key()
        start = 0 if newest is None else newest.size
        for end in range(start + LEAVES_AT_ONCE, self._tree.size, LEAVES_AT_ONCE):
            on_progress(end, self._tree.size)
            with self._database.together():
                write_tiles(self._tree, end - LEAVES_AT_ONCE, end, self._tree.leaves, partial=False)
            start = end
        with self._database.together():
            self._sign(start, key)

    def _sign(self, start: int, key: Signer) -> None:
        """Inside of a transaction: nothing is appended meanwhile, and nobody else publishes."""
        newest, size = self._newest(), self._tree.size
        if newest is not None and newest.size == size:
            return  # another process was faster
        self._require_own(key)
        if newest is not None and newest.origin != key.name:
            raise BadTree(f"the newest checkpoint is of {newest.origin!a}, not of {key.name!a}")
        if newest is not None and (newest.size > size or root_of(self._tree.frontier(newest.size)) != newest.root):
            raise BadTree(f"the log does not continue its checkpoint of {newest.size} leaves: what that covers was altered")
        write_tiles(self._tree, start, size, self._tree.leaves, partial=False)
        checkpoint = LogCheckpoint(
            origin=key.name,
            size=size,
            root=root_of(self._tree.frontier(size)),
            at=self._clock(),
            caught_up=self._caught_up() if newest is None else None,
        )
        publish(self._tree, checkpoint, key)

    def _key(self) -> LaptopKey:
        file = key_file(self._settings)
        if self._tree.newest() is not None and not file.exists():
            raise self._of_another(str(file))
        key = LaptopKey(f"training-events/{self._database.identity}", file)
        self._require_own(key)
        return key

    def _require_own(self, key: Signer) -> None:
        """A log's checkpoints go on with the key that they began with: whoever trusts that one believes no other."""
        note = self._tree.newest()
        if note is not None and key_id(key.public_key) not in [signature.key_id for signature in read_note(note).signatures]:
            raise self._of_another(str(key_file(self._settings)))

    def _of_another(self, file: str) -> MissingSetting:
        return MissingSetting(
            f"the checkpoints of {self._database.path} are signed by another key than {file}: name the file of that key in"
            " TRAINING_EVENTS_CHECKPOINT_KEY"
        )

    def _newest(self) -> LogCheckpoint | None:
        note = self._tree.newest()
        return None if note is None else read_log_checkpoint(read_note(note).text)

    def _caught_up(self) -> tuple[int, int] | None:
        rows = self._database.rows("SELECT CAST(value AS INTEGER) FROM main.notes WHERE name = ?", (CAUGHT_UP,))
        if not rows:
            return None
        if not 0 < rows[0][0] <= self._tree.size:
            raise BadTree(f"the file says that its first {rows[0][0]} leaves were caught up; allowed: 1 to {self._tree.size}")
        return 0, rows[0][0]
