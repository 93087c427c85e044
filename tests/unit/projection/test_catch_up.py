"""The laptop's read models are brought up to date: in batches, by several processes at once, although a log was altered."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from training_events import folds
from training_events.event import Event
from training_events.projection import catch_up as module
from training_events.projection.catch_up import catch_up
from training_events.projection.projector import Projector
from training_events.projection.sealer import Sealer
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
    database = Database(file)
    log, models, seals = SqliteLog(database), SqliteReadModels(database), SqliteSealStore(database)
    log.append(Event("e-1", "run/a", "TrainingCompleted", "2026-11-22T15:00:00.000000Z", "tests", {}))
    with sqlite3.connect(file) as connection:
        row = connection.execute("SELECT * FROM events").fetchone()
        columns = [column for column, *_ in connection.execute("SELECT name FROM pragma_table_info('events')")]
        values = {**dict(zip(columns, row, strict=True)), "position": b"2027", **altered}
        marks = ("CAST(? AS TEXT)" if isinstance(value, bytes) else "?" for value in values.values())
        connection.execute(f"INSERT INTO events ({', '.join(columns)}) VALUES ({', '.join(marks)})", [*values.values()])  # noqa: S608
    log.append(Event("e-1", "run/b", "TrainingCompleted", "2026-11-22T15:00:00.000000Z", "tests", {}))
    catch_up(log, Projector(log, models), Sealer(log, models, seals))
    assert models.get("run/b") is not None
    assert len(seals.of("run/b")) == 1
    assert log.arrivals(10) == []


class Laptop:
    """What one process opens of a log."""

    def __init__(self, file):
        database = Database(str(file))
        self.log, self.models, self.seals = SqliteLog(database), SqliteReadModels(database), SqliteSealStore(database)

    def record(self, first, last):
        for number in range(first, last):
            for second, type_ in enumerate(("TrainingStarted", "TrainingCompleted")):
                time = f"2026-11-22T15:00:{second:02d}.000000Z"
                self.log.append(Event(f"e-{second}", f"run/{number:03d}", type_, time, "tests", {}))

    def catch_up(self, **more):
        catch_up(self.log, Projector(self.log, self.models), Sealer(self.log, self.models, self.seals), **more)

    def is_up_to_date(self):
        for stream in self.log.streams():
            model = self.models.get(stream)
            state = folds.encode(folds.fold(folds.empty(stream), self.log.entries(stream)))
            if model is None or model.state != state or len(self.seals.of(stream)) != 1:
                return False
        return self.log.arrivals(1) == []


@pytest.fixture
def laptop(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 10)
    return Laptop(tmp_path / "log.db")


def test_progress_is_told_before_each_batch(laptop):
    laptop.record(0, 12)
    told: list[tuple[int, int]] = []
    laptop.catch_up(on_progress=lambda done, total: told.append((done, total)))
    assert told == [(0, 24), (10, 24), (20, 24)]
    assert laptop.is_up_to_date()
    laptop.catch_up(on_progress=lambda done, total: told.append((done, total)))
    assert len(told) == 3, "there is nothing to do, and nothing to tell"


@pytest.mark.parametrize("call", range(1, 20, 3))
def test_ctrl_c_leaves_a_batch_done_or_not_begun(laptop, monkeypatch, call):
    laptop.record(0, 12)
    put, calls = laptop.models.put, []

    def interrupted(*args, **more):
        calls.append(args)
        if len(calls) == call:
            raise KeyboardInterrupt
        put(*args, **more)

    with monkeypatch.context() as patched:
        patched.setattr(laptop.models, "put", interrupted)
        try:
            laptop.catch_up()
        except KeyboardInterrupt:
            assert len(laptop.log.arrivals(100)) in {24, 14, 4}
            assert len(list(laptop.models.streams())) in {0, 5, 10}
    laptop.catch_up()
    assert laptop.is_up_to_date()


def test_several_processes_catch_up_at_once_while_another_one_records(laptop, tmp_path):
    laptop.record(0, 20)
    others = [Laptop(tmp_path / "log.db") for _ in range(3)]
    with ThreadPoolExecutor(4) as workers:
        works = [workers.submit(other.catch_up) for other in others]
        works.append(workers.submit(laptop.record, 20, 40))
        for work in works:
            work.result()
    laptop.catch_up()
    assert laptop.is_up_to_date()
