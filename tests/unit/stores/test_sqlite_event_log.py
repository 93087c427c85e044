"""What only a log in a file has to cope with: the file may be missing, something else, locked, full, or altered."""

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from training_events.errors import Conflict, DamagedEvent, LogUnavailable, NoSuchLog, TooLarge
from training_events.event import Event, Numbering, Producer
from training_events.proof.verification import verify
from training_events.stores.dynamodb.item import MAX_ITEM_BYTES, item_bytes, to_item
from training_events.stores.event_log import Appended, Damaged
from training_events.stores.opening import open_store
from training_events.stores.sqlite import database as sqlite
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.stores.sqlite.row import COLUMNS

from tests.support.paths import ROOT


def event(number=0, stream="run/a", data=None, **more):
    at = f"2026-11-22T15:08:39.{number:06d}Z"
    return Event(f"e-{number}", stream, "Happened", at, "tests", data or {"number": number}, **more)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.db"


@pytest.fixture
def log(path):
    return opened(path)


def opened(path):
    return SqliteLog(Database(str(path)))


def as_another_program(path, statement, *values):
    """Change the file as another program could."""
    other = sqlite3.connect(path)
    with other:
        other.execute(statement, values)
    other.close()


def empty_write_ahead_log(path):
    """Move the write-ahead log into the file. False if a reader holds a snapshot, so that it could not be moved."""
    other = sqlite3.connect(path)
    busy, *_ = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    other.close()
    return not busy


def alter(path, column, value, *, as_text=False):
    """Change a value of the second event. With `as_text`, bytes are stored as text, whatever their encoding."""
    mark = "CAST(? AS TEXT)" if as_text else "?"
    as_another_program(path, f"UPDATE events SET {column} = {mark} WHERE event_id = 'e-1'", value)  # noqa: S608


READINGS = {
    "read": lambda log: list(log.read("run/a")),
    "audit": lambda log: list(log.audit("run/a")),
    "entries": lambda log: list(log.entries("run/a")),
    "streams": lambda log: list(log.streams()),
    "scan": lambda log: list(log.scan(0, 1)),
    "arrivals": lambda log: log.arrivals(10),
    "alterations": lambda log: list(log.alterations()),
}


@pytest.mark.parametrize("reading", READINGS)
def test_reading_never_makes_a_file(log, path, reading):
    with pytest.raises(NoSuchLog, match=r"^there is no event log at /.*log\.db: no such file \(.*\)$"):
        READINGS[reading](log)
    assert not path.exists()
    log.append(event())
    READINGS[reading](log)


def test_appending_makes_the_file_and_its_folders(tmp_path):
    log = opened(tmp_path / "a" / "b" / "log.db")
    assert log.append(event()) is Appended.RECORDED
    assert [record.event for record in opened(tmp_path / "a" / "b" / "log.db").read("run/a")] == [event()]


@pytest.mark.parametrize("content", [b"", *(b"x" * size for size in (1, 511, 512, 4096))])
def test_a_file_that_is_something_else_is_reported_in_one_line_and_left_alone(log, path, content):
    path.write_bytes(content)
    with pytest.raises(NoSuchLog, match=r"log\.db: (nothing was recorded in it yet|the file is no SQLite database)") as raised:
        list(log.read("run/a"))
    assert "\n" not in str(raised.value)
    assert path.read_bytes() == content
    if content:
        with pytest.raises(NoSuchLog, match="the file is no SQLite database"):
            log.append(event())
        assert path.read_bytes() == content


def test_another_programs_database_is_left_alone(log, path):
    as_another_program(path, "CREATE TABLE theirs (x)")
    before = path.read_bytes()
    for use in (log.append, lambda _: list(log.streams())):
        with pytest.raises(NoSuchLog, match="another program's database"):
            use(event())
    assert path.read_bytes() == before


def test_a_log_of_a_newer_version_is_not_touched(log, path):
    log.append(event())
    as_another_program(path, "PRAGMA user_version = 99")
    with pytest.raises(LogUnavailable, match="newer version"):
        opened(path).append(event(1))


def test_a_folder_is_no_log(tmp_path):
    for use in (lambda log: log.append(event()), lambda log: list(log.streams())):
        with pytest.raises(NoSuchLog, match="it is a folder"):
            use(opened(tmp_path))


def test_a_path_where_no_file_can_be_made_is_reported_in_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file" / "log.db", tmp_path / ("x" * 300) / "log.db", Path("/proc/log.db")):
        with pytest.raises(LogUnavailable, match="the event log ") as raised:
            opened(place).append(event())
        assert "\n" not in str(raised.value)


def test_a_full_disk_is_reported_and_nothing_is_half_recorded(log):
    log.append(event())
    with log.database.transaction() as connection:
        [pages] = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LogUnavailable, match=r"log\.db: database or disk is full"):
        log.append(event(1, data={"big": "x" * 300_000}))
    assert [entry.position for entry in log.entries("run/a")] == [event().position]
    assert len(log.arrivals(10)) == 1


def test_a_broken_file_is_reported(path, log):
    for number in range(500):
        log.append(event(number))
    empty_write_ahead_log(path)
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(LogUnavailable, match=r"log\.db: .*malformed"):
        list(opened(path).entries("run/a"))


def test_a_lock_that_is_never_released_is_reported(path, log, monkeypatch):
    log.append(event())
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LogUnavailable, match="locked for more than 0 seconds, by another program"):
        opened(path).append(event(1))
    assert len(list(opened(path).entries("run/a"))) == 1  # readers do not wait for a writer
    other.execute("ROLLBACK")
    other.close()


def test_events_are_synced_to_the_disk_and_read_models_need_not_be(log):
    with log.database.transaction() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    with log.database.transaction(durable=False) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (1,)  # NORMAL
    with log.database.transaction() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_reader_holds_one_page_and_no_snapshot(log, path):
    """Otherwise the write-ahead log could not be moved into the file for as long as somebody reads a long history."""
    for number in range(30):
        log.append(event(number, data={"big": "x" * 100_000}))
    reading = opened(path).entries("run/a")
    first = next(reading)
    for number in range(30, 60):
        log.append(event(number, data={"big": "x" * 100_000}))
    assert sum(len(data) for (data,) in log.database.rows("SELECT data FROM events")) < 2 * sqlite.PAGE_BYTES
    assert empty_write_ahead_log(path)
    assert path.with_name("log.db-wal").stat().st_size == 0
    assert [entry.position for entry in [first, *reading]] == [event(number).position for number in range(60)]


def test_the_largest_event_is_the_same_as_in_dynamodb(log):
    room = MAX_ITEM_BYTES - item_bytes(to_item(event(data={"é": ""}), "2026-11-22T15:08:40.000000Z"))
    with pytest.raises(TooLarge, match=f"{MAX_ITEM_BYTES + 1} bytes"):
        log.append(event(data={"é": "x" * (room + 1)}))
    assert log.append(event(data={"é": "x" * room})) is Appended.RECORDED


def test_arrivals_wait_in_order_until_they_are_forgotten(log):
    late, early = event(5), event(1, "run/b")
    for event_ in (late, early, late):
        log.append(event_)
    arrivals = log.arrivals(10)
    assert [(stream, entry) for _, stream, entry in arrivals] == [
        ("run/a", next(log.entries("run/a"))),
        ("run/b", next(log.entries("run/b"))),
    ]
    assert log.arrivals(1) == arrivals[:1]
    assert log.arrivals(10) == arrivals
    log.append(event(6))
    log.forget_arrivals(arrivals[-1][0])
    [(number, stream, entry)] = log.arrivals(10)
    assert number > arrivals[-1][0]
    assert (stream, entry.position) == ("run/a", event(6).position)


def test_no_arrival_has_the_number_of_an_earlier_one(log):
    """Otherwise a program that is late to forget arrivals would also forget newer ones."""
    log.append(event(1))
    [(number, _, _)] = log.arrivals(10)
    log.forget_arrivals(number)
    log.append(event(2))
    log.forget_arrivals(number)
    assert [entry.position for _, _, entry in log.arrivals(10)] == [event(2).position]


def test_arrivals_of_removed_events_do_not_hide_later_ones(log, path):
    for number in range(5):
        log.append(event(number))
    as_another_program(path, "DELETE FROM events WHERE event_id IN ('e-0', 'e-1', 'e-2')")
    [(number, _, entry)] = log.arrivals(1)
    assert entry.position == event(3).position
    log.forget_arrivals(number)
    assert [entry.position for _, _, entry in log.arrivals(9)] == [event(4).position]


def test_a_log_that_is_only_appended_to_has_no_alterations(log):
    log.append(event())
    log.append(event())
    with pytest.raises(Conflict):
        log.append(event(data={"other": 1}))
    log.forget_arrivals(99)
    assert list(log.alterations()) == []


UPDATED, REMOVED, PUT_BACK = "update", "delete", "replace"
_NOTED = {"run/a": {1: UPDATED}}

STATEMENTS: dict[str, tuple[list[str], dict[str, dict[int, str]]]] = {
    # what is done, and what the file has noted of which stream's events
    "content": (["UPDATE events SET data = '{}' WHERE VICTIM"], _NOTED),
    "content and digest": (["UPDATE events SET data = '{}', digest = 'sha256:00' WHERE VICTIM"], _NOTED),
    "nothing, written again": (["UPDATE events SET data = data WHERE VICTIM"], _NOTED),
    "the time of recording": (["UPDATE events SET recorded_at = '2026-11-22T15:08:40.000000Z' WHERE VICTIM"], _NOTED),
    "a digest, and then it again": (
        [
            "UPDATE events SET digest = '1' || digest WHERE VICTIM",
            "UPDATE events SET digest = '2' || digest WHERE VICTIM",
            "UPDATE events SET digest = substr(digest, 3) WHERE VICTIM",
        ],
        _NOTED,
    ),
    "UPDATE FROM": (["UPDATE events SET data = other.data FROM (SELECT '{}' AS data) AS other WHERE VICTIM"], _NOTED),
    "DELETE": (["DELETE FROM events WHERE VICTIM"], {"run/a": {1: REMOVED}}),
    "an update that changes nothing, then DELETE": (
        ["UPDATE events SET digest = digest WHERE VICTIM", "DELETE FROM events WHERE VICTIM"],
        {"run/a": {1: REMOVED}},
    ),
    "DELETE, and the same event again": (
        ["CREATE TABLE kept AS SELECT * FROM events", "DELETE FROM events", "INSERT INTO events SELECT * FROM kept"],
        {"run/a": dict.fromkeys(range(3), PUT_BACK), "run/b": {1: PUT_BACK}},
    ),
    "to another position": (["UPDATE events SET position = 'elsewhere' WHERE VICTIM"], {"run/a": {1: REMOVED}}),
    "to another stream": (["UPDATE events SET stream = 'run/c' WHERE VICTIM"], {"run/a": {1: REMOVED}}),
    "UPDATE OR REPLACE over another stream's event": (
        ["UPDATE OR REPLACE events SET stream = 'run/a' WHERE stream = 'run/b'"],
        {"run/a": {1: UPDATED}, "run/b": {1: REMOVED}},
    ),
    "UPDATE OR REPLACE over the next event": (
        ["UPDATE OR REPLACE events SET position = (SELECT position FROM events WHERE VICTIM) WHERE event_id = 'e-0'"],
        {"run/a": {0: REMOVED, 1: UPDATED}},
    ),
    "UPDATE OR REPLACE, and triggers of triggers": (
        ["PRAGMA recursive_triggers = ON", "UPDATE OR REPLACE events SET stream = 'run/a' WHERE stream = 'run/b'"],
        {"run/a": {1: UPDATED}, "run/b": {1: REMOVED}},
    ),
    "INSERT OR REPLACE of something else": (
        ["INSERT OR REPLACE INTO events SELECT OTHERS FROM events WHERE VICTIM"],
        _NOTED,
    ),
    "INSERT OR REPLACE of the same": (["INSERT OR REPLACE INTO events SELECT * FROM events WHERE VICTIM"], _NOTED),
    "REPLACE": (["REPLACE INTO events SELECT * FROM events WHERE VICTIM"], _NOTED),
    "REPLACE, and triggers of triggers": (
        ["PRAGMA recursive_triggers = ON", "REPLACE INTO events SELECT * FROM events WHERE VICTIM"],
        _NOTED,
    ),
    "an upsert": (["INSERT INTO events SELECT * FROM events WHERE VICTIM ON CONFLICT DO UPDATE SET digest = ''"], _NOTED),
    "an upsert to another key": (
        ["INSERT INTO events SELECT * FROM events WHERE VICTIM ON CONFLICT DO UPDATE SET stream = 'run/c'"],
        {"run/a": {1: REMOVED}},
    ),
    "an attempt that is not carried out": (
        [
            "INSERT INTO events SELECT * FROM events WHERE VICTIM ON CONFLICT DO NOTHING",
            "UPDATE OR IGNORE events SET stream = 'run/a' WHERE stream = 'run/b'",
        ],
        _NOTED,
    ),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_the_file_notes_whatever_is_done_to_an_event(log, path, name):
    """It is told although the event may have its digest: a time of recording, for one, is in no digest."""
    statements, noted = STATEMENTS[name]
    for event_ in (*map(event, range(3)), event(1, "run/b")):
        log.append(event_)
    other = sqlite3.connect(path)
    others = ", ".join(COLUMNS).replace("digest", "'other'")
    for statement in statements:
        other.execute(statement.replace("VICTIM", "stream = 'run/a' AND event_id = 'e-1'").replace("OTHERS", others))
        other.commit()
    other.close()
    told = [(alteration.stream, alteration.position, alteration.what, alteration.digest) for alteration in log.alterations()]
    expected = [
        (stream, event(number, stream).position, what, event(number, stream).digest)
        for stream, numbers in noted.items()
        for number, what in numbers.items()
    ]
    assert sorted(told) == sorted(expected)
    for stream in ("run/a", "run/b"):
        of_stream = list(log.alterations(stream))
        assert of_stream == [alteration for alteration in log.alterations() if alteration.stream == stream]
        assert all(len(alteration.at) == 27 for alteration in of_stream)
        verification = verify(log, None, stream)
        assert verification.sound == (stream not in noted)
        assert verification.complete == (REMOVED not in noted.get(stream, {}).values())


def test_an_event_that_was_altered_and_then_removed_is_told_with_the_time_of_its_removal(log, path):
    log.append(event())
    as_another_program(path, "UPDATE events SET digest = digest")
    as_another_program(path, "DELETE FROM events")
    as_another_program(path, "UPDATE alterations SET at = CASE what WHEN 'update' THEN 'first' ELSE 'then' END")
    assert [(alteration.what, alteration.at) for alteration in log.alterations()] == [("delete", "then")]


def test_many_alterations_are_told_page_by_page(log, path):
    with log.database.together():
        for number in range(2500):
            log.append(event(number, f"run/{number % 2}"))
    as_another_program(path, "UPDATE events SET data = data")
    assert len({(alteration.stream, alteration.position) for alteration in log.alterations()}) == 2500
    assert [alteration.position for alteration in log.alterations("run/1")] == [
        event(number).position for number in range(1, 2500, 2)
    ]


DAMAGE: dict[str, list[Any]] = {
    "data": ["[]", "{", "", "7", b"\xff\xfe", b"{}", '{"a":NaN}', "[" * 5000, '{"number":' + "[" * 70 + "]" * 70 + "}"],
    "schema_version": ["one", b"1", 0, -1, 1.5],
    "type": ["", " ", b"\xff"],
    "occurred_at": ["yesterday", "2026-11-22T15:08:39.000002Z", "", b"\x80"],
    "event_id": ["", "e-2", b"\x00"],
    "source": ["", b"\xff"],
    "producer": ["null", "[]", "{}", '{"id":7,"sequence":1}', '{"id":"p","sequence":"1"}', '{"id":"p","sequence":0}', b"\xff"],
    "correlation_id": ["", b"\xff"],
    "resources": ["{}", "[1]", "x"],
    "extensions": ["[]", "x", b"\xff"],
    "digest": [b"\xff"],
    "recorded_at": [b"\xff"],
}


@pytest.mark.parametrize(("column", "value"), [(column, value) for column, values in DAMAGE.items() for value in values])
def test_a_damaged_row_is_reported_and_does_not_stop_a_walk(log, path, column, value):
    events = [
        event(number, producer=Producer("p", number + 1), correlation_id="c", resources=("r",), extensions={"x": 1})
        for number in range(3)
    ]
    for event_ in events:
        log.append(event_)
    alter(path, column, value, as_text=isinstance(value, bytes) and value not in (b"1", b"{}"))
    before, damaged, behind = log.audit("run/a")
    assert [before.position, behind.position] == [events[0].position, events[2].position]
    assert isinstance(damaged, Damaged)
    assert (damaged.stream, damaged.position) == ("run/a", events[1].position)
    assert damaged.why
    with pytest.raises(DamagedEvent, match="cannot be read as an event"):
        list(log.read("run/a"))
    entries = list(log.entries("run/a"))
    assert [list(map(type, entry[:5])) for entry in entries] == [[str, str, str, int, str]] * 3
    assert all(entry.producer is None or isinstance(entry.producer, str) for entry in entries)
    assert [entry.numbering for entry in (entries[0], entries[2])] == [Numbering("p", 1), Numbering("p", 3)]
    assert [entry.position for entry in entries] == [event_.position for event_ in events]
    assert [entry for _, _, entry in log.arrivals(10)] == entries
    assert [entry for page in log.scan(0, 1) for _, entry in page.entries] == entries
    entries[1].data.encode()


@pytest.mark.parametrize("column", ["stream", "position"])
def test_keys_that_are_not_text_do_not_stop_a_walk(log, path, column):
    for number in range(3):
        log.append(event(number))
    alter(path, column, b"run/\xff", as_text=True)
    streams = list(log.streams())
    assert streams[0] == "run/a"
    records = [record for stream in streams for record in log.audit(stream)]
    assert [isinstance(record, Damaged) for record in records] == [False, False, True]
    assert len([entry for page in log.scan(0, 1) for entry in page.entries]) == 3
    alter(path, column, b"\xff")  # not text, and so not in any stream
    assert len([record for stream in log.streams() for record in log.audit(stream)]) == 2


def test_an_event_that_was_moved_is_damaged(log, path):
    log.append(event(1))
    log.append(event(2))
    as_another_program(path, "UPDATE events SET position = '2026-11-22T15:08:39.000009Z#e-1' WHERE event_id = 'e-1'")
    sound, moved = log.audit("run/a")
    assert sound.position == event(2).position
    assert isinstance(moved, Damaged)
    assert event(1).position in moved.why


def test_threads_share_a_log_and_its_read_models(path):
    store: Any = open_store(f"sqlite:///{path}")
    failures = []

    def work(name):
        try:
            for number in range(20):
                store.log.append(event(number, f"run/{name}"))
                assert len(list(store.log.entries(f"run/{name}"))) == number + 1
                current = store.read_models.get(f"run/{name}")
                store.read_models.put(
                    f"run/{name}", b"", summary=b"", first_at="", replaces=current.revision if current is not None else None
                )
        except BaseException as failure:  # noqa: BLE001
            failures.append(failure)

    threads = [threading.Thread(target=work, args=[name]) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(store.log.arrivals(1000)) == 80


WRITER = """
import sys
from itertools import count, islice
from training_events.event import Event
from training_events.stores.opening import open_store

url, name, numbers = sys.argv[1], sys.argv[2], count() if sys.argv[3] == "for ever" else range(int(sys.argv[3]))
log = open_store(url).log
for number in numbers:
    for owner in (name, "all"):
        at = f"2026-11-22T15:08:39.{999_999 - number:06d}Z"
        appended = log.append(Event(f"{owner}-{number}", "run/a", "Happened", at, "tests", {"number": number}))
        print(appended.value, f"{at}#{owner}-{number}", flush=True)
"""


def test_many_writers_can_begin_a_log_at_once(tmp_path):
    def append(place, number):
        together.wait()
        opened(place).append(event(number))

    for attempt in range(20):
        place = tmp_path / f"{attempt}.db"
        together = threading.Barrier(8)
        threads = [threading.Thread(target=append, args=[place, number]) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(list(opened(place).entries("run/a"))) == len(opened(place).arrivals(10)) == 8
        assert sqlite3.connect(place).execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_several_programs_write_to_one_file_and_one_of_them_is_killed(path):
    """They begin without a file, and record some events together and some alone. No acknowledged event is lost."""

    def start(name, how_many):
        command = [sys.executable, "-c", WRITER, f"sqlite:///{path}", name, str(how_many)]
        return subprocess.Popen(command, cwd=ROOT / "lambda", stdout=subprocess.PIPE, text=True)

    victim = start("victim", "for ever")
    others = [start(name, 150) for name in "abc"]
    lines = [program.stdout.readline() for program in (*others, *[victim] * 60)]  # now all of them write
    victim.kill()
    lines += [line for line in victim.stdout if line.endswith("\n")]
    victim.stdout.close()
    for other in others:
        answer, _ = other.communicate()
        assert other.returncode == 0
        lines += answer.splitlines(keepends=True)
    acknowledged = [line.split() for line in lines]
    recorded = [position for appended, position in acknowledged if appended == "recorded"]
    assert len(set(recorded)) == len(recorded), "two programs were both told that they recorded the same event"

    log = opened(path)
    positions = [record.event.position for record in log.read("run/a")]
    assert positions == sorted(set(positions))
    assert {position for _, position in acknowledged} <= set(positions)
    # the killed program may have recorded one more event, which it could not acknowledge
    assert len(set(positions) - {position for _, position in acknowledged}) <= 1
    assert sorted(entry.position for _, _, entry in log.arrivals(10_000)) == positions
    assert list(log.alterations()) == []


def test_appends_together_are_recorded_together_and_each_by_itself(log, path):
    log.append(event(1, data={"other": True}))
    with log.database.together():
        assert log.append(event(0)) is Appended.RECORDED
        with pytest.raises(Conflict):
            log.append(event(1))
        assert log.append(event(2)) is Appended.RECORDED
        assert log.append(event(2)) is Appended.REPEATED
        assert len(list(opened(path).entries("run/a"))) == 1, "nothing is recorded before all is"
    assert [entry.position for entry in opened(path).entries("run/a")] == [event(number).position for number in range(3)]


def test_what_a_full_disk_does_not_take_leaves_the_rest_of_what_is_appended_together(log, path):
    log.append(event(0))
    with log.database.transaction() as connection:
        [pages] = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with log.database.together():
        log.append(event(1))
        with pytest.raises(LogUnavailable, match="full"):
            log.append(event(2, data={"big": "x" * 300_000}))
    assert [entry.position for entry in opened(path).entries("run/a")] == [event(0).position, event(1).position]


def test_of_appends_together_none_is_recorded_if_sqlite_takes_all_back(log, path):
    """As it does by itself after some failures of the disk."""
    log.append(event(0))
    together = ExitStack()
    together.enter_context(log.database.together())
    log.append(event(1))
    with log.database.transaction() as connection:
        pass
    connection.execute("ROLLBACK")
    with pytest.raises(LogUnavailable, match="no transaction is active"):
        together.close()
    assert [entry.position for entry in opened(path).entries("run/a")] == [event(0).position]
