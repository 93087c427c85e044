"""Nothing locks an event log in a file, but the file notes what other programs do to its events, without any chain or seal."""

import sqlite3

import pytest
from training_events.event import Event
from training_events.proof.findings import Kind
from training_events.proof.verification import verify
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog


def event(number, stream="run/a"):
    return Event(f"e-{number}", stream, "Happened", f"2026-11-22T15:08:{number:02d}.000000Z", "tests", {"number": number})


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "log.db")


@pytest.fixture
def log(path):
    log = SqliteLog(Database(path))
    for number in range(3):
        log.append(event(number))
    return log


def as_another_program(path, statement, *values):
    with sqlite3.connect(path) as other:
        other.execute(statement, values)
    other.close()


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_removed_event_is_missing(log, path, number):
    assert verify(log, None, "run/a").sound
    as_another_program(path, "DELETE FROM events WHERE event_id = ?", f"e-{number}")
    verification = verify(log, None, "run/a")
    assert (verification.sound, verification.complete, verification.events) == (False, False, 2)
    assert [(finding.kind, finding.position) for finding in verification.findings] == [(Kind.MISSING, event(number).position)]


def test_a_stream_without_any_event_left_is_still_known(log, path):
    as_another_program(path, "DELETE FROM events")
    verification = verify(log, None, "run/a")
    assert (verification.events, verification.findings_total) == (0, 3)
    assert {alteration.stream for alteration in log.alterations()} == {"run/a"}


def test_other_content_with_its_own_digest_is_an_alteration(log, path):
    other = Event("e-1", "run/a", "Happened", event(1).occurred_at, "tests", {"number": 7})
    as_another_program(
        path, "UPDATE events SET data = ?, digest = ? WHERE event_id = 'e-1'", other.canonical_data.decode(), other.digest
    )
    [finding] = verify(log, None, "run/a").findings
    assert (finding.kind, finding.position) == (Kind.ALTERED, event(1).position)
    assert event(1).digest in finding.explanation
