"""Folds the events of one long run to its state, with this project and with the library `eventsourcing`.

Both get the same events (two points each), hold them as they would be stored, and end with the same numbers: the first, last,
smallest and largest value of each metric. From memory: stored events to state. From SQLite: the same, read from the file by a
store that has just been opened.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from training_events import folds
from training_events.folds.run_state import RunState
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog

from benchmarks.long_points import points
from benchmarks.long_run import entry_of, event_of, fill
from benchmarks.measure import Ratio

EVENTS = 100_000
STREAM = "run/long"


class Run(Aggregate):
    """The run as a user of the library `eventsourcing` would write it."""

    def __init__(self) -> None:
        self.metrics: dict[str, dict[str, tuple[int, float]]] = {}

    @event("MetricsRecorded")
    def record(self, points: list[dict[str, Any]]) -> None:
        for point in points:
            name, step, value = point["name"], point["step"], point["value"]
            metric = self.metrics.get(name)
            if metric is None:
                self.metrics[name] = dict.fromkeys(("first", "last", "min", "max"), (step, value))
                continue
            metric["last"] = (step, value)
            if value < metric["min"][1]:
                metric["min"] = (step, value)
            if value > metric["max"][1]:
                metric["max"] = (step, value)


def measure() -> list[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        return [_from_memory(), _from_sqlite(Path(folder))]


def _from_memory() -> Ratio:
    theirs = Application[UUID]()
    run_id = _save(theirs)
    entries = [entry_of(event_of(STREAM, number)) for number in range(EVENTS)]
    pairs = _replays(lambda: folds.fold(folds.empty(STREAM), entries), lambda: theirs.repository.get(run_id))
    return Ratio(f"fold of {EVENTS} events, ours", "eventsourcing's", pairs, at_most=1 / 10)


def _from_sqlite(folder: Path) -> Ratio:
    theirs = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(folder / "theirs.db")}
    run_id = _save(Application[UUID](env=theirs))
    ours = folder / "ours.db"
    fill(ours, STREAM, EVENTS)
    pairs = _replays(
        lambda: folds.fold(folds.empty(STREAM), SqliteLog(Database(str(ours))).entries(STREAM)),
        lambda: _reopened(theirs, run_id),
    )
    return Ratio(f"SQLite to state, {EVENTS} events, ours", "eventsourcing's", pairs, at_most=1 / 5)


def _replays(ours: Callable[[], Any], theirs: Callable[[], Any], rounds: int = 9) -> list[tuple[float, float]]:
    """The seconds of both, in turns. Both have to come to the same state."""
    pairs = [_replay(ours, theirs) for _ in range(rounds)]
    our_rate, their_rate = (EVENTS / statistics.median(seconds) for seconds in zip(*pairs, strict=True))
    print(f"  {our_rate:,.0f} events a second, eventsourcing {their_rate:,.0f}", file=sys.stderr)
    return pairs


def _replay(ours: Callable[[], RunState], theirs: Callable[[], Run]) -> tuple[float, float]:
    our_seconds, state = _timed(ours)
    their_seconds, run = _timed(theirs)
    our_metrics = {
        name: {part: (getattr(metric, part).step, getattr(metric, part).value) for part in ("first", "last", "min", "max")}
        for name, metric in state.metrics.items()
    }
    if our_metrics != run.metrics:
        raise SystemExit("the two libraries came to different states")
    return our_seconds, their_seconds


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def _save(application: Application[UUID]) -> UUID:
    run = Run()
    for number in range(EVENTS):
        run.record(points=points(number))
    application.save(run)
    return run.id


def _reopened(environment: dict[str, str], run_id: UUID) -> Run:
    application = Application[UUID](env=environment)  # kept in a variable: its database closes when it is collected
    return application.repository.get(run_id)
