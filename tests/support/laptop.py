"""For tests of a laptop's tree: a log in a file that gets events, its tree and its notary."""

from pathlib import Path

from training_events.event import Event
from training_events.proof.notary.laptop import LaptopNotary
from training_events.proof.tree.leaf import Leaf
from training_events.proof.tree.reader import TreeReader
from training_events.proof.tree.sqlite_tree import SqliteTree
from training_events.settings import Settings
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog

MORNING = "2026-11-22T08:00:00.000000Z"


class Laptop:
    """One file, as one process has it open. The clock stands still until a test sets `time`."""

    def __init__(self, folder: Path, key: str = "key.pem") -> None:
        self.file = folder / "log.db"
        self.settings = Settings({"TRAINING_EVENTS_CHECKPOINT_KEY": str(folder / key)})
        self.time = MORNING
        self.database = Database(str(self.file))
        self.log = SqliteLog(self.database, lambda: self.time)
        self.tree = SqliteTree(self.database)
        self.notary = LaptopNotary(self.database, self.settings, lambda: self.time)

    def record(self, *numbers: int) -> None:
        with self.database.together():
            for number in numbers:
                self.log.append(event(number))

    def reader(self) -> TreeReader:
        return TreeReader(self.tree, self.tree)

    def checked(self) -> list[Leaf]:
        """The leaves of the newest checkpoint, after all of the tree was checked: every checkpoint is a beginning of it."""
        reader = self.reader()
        newest = list(reader.checkpoints())[-1]
        reader.check_leaves(newest.size)
        return list(reader.leaves(0, newest.size))


def event(number: int) -> Event:
    """One of many, in three streams, whose names do not sort as their numbers."""
    time = f"2026-11-22T07:00:00.{10**6 - 1 - number:06d}Z"
    return Event(f"event-{number}", f"run/{number % 3}", "Happened", time, "tests", {"number": number})


def leaf_of(number: int) -> Leaf:
    """What the log's tree says of this event, if it was recorded in the morning."""
    of = event(number)
    return Leaf(of.stream, of.position, of.digest, MORNING, None, of.source)
