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
from training_events.recorder.delivery.destination import Destination
from training_events.recorder.delivery.flush import flush_all
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


def move_over(other: Path, path: Path) -> None:
    other.replace(path)


def copy_over(other: Path, path: Path) -> None:
    """Into the same file, as `cp` does."""
    path.write_bytes(other.read_bytes())


@pytest.mark.parametrize("replace", [move_over, copy_over])
@pytest.mark.parametrize("made_by", ["this version", "0.1.0"])
def test_a_log_that_is_replaced_by_another_one_is_told_until_it_is_there_again(path, tmp_path, replace, made_by):
    log = opened(path)
    log.append(event(0))
    backup = shutil.copy(path, tmp_path / "backup.db")
    other = path.with_name("other.db")
    opened(other).append(event(7))
    if made_by == "0.1.0":
        without_additions(other)
    replace(other, path)
    content = path.read_bytes()
    for _ in range(2):
        with pytest.raises(LogUnavailable, match=r"log\.db was replaced by another log while this program used it"):
            log.append(event(1))
        with pytest.raises(LogUnavailable, match=r"was replaced by another log"):
            list(log.streams())
    assert path.read_bytes() == content, "whoever made the other log finds nothing of ours in it"
    copy_over(backup, path)
    assert log.append(event(1)) is Appended.RECORDED
    assert numbers(path) == [0, 1]


def without_additions(path: Path) -> None:
    """As version 0.1.0 makes a file."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("DROP TRIGGER event_displaced")
        connection.execute("DROP INDEX alterations_by_event")
        connection.execute("DELETE FROM notes")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()


def parts(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master UNION SELECT name FROM notes")}
    connection.close()
    return found


def test_an_older_file_gets_what_it_lacks_with_its_next_write_and_keeps_its_identity(path):
    opened(path).append(event(0))
    new = parts(path)
    without_additions(path)
    old = parts(path)
    log = opened(path)
    assert numbers(path) == [0]
    assert log.database.read_only is False
    assert (parts(path), log.database.identity) == (old, None), "reading changes nothing"
    log.append(event(1))
    assert parts(path) == new
    identity = log.database.identity
    assert identity is not None
    opened(path).append(event(2))
    again = opened(path)
    assert list(again.streams()) == ["run/a"]
    assert again.database.identity == identity
    copy = opened(shutil.copy(path, path.with_name("copy.db")))
    assert list(copy.streams()) == ["run/a"]
    assert copy.database.identity == identity, "it is the same log"
    opened(path.with_name("other.db")).append(event(0))
    other = opened(path.with_name("other.db"))
    assert list(other.streams()) == ["run/a"]
    assert other.database.identity != identity


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


@pytest.fixture
def recording(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What this process records goes to that log. Returns the spool."""
    monkeypatch.setenv("TRAINING_EVENTS_LOG", f"sqlite:///{path}")
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path / "spool"))
    for name in ("BUS", "BUCKET", "RUN"):
        monkeypatch.delenv(f"TRAINING_EVENTS_{name}", raising=False)
    return tmp_path / "spool"


def replace_by_another(path: Path) -> None:
    opened(path.with_name("other.db")).append(event(7))
    move_over(path.with_name("other.db"), path)


def copy_another_over(path: Path) -> None:
    opened(path.with_name("other.db")).append(event(7))
    copy_over(path.with_name("other.db"), path)


def flushed(spool: Path, path: Path) -> tuple[int, int, str]:
    """How many events a flush has sent and left, and why."""
    results = list(flush_all(spool, Destination("log", f"sqlite:///{path}"), lambda _: None))
    return sum(result.sent for result in results), sum(result.left for result in results), results[0].why or ""


@pytest.mark.parametrize(
    ("lose", "why"),
    [
        (delete, "is gone, which has the events before these: put it back to send them"),
        (delete_with_what_is_beside, "is gone, which has"),
        (move_folder, "is gone, which has"),
        (replace_by_another, "is not the one that has the events before these: put that back to send them"),
        (copy_another_over, "is not the one that has"),
    ],
)
@pytest.mark.parametrize("sent_by", ["flush", "the next recorder"])
def test_half_a_run_goes_into_no_other_log_than_the_first_half(path, recording, lose, why, *, sent_by):
    with record_run(run_id="r") as run:
        run.metric("loss", 0.5, step=1)
        assert run.flush()
        backup = Path(shutil.copy(path, recording.with_name("backup.db")))
        lose(path)
        run.metric("loss", 0.25, step=2)
        assert not run.flush()
    there = path.exists()
    sent, left, reason = flushed(recording, path)
    assert (sent, left) == (0, 2)
    assert why in reason
    assert path.exists() == there
    path.parent.mkdir(exist_ok=True)
    move_over(backup, path)
    if sent_by == "flush":
        assert flushed(recording, path) == (2, 0, "")
    else:
        with record_run(run_id="next") as run:
            until(run.flush)
            until(lambda: len(list(opened(path).read("run/r"))) == 4)
    types = [record.event.type for record in opened(path).read("run/r")]
    assert types == ["TrainingStarted", *["MetricsRecorded"] * 2, "TrainingCompleted"]


def test_what_has_begun_in_another_log_holds_up_nothing_of_a_new_one(path, recording, caplog):
    with record_run(run_id="old") as run:
        assert run.flush()
        path.unlink()
    caplog.clear()
    with record_run(run_id="killed", model="m"):
        pass
    with record_run(run_id="new") as run:
        assert run.flush()
    assert {record.event.type for record in opened(path).read("run/new")} == {"TrainingStarted", "TrainingCompleted"}
    assert not caplog.text
    assert flushed(recording, path)[:2] == (0, 1)
    assert sorted(opened(path).streams()) == ["run/killed", "run/new"]


def test_a_run_of_which_nothing_was_sent_begins_in_the_log_that_is_made_for_it(path, recording):
    path.parent.mkdir()
    path.write_text("no log")
    with record_run(run_id="r") as run:
        assert not run.flush()
    path.unlink()
    assert flushed(recording, path) == (2, 0, "")
    assert [record.event.type for record in opened(path).read("run/r")] == ["TrainingStarted", "TrainingCompleted"]


@pytest.mark.parametrize("lose", [delete, delete_with_what_is_beside, move_folder])
def test_a_run_whose_log_is_gone_loses_nothing_and_says_so(path, recording, tmp_path, caplog, lose):
    with record_run(run_id="r") as run:
        run.metric("loss", 0.5, step=1)
        assert run.flush()
        backup = shutil.copy(path, tmp_path / "backup.db")
        lose(path)
        run.metric("loss", 0.25, step=2)
        assert not run.flush()
        until(lambda: "was deleted, moved or replaced while this program used it" in caplog.text)
        assert list(recording.glob("*/*.jsonl"))
        path.parent.mkdir(exist_ok=True)
        shutil.copy(backup, path)
        run.metric("loss", 0.125, step=3)
        assert run.flush()
    events = [record.event for record in open_event_log(f"sqlite:///{path}").read("run/r")]
    assert [event.type for event in events] == ["TrainingStarted", *["MetricsRecorded"] * 3, "TrainingCompleted"]
    steps = [point["step"] for event in events for point in event.data.get("points", [])]
    assert steps == [1, 2, 3]
