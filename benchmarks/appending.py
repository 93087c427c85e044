"""Compares appending to a SQLite log with appending to one that numbers no leaves for the tree over the whole log.

Each event is appended by itself, as a command does, and many in one transaction, as a recorder delivers what its training says.
"""

import tempfile
from pathlib import Path

from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog

from benchmarks.long_run import event_of
from benchmarks.measure import Ratio, in_turns, seconds

APPENDED_AT_ONCE = {"one by one": 1, "100 at once": 100}
EVENTS, RECORDED_BEFORE = 100, 5_000
STREAMS = 20
ROUNDS = 9


def measure() -> list[Ratio]:
    return [_compare(name, at_once) for name, at_once in APPENDED_AT_ONCE.items()]


def _compare(name: str, at_once: int) -> Ratio:
    with tempfile.TemporaryDirectory() as folder:
        with_tree, without = _Appending(Path(folder) / "with.db"), _Appending(Path(folder) / "without.db")
        with without.log.database.transaction() as connection:
            connection.execute("DROP TRIGGER event_numbered")  # this connection does not make it again
        pairs = in_turns(lambda: with_tree.append(at_once), lambda: without.append(at_once), ROUNDS)
        with_tree.check(leaves=RECORDED_BEFORE + EVENTS * (ROUNDS + 1))
        without.check(leaves=RECORDED_BEFORE)
    return Ratio(f"append of {EVENTS} events, {name}, with the tree", "without", pairs, at_most=1.15)


class _Appending:
    """A log that has events already, and gets more."""

    def __init__(self, file: Path) -> None:
        self.log = SqliteLog(Database(str(file)))
        self._appended = 0
        self._append(RECORDED_BEFORE, RECORDED_BEFORE)

    def append(self, at_once: int) -> float:
        return seconds(lambda: self._append(EVENTS, at_once))

    def _append(self, count: int, at_once: int) -> None:
        numbers = range(self._appended, self._appended + count)
        for start in range(0, count, at_once):
            with self.log.database.together():
                for number in numbers[start : start + at_once]:
                    self.log.append(event_of(f"run/{number % STREAMS}", number))
        self._appended += count

    def check(self, leaves: int) -> None:
        [(counted,)] = self.log.database.all_rows("SELECT count(*) FROM leaves")
        if counted != leaves:
            raise SystemExit(f"the log numbered {counted} leaves, not {leaves}")
        self.log.close()
