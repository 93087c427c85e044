"""What a recorder on a laptop had to set aside: `undelivered --spool` lists it, `redrive --spool` sends it again."""

import json
import os
from pathlib import Path

import pytest
from training_events.bus.envelope import to_envelope
from training_events.event import Event
from training_events.recorder.delivery.delivery import Delivery
from training_events.recorder.delivery.destination import configured_destination
from training_events.recorder.delivery.spool import Spool, spool_folder
from training_events.settings import Settings
from training_events.stores.opening import open_event_log

from tests.support.command_line import parse_document, run_cli

SOON, FAR = "2026-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z"
TEXT = "é \u2028 \x85"
"""The last two end a line for `str.splitlines`."""


@pytest.fixture
def spool(tmp_path, bare_environment, monkeypatch):
    monkeypatch.setenv("TRAINING_EVENTS_LOG", f"sqlite:///{tmp_path}/log.db")
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path / "spool"))
    settings = Settings()
    return Spool(spool_folder(settings), configured_destination(settings), "producer")


def deliver(spool, *times):
    for number, occurred_at in enumerate(times):
        spool.append(to_envelope(Event(f"e-{number}", "run/a", "Happened", occurred_at, "tests", {"a": TEXT})))
    assert Delivery(configured_destination(Settings())).send(spool) == []


def recorded(tmp_path):
    return [event.event.event_id for event in open_event_log(f"sqlite:///{tmp_path}/log.db").read("run/a")]


def test_what_was_set_aside_is_listed_with_its_reason(spool, capsys):
    deliver(spool, SOON, FAR)
    spool.close()
    [message] = parse_document("undelivered", run_cli(capsys, "undelivered", "--spool", "--json")[1])["messages"]
    assert (message["shape"], message["reason"], message["stream"], message["event_id"]) == (
        "set_aside", "in_the_future", "run/a", "e-1",
    )  # fmt: skip
    assert message["original"]["detail"]["data"] == {"a": TEXT}
    assert message["explanation"].startswith("$.occurred_at: it happened at 2999")


def test_it_is_recorded_once_a_person_accepts_it(spool, capsys, tmp_path):
    deliver(spool, SOON, FAR)
    spool.close()
    code, out, _ = run_cli(capsys, "redrive", "--spool", "--json")
    assert code == 1
    assert parse_document("redrive", out)["left"][0]["why"].startswith("in_the_future: ")
    assert recorded(tmp_path) == ["e-0"]
    assert run_cli(capsys, "redrive", "--spool", "--accept-future")[0] == 0
    assert recorded(tmp_path) == ["e-0", "e-1"]
    assert list((tmp_path / "spool").rglob("*.refused")) == []
    assert parse_document("redrive", run_cli(capsys, "redrive", "--spool", "--json")[1])["sent"] == []


def test_what_is_due_by_now_is_recorded_and_the_rest_stays(spool, capsys, tmp_path):
    deliver(spool, FAR, "2998-01-01T00:00:00.000000Z")
    spool.close()
    [path] = (tmp_path / "spool").rglob("*.refused")
    path.write_text(path.read_text(encoding="utf-8").replace("2998-", "2026-"), encoding="utf-8")
    code, out, _ = run_cli(capsys, "redrive", "--spool", "--json")
    document = parse_document("redrive", out)
    assert (code, [sent["event_id"] for sent in document["sent"]], len(document["left"])) == (1, ["e-1"], 1)
    assert [json.loads(json.loads(line)["event"])["detail"]["event_id"] for line in path.read_bytes().splitlines()] == ["e-0"]
    assert recorded(tmp_path) == ["e-1"]


def test_while_its_recorder_runs_the_file_stays_as_it_is(spool, capsys, tmp_path):
    deliver(spool, FAR)
    code, out, _ = run_cli(capsys, "redrive", "--spool", "--accept-future", "--json")
    assert code == 1
    assert "until its recorder has ended" in parse_document("redrive", out)["left"][0]["why"]
    spool.close()
    assert run_cli(capsys, "redrive", "--spool", "--accept-future")[0] == 0
    assert recorded(tmp_path) == ["e-0"]


def test_a_line_of_somebody_else_is_listed_and_stays(spool, capsys, tmp_path):
    deliver(spool, FAR)
    spool.close()
    [path] = (tmp_path / "spool").rglob("*.refused")
    with Path(path).open("a", encoding="utf-8") as file:
        file.write("no JSON\n")
    shapes = [
        message["shape"]
        for message in parse_document("undelivered", run_cli(capsys, "undelivered", "--spool", "--json")[1])["messages"]
    ]
    assert shapes == ["set_aside", "unknown"]
    assert run_cli(capsys, "redrive", "--spool", "--accept-future")[0] == 1
    assert path.read_text() == "no JSON\n"


def test_what_is_no_file_holds_nothing_up(spool, capsys):
    deliver(spool, FAR)
    spool.close()
    os.mkfifo(spool.path.with_name("other.refused"))
    assert len(parse_document("undelivered", run_cli(capsys, "undelivered", "--spool", "--json")[1])["messages"]) == 1


def test_queue_and_spool_exclude_each_other(spool, capsys):
    code, _, err = run_cli(capsys, "undelivered", "--spool", "--queue", "https://queue")
    assert code == 2
    assert "--queue and --spool exclude each other" in err
