"""A log in a file whose every event was recorded at the second with the event's number: to ask it of any time."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from training_events.event import Event
from training_events.projection.projector import Projector
from training_events.proof.sqlite_seal_store import SqliteSealStore
from training_events.proof.tree.sqlite_tree import SqliteTree
from training_events.reading.opening import Sources
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.stores.sqlite.read_models import SqliteReadModels


def recorded_at(number: int) -> str:
    return f"2026-11-22T16:00:{number:02d}.000000Z"


def numbered_log(file: Path, numbered: Iterable[tuple[int, Event]]) -> Sources:
    """A log that took these events, each at the second with its number. It can hold none."""
    times: Iterator[str] = iter(())
    database = Database(str(file))
    log = SqliteLog(database, lambda: next(times))
    with database.together():  # makes the file, also where nothing is recorded
        for number, event in numbered:
            times = iter([recorded_at(number)])
            log.append(event)
    read_models = SqliteReadModels(database)
    tree = SqliteTree(database)
    return Sources(log, read_models, Projector(log, read_models), SqliteSealStore(database), tree, tree)
