"""Compares reading the state of a run of a hundred thousand events from its read model with folding it from the log."""

import tempfile
from pathlib import Path

from training_events import folds
from training_events.projection.projector import Projector
from training_events.projection.time_travel import state_at, state_now
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.stores.sqlite.read_models import SqliteReadModels

from benchmarks.long_run import fill
from benchmarks.measure import Ratio, in_turns, seconds

EVENTS = 100_000
STREAM = "run/long"


def measure() -> list[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "log.db"
        fill(file, STREAM, EVENTS)
        database = Database(str(file))
        log, read_models = SqliteLog(database), SqliteReadModels(database)
        Projector(log, read_models).refold(STREAM)
        if folds.encode(state_now(log, read_models, STREAM)) != folds.encode(state_at(log, STREAM)):
            raise SystemExit("the read model is not the fold of the log")
        pairs = in_turns(
            lambda: seconds(lambda: state_now(log, read_models, STREAM)),
            lambda: seconds(lambda: state_at(log, STREAM)),
            rounds=7,
        )
    return [Ratio(f"state of {EVENTS} events from the read model", "from the log", pairs, at_most=0.05)]
