"""`training-events undelivered`: every message of the queue, for people and for programs, and none is removed."""

import json

from training_events.errors import BadField
from training_events.recovery.undelivered import UndeliveredQueue

from tests.support.command_line import parse_document, run_cli
from tests.support.queues import BUCKET, NAMES, count_messages, put, sqs_message


def test_the_list_as_json(account, capsys):
    ids = dict(zip(put(account, *NAMES), NAMES, strict=True))
    code, out, _ = run_cli(capsys, "undelivered", "--json")
    assert code == 0
    document = parse_document("undelivered", out)
    messages = {ids[message["message_id"]]: message for message in document["messages"]}
    assert document["queue"] == account
    assert sorted(messages) == NAMES
    assert messages["dead_letter"]["original"] == json.loads(sqs_message("dead_letter")["Body"])
    assert messages["dead_letter"]["stream"] == "run/digits-0199a1f2"
    assert messages["set_aside"]["reason"] == "no_stream"
    assert messages["set_aside_stored"]["original"] is None
    assert messages["set_aside_stored"]["original_at"].startswith("s3://data-bucket/undelivered/")
    assert messages["failed_batch"]["original"] is None
    assert messages["unknown_text"]["body"] == sqs_message("unknown_text")["Body"]
    assert {name for name in NAMES if messages[name]["body"] is not None} == {"unknown_text"}
    assert count_messages(account) == (len(NAMES), 0)


def test_the_list_as_a_table(account, capsys):
    put(account, "dead_letter", "unknown_text")
    code, out, _ = run_cli(capsys, "undelivered")
    titles, letter, text = out.splitlines()
    assert code == 0
    assert titles.split() == ["set", "aside", "at", "shape", "reason", "stream", "type", "explanation"]
    assert letter.split()[1:5] == ["dead_letter", "NO_PERMISSIONS", "run/digits-0199a1f2", "MetricsRecorded"]
    assert text.split()[1:5] == ["unknown", "-", "-", "-"]
    assert count_messages(account) == (2, 0)


def test_what_cannot_be_json_is_shown_as_the_text_of_its_message(account, capsys, monkeypatch):
    for original in ({"detail": {"loss": float("nan")}}, "\ud800", 2**80):
        UndeliveredQueue(account, BUCKET).set_aside(original, BadField("odd \ud800", "even"), by="me", request_id="1")
    _, out, _ = run_cli(capsys, "undelivered", "--json")
    nan, surrogate, long = parse_document("undelivered", out)["messages"]
    assert "NaN" in nan["body"]
    assert "\\ud800" in surrogate["body"]
    assert (nan["original"], surrogate["original"]) == (None, None)
    assert (long["original"], long["body"]) == (2**80, None)
    assert run_cli(capsys, "undelivered")[0] == 0


def test_control_characters_are_escaped(account, capsys):
    put(account, "set_aside", explanation="a\x1b[2Jb\nc\x07", reason="\x1b]0;title\x07")
    _, out, _ = run_cli(capsys, "undelivered")
    assert "\x1b" not in out
    assert "\x07" not in out
    assert len(out.splitlines()) == 2


def test_an_empty_queue(account, capsys):
    assert parse_document("undelivered", run_cli(capsys, "undelivered", "--json")[1])["messages"] == []


def test_a_limit_lists_no_more_than_that(account, capsys):
    put(account, *["dead_letter"] * 12)
    assert len(parse_document("undelivered", run_cli(capsys, "undelivered", "--json", "--limit", "3")[1])["messages"]) == 3
    assert count_messages(account) == (12, 0)
