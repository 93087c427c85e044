"""The laptop's read models stay up to date although a log was altered: everything else can be read, `verify` reports it."""

import sqlite3

import pytest
from training_events.event import Event
from training_events.projection.catch_up import catch_up
from training_events.projection.projector import Projector
from training_events.proof.sqlite_seal_store import SqliteSealStore
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.stores.sqlite.read_models import SqliteReadModels


@pytest.mark.parametrize(
    "altered",
    [{"stream": b"junk/x"}, {"stream": b"run/\xff"}, {"stream": b"run/"}, {"position": b"2027\xff"}, {"data": b"\xff"}],
    ids=str,
)
def test_a_row_that_is_no_event_does_not_stop_the_other_streams(tmp_path, altered):
    file = str(tmp_path / "log.db")
    log, models, seals = SqliteLog(Database(file)), SqliteReadModels(Database(file)), SqliteSealStore(Database(file))
    log.append(Event("e-1", "run/a", "TrainingCompleted", "2026-11-22T15:00:00.000000Z", "tests", {}))
    with sqlite3.connect(file) as connection:
        row = connection.execute("SELECT * FROM events").fetchone()
        columns = [column for column, *_ in connection.execute("SELECT name FROM pragma_table_info('events')")]
        values = {**dict(zip(columns, row, strict=True)), "position": b"2027", **altered}
        marks = ("CAST(? AS TEXT)" if isinstance(value, bytes) else "?" for value in values.values())
        connection.execute(f"INSERT INTO events ({', '.join(columns)}) VALUES ({', '.join(marks)})", [*values.values()])  # noqa: S608
    log.append(Event("e-1", "run/b", "TrainingCompleted", "2026-11-22T15:00:00.000000Z", "tests", {}))
    catch_up(log, Projector(log, models), seals)
    assert models.get("run/b") is not None
    assert len(seals.of("run/b")) == 1
    assert log.arrivals(10) == []
