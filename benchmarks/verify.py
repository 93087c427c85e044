"""Compares verifying a run with fetching the same rows from SQLite alone.

Of a sealed run the lines of its seal are read too. For each of them, and so for each event, two more hashes are computed.
"""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from training_events.proof.sealing import seal_stream
from training_events.proof.sqlite_seal_store import SqliteSealStore
from training_events.proof.verification import verify
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.stores.sqlite.row import COLUMNS

from benchmarks.long_run import fill
from benchmarks.measure import Ratio, in_turns, seconds

EVENTS, STEPS = 20_000, 8
"""Events of 1 KB of data: so many points make them."""
STREAM = "run/long"
ROUNDS = 7


def measure() -> list[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "log.db"
        fill(file, STREAM, EVENTS, STEPS)
        log = SqliteLog(Database(str(file)))
        seals = SqliteSealStore(log.database)
        subject = f"verify of {EVENTS} events of 1 KB"
        open_run = in_turns(lambda: _verify(log, seals), lambda: _fetch(file, "events"), ROUNDS)
        seal_stream(log, seals, STREAM)
        sealed_run = in_turns(lambda: _verify(log, seals), lambda: _fetch(file, "events", "seals"), ROUNDS)
    return [
        Ratio(subject, "fetching their rows", open_run, at_most=4),
        Ratio(f"{subject}, sealed", "fetching their rows and their seal's", sealed_run, at_most=5),
    ]


def _verify(log: SqliteLog, seals: SqliteSealStore) -> float:
    def check() -> None:
        verification = verify(log, seals, STREAM)
        if verification.findings or verification.events != EVENTS:
            raise SystemExit("the run that was written is not sound")

    return seconds(check)


def _fetch(file: Path, *tables: str) -> float:
    queries = {
        "events": f"SELECT {', '.join(COLUMNS)} FROM events WHERE stream = ? ORDER BY position",  # noqa: S608
        "seals": "SELECT content FROM seals WHERE stream = ? ORDER BY number, line",
    }

    def fetch() -> None:
        with closing(sqlite3.connect(file)) as connection:
            for table in tables:
                for _ in connection.execute(queries[table], (STREAM,)):
                    pass

    return seconds(fetch)
