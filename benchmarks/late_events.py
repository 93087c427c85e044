"""Compares projecting a run whose events arrive out of order with projecting the same run in order.

Processor time is measured. The events are appended and projected in batches of the projector's default size, as Lambda delivers
them: of all that the log holds, only what was delivered counts. Each batch also has an event of a second run, whose read model
has to be up to date after that batch.
"""

import random
import tempfile
import time
from pathlib import Path

from training_events import folds
from training_events.projection.projector import Projector
from training_events.projection.time_travel import state_at
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.stores.sqlite.read_models import SqliteReadModels

from benchmarks.long_run import entry_of, event_of, insert
from benchmarks.measure import Ratio, in_turns

EVENTS, BATCH, WINDOW = 20_000, 1_000, 200
STREAM, OTHER = "run/long", "run/other"


def measure() -> list[Ratio]:
    order = random.Random(12)  # noqa: S311 - an order like any other
    in_order = list(range(EVENTS))
    shuffled = sorted(in_order, key=lambda number: number + order.uniform(0, WINDOW))
    pairs = in_turns(lambda: _seconds_to_project(shuffled), lambda: _seconds_to_project(in_order), rounds=5)
    return [Ratio(f"{EVENTS} events projected, shuffled within {WINDOW}", "in order", pairs, at_most=2)]


def _seconds_to_project(order: list[int]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(str(Path(folder) / "log.db"))
        log, read_models = SqliteLog(database), SqliteReadModels(database)
        projector = Projector(log, read_models)
        projecting = 0.0
        for first in range(0, EVENTS, BATCH):
            batch = {
                STREAM: [event_of(STREAM, number) for number in order[first : first + BATCH]],
                OTHER: [event_of(OTHER, first)],
            }
            insert(database, [event for events in batch.values() for event in events])
            entries = {stream: list(map(entry_of, events)) for stream, events in batch.items()}
            started = time.process_time()
            for stream in batch:
                projector.project(stream, entries[stream])
            projecting += time.process_time() - started
            _check(log, read_models, OTHER)
        _check(log, read_models, STREAM)
    return projecting


def _check(log: SqliteLog, read_models: SqliteReadModels, stream: str) -> None:
    model = read_models.get(stream)
    if model is None or model.state != folds.encode(state_at(log, stream)):
        raise SystemExit(f"the read model of {stream} is not the fold of the log")
