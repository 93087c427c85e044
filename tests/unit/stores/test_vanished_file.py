"""The log's file is copied, deleted, moved or replaced while programs use it: nothing is lost, or it is told."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training_events import record_run
from training_events.errors import LogUnavailable, NoSuchLog
from training_events.event import Event
from training_events.stores.event_log import Appended
from training_events.stores.opening import open_event_log
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.stores.sqlite.schema import APPLICATION_ID, SCHEMA, VERSION

from tests.support.patience import until


def event(number: int = 0) -> Event:
    return Event(f"e-{number}", "run/a", "Happened", f"2026-11-22T15:08:39.{number:06d}Z", "tests", {"number": number})


def opened(path: Path) -> SqliteLog:
    return SqliteLog(Database(str(path)))


def numbers(path: Path) -> list[int]:
    return [record.event.data["number"] for record in opened(path).read("run/a")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "log.db"


@settings(max_examples=20)
@given(steps=st.lists(st.integers(1, 3), min_size=1, max_size=4))
def test_a_copy_without_the_write_ahead_log_has_every_event(tmp_path_factory, steps):
    """At any moment between two appends, while the writer has the log open, and readers come and go."""
    folder = tmp_path_factory.mktemp("any")
    log = opened(folder / "log.db")
    count = 0
    for step in steps:
        for _ in range(step):
            log.append(event(count))
            count += 1
        copy = shutil.copy(folder / "log.db", folder / f"copy-{count}.db")
        assert numbers(copy) == list(range(count))
        assert numbers(folder / "log.db") == list(range(count))


def test_events_that_a_reader_kept_out_of_the_file_follow_with_the_next_one(path):
    log = opened(path)
    log.append(event(0))
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM events").fetchone()
    log.append(event(1))
    reader.close()
    log.append(event(2))
    assert numbers(shutil.copy(path, path.with_name("copy.db"))) == [0, 1, 2]


def test_a_file_whose_events_are_all_in_a_write_ahead_log_that_is_not_there_is_told(path):
    """As 0.1.0 left it while a program was writing."""
    opened(path).append(event())
    writer = sqlite3.connect(path.with_name("new.db"), isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    for statement in SCHEMA.split("\n\n"):
        writer.execute(statement)
    writer.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    writer.execute(f"PRAGMA user_version = {VERSION}")
    writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    writer.execute(f"ATTACH '{path}' AS old")
    writer.execute("INSERT INTO events SELECT * FROM old.events")
    copy = Path(shutil.copy(path.with_name("new.db"), path.with_name("copy.db")))
    with pytest.raises(NoSuchLog, match=r"copy\.db: nothing was recorded in it yet; if it is a copy, its events are in .*-wal"):
        list(opened(copy).streams())
    shutil.copy(path.with_name("new.db-wal"), path.with_name("copy.db-wal"))
    assert numbers(copy) == [0]


def delete(path: Path) -> None:
    path.unlink()


def delete_with_what_is_beside(path: Path) -> None:
    for beside in path.parent.glob("log.db*"):
        if beside.is_dir():  # what is kept of the code, where it has changes that no commit has
            shutil.rmtree(beside)
        else:
            beside.unlink()


def move(path: Path) -> None:
    path.rename(path.with_name("elsewhere.db"))


def move_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


@pytest.mark.parametrize("lose", [delete, delete_with_what_is_beside, move, move_folder])
def test_an_append_to_a_file_that_is_gone_is_told_until_it_is_there_again(path, lose):
    log = opened(path)
    log.append(event(0))
    backup = shutil.copy(path, path.parents[1] / "backup.db")
    lose(path)
    for _ in range(2):
        with pytest.raises(LogUnavailable, match=r"log\.db was deleted, moved or replaced while this program used it"):
            log.append(event(1))
        with pytest.raises(LogUnavailable, match="was deleted, moved or replaced"):
            list(log.streams())
        assert not path.exists(), "nobody would look for the older events elsewhere"
    path.parent.mkdir(exist_ok=True)
    shutil.copy(backup, path)
    assert [log.append(event(number)) for number in range(3)] == [Appended.REPEATED, *[Appended.RECORDED] * 2]
    assert numbers(path) == [0, 1, 2]


def test_a_file_that_is_replaced_by_another_log_is_used_from_then_on(path):
    log = opened(path)
    log.append(event(0))
    opened(path.with_name("other.db")).append(event(7))
    path.with_name("other.db").replace(path)
    assert [record.event.data["number"] for record in log.read("run/a")] == [7]
    log.append(event(8))
    assert numbers(path) == [7, 8]


@pytest.mark.parametrize("in_place", [True, False])
@pytest.mark.parametrize("content", [b"", b"x" * 100, b"x" * 100_000], ids=["nothing", "a line", "a file"])
def test_a_file_that_is_replaced_by_something_else_is_left_alone(path, content, in_place):
    log = opened(path)
    log.append(event(0))
    if not in_place:
        path.unlink()
    path.write_bytes(content)
    for _ in range(2):
        with pytest.raises(NoSuchLog, match=r"nothing was recorded in it yet|the file is no SQLite database"):
            log.append(event(1))
    assert path.read_bytes() == content


def test_a_file_that_is_overwritten_by_its_backup_is_used_from_then_on(path):
    log = opened(path)
    log.append(event(0))
    backup = path.read_bytes()
    log.append(event(1))
    path.write_bytes(backup)
    log.append(event(2))
    assert numbers(path) == [0, 2]


@pytest.mark.parametrize("lose", [delete, delete_with_what_is_beside, move_folder])
def test_a_run_whose_log_is_gone_loses_nothing_and_says_so(path, tmp_path, monkeypatch, caplog, lose):
    monkeypatch.setenv("TRAINING_EVENTS_LOG", f"sqlite:///{path}")
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path / "spool"))
    for name in ("BUS", "BUCKET", "RUN"):
        monkeypatch.delenv(f"TRAINING_EVENTS_{name}", raising=False)
    with record_run(run_id="r") as run:
        run.metric("loss", 0.5, step=1)
        assert run.flush()
        backup = shutil.copy(path, tmp_path / "backup.db")
        lose(path)
        run.metric("loss", 0.25, step=2)
        assert not run.flush()
        until(lambda: "was deleted, moved or replaced while this program used it" in caplog.text)
        assert list((tmp_path / "spool").glob("*/*.jsonl"))
        path.parent.mkdir(exist_ok=True)
        shutil.copy(backup, path)
        run.metric("loss", 0.125, step=3)
        assert run.flush()
    events = [record.event for record in open_event_log(f"sqlite:///{path}").read("run/r")]
    assert [event.type for event in events] == ["TrainingStarted", *["MetricsRecorded"] * 3, "TrainingCompleted"]
    steps = [point["step"] for event in events for point in event.data.get("points", [])]
    assert steps == [1, 2, 3]
