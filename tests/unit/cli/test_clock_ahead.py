"""Events that lay ahead of the log's clock: `verify` and `show` tell of them, and accuse nobody."""

import pytest
from training_events.event import Event
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.times import hours_after

from tests.support.command_line import parse_document, run_cli

RECEIVED = "2026-11-22T15:00:00.000000Z"


@pytest.fixture
def log(tmp_path, bare_environment, monkeypatch):
    monkeypatch.setenv("TRAINING_EVENTS_LOG", f"sqlite:///{tmp_path}/log.db")
    return SqliteLog(Database(f"{tmp_path}/log.db"), clock=lambda: RECEIVED)


def record(log, number, occurred_at, type_="Happened"):
    log.append(Event(f"e-{number}", "run/a", type_, occurred_at, "tests", {}))


def verified(capsys):
    code, out, _ = run_cli(capsys, "verify", "run/a", "--json")
    document = parse_document("verify", out)
    assert (code, document["sound"], document["complete"]) == (0, True, True)
    return document["streams"][0]["findings"]


def shown(capsys, *options):
    return parse_document("show", run_cli(capsys, "show", "run/a", "--json", *options)[1])["clock_ahead"]


def test_a_lead_is_told_once_and_the_stream_stays_sound(log, capsys):
    record(log, 1, hours_after(RECEIVED, -1), "TrainingStarted")
    record(log, 2, hours_after(RECEIVED, 3), "TrainingCompleted")
    record(log, 3, hours_after(RECEIVED, 2))
    [finding] = verified(capsys)
    assert (finding["kind"], finding["position"]) == ("clock_ahead", f"{hours_after(RECEIVED, 2)}#e-3")
    assert finding["explanation"].startswith(
        "2 event(s), of which this is the first, lay ahead of the log's clock, by up to 10800"
    )
    assert shown(capsys) == 3 * 3600
    assert "the newest event lay 3 h 0 min ahead of the log's clock" in run_cli(capsys, "show", "run/a")[1]
    assert "clock_ahead" in run_cli(capsys, "verify", "run/a")[1]


def test_a_clock_in_step_is_told_of_nowhere(log, capsys):
    record(log, 1, hours_after(RECEIVED, -1), "TrainingStarted")
    record(log, 2, "2026-11-22T15:00:00.900000Z")
    assert verified(capsys) == []
    assert shown(capsys) is None
    assert "clock ahead" not in run_cli(capsys, "show", "run/a")[1]


def test_a_past_state_tells_of_its_own_newest_event(log, capsys):
    record(log, 1, hours_after(RECEIVED, 1), "TrainingStarted")
    record(log, 2, hours_after(RECEIVED, 2))
    assert shown(capsys, "--as-of", hours_after(RECEIVED, 1)) == 3600
    assert shown(capsys, "--known-at", RECEIVED) == 7200


def test_what_a_person_accepted_from_the_future_is_told_too(log, capsys):
    log.append(Event("e", "run/a", "TrainingStarted", "2999-01-01T00:00:00.000000Z", "tests", {}), accept_future=True)
    assert [finding["kind"] for finding in verified(capsys)] == ["clock_ahead"]
    assert shown(capsys) > 900 * 365 * 24 * 3600


def test_where_something_is_broken_that_is_named_first(log, capsys):
    record(log, 1, hours_after(RECEIVED, 1))
    record(log, 2, hours_after(RECEIVED, 2))
    with log.database.transaction() as connection:
        connection.execute("UPDATE events SET data = '{\"x\":1}' WHERE event_id = 'e-2'")
    code, _, err = run_cli(capsys, "verify", "run/a")
    assert code == 1
    assert "altered" in err
    assert "clock_ahead" not in err
