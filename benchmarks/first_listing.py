"""Compares bringing the read models and seals of many new runs up to date in batches with doing so run by run.

That is what the first `runs` does on a log that was only recorded into. Run by run is how version 0.1.0 did it: a transaction
for each read model, and one that is synced to the disk for each seal.
"""

import tempfile
from pathlib import Path
from typing import Any

from training_events.event import Event
from training_events.projection.catch_up import catch_up
from training_events.projection.projector import Projector
from training_events.projection.sealer import Sealer
from training_events.proof.sealing import seal_stream
from training_events.proof.sqlite_seal_store import SqliteSealStore
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.stores.sqlite.read_models import SqliteReadModels
from training_events.times import to_utc_text

from benchmarks.long_points import points
from benchmarks.long_run import insert
from benchmarks.measure import Ratio, in_turns, seconds

RUNS = 200
_START = 1_795_360_119_000


def measure() -> list[Ratio]:
    pairs = in_turns(lambda: _measured(in_batches=True), lambda: _measured(in_batches=False), rounds=3)
    return [Ratio(f"first listing of {RUNS} runs of 3 events", "run by run, as in 0.1.0", pairs, at_most=0.15)]


def _measured(*, in_batches: bool) -> float:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(str(Path(folder) / "log.db"))
        insert(database, [event for number in range(RUNS) for event in _run(number)])
        log, read_models, seals = SqliteLog(database), SqliteReadModels(database), SqliteSealStore(database)
        projector, sealer = Projector(log, read_models), Sealer(log, read_models, seals)
        if in_batches:
            return seconds(lambda: catch_up(log, projector, sealer))
        return seconds(lambda: _run_by_run(log, projector, seals))


def _run_by_run(log: SqliteLog, projector: Projector, seals: SqliteSealStore) -> None:
    while arrivals := log.arrivals(3):
        _, stream, _ = arrivals[0]
        projector.project(stream, [entry for _, _, entry in arrivals])
        seal_stream(log, seals, stream)
        number, _, _ = arrivals[-1]
        log.forget_arrivals(number)


def _run(number: int) -> list[Event]:
    said: list[tuple[str, dict[str, Any]]] = [
        ("TrainingStarted", {"model": "digits"}),
        ("MetricsRecorded", {"points": points(1)}),
        ("TrainingCompleted", {}),
    ]
    return [
        Event(f"e-{place}", f"run/{number:06d}", type_, to_utc_text(_START + 1000 * number + place), "benchmarks", data)
        for place, (type_, data) in enumerate(said)
    ]
