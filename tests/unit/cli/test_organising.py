"""`tag`, `describe`, `hide` and `restore`: what each says of which streams, where it goes, and what is refused beforehand."""

import getpass

import pytest
from training_events import cli, folds
from training_events.stores.opening import open_event_log

from tests.support.command_line import empty_store, make_event, parse_document, record_events, run_cli

TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345"


@pytest.fixture(params=["sqlite", "dynamodb"])
def url(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    with empty_store(request.param, tmp_path) as url:
        monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
        events = [make_event("run/a", "TrainingStarted", 1), make_event("run/a", "TrainingCompleted", 2)]
        record_events(url, [*events, make_event("run/b", "TrainingStarted", 3), make_event("model/m", "Happened", 4)])
        yield url


def state(url, stream):
    return folds.fold(folds.empty(stream), open_event_log(url).entries(stream))


def says(capsys, *arguments):
    code, out, err = run_cli(capsys, *arguments)
    assert (code, err) == (0, "")
    return out.splitlines()


def test_several_streams_are_tagged_at_once(capsys, url):
    assert says(capsys, "tag", "run/a", "model/m", "team=vision", "n=3") == [
        "run/a: Tagged recorded",
        "model/m: Tagged recorded",
    ]
    says(capsys, "tag", "run/a", "--remove", "team", "cost=2.5")
    assert state(url, "run/a").tags == {"n": 3, "cost": 2.5}
    assert state(url, "model/m").tags == {"team": "vision", "n": 3}
    assert state(url, "run/a").status == "completed"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("-0.5", -0.5), ("true", True), ("false", False), ("", ""), ("a=b", "a=b"),
        ("1.10", "1.10"), ("007", "007"), ("1e3", "1e3"), ("null", "null"), ("NaN", "NaN"), ('"1"', '"1"'), ("[1]", "[1]"),
        ("True", "True"), ("\u06f1", "\u06f1"), ("1" * 400, "1" * 400), ("\x1b[31m", "\x1b[31m"),
    ],
)  # fmt: skip
def test_a_value_is_a_number_only_if_it_is_written_as_json_writes_it(capsys, url, text, value):
    says(capsys, "tag", "run/a", f"key={text}")
    assert state(url, "run/a").tags == {"key": value}
    assert type(state(url, "run/a").tags["key"]) is type(value)


def test_a_stream_is_described_hidden_and_restored_by_whoever_is_logged_in(capsys, url):
    says(capsys, "describe", "run/a", "the first", "--name", "one")
    says(capsys, "hide", "run/a", "run/b", "--reason", "wrong data")
    hidden = state(url, "run/a")
    assert (hidden.name, hidden.description, hidden.hidden.by, hidden.hidden.reason) == (
        "one",
        "the first",
        "ada",
        "wrong data",
    )
    says(capsys, "restore", "run/a", "--reason", "it was right")
    says(capsys, "describe", "run/a", "")
    assert (state(url, "run/a").hidden, state(url, "run/a").description) == (None, None)
    assert state(url, "run/b").hidden is not None


def test_a_group_is_described_first_or_has_runs_in_it(capsys, url):
    says(capsys, "describe", "group/resnet sweep", "learning rates", "--name", "Learning rates")
    says(capsys, "tag", "group/resnet sweep", "team=vision")
    assert (state(url, "group/resnet sweep").name, state(url, "group/resnet sweep").tags) == (
        "Learning rates",
        {"team": "vision"},
    )
    says(capsys, "hide", "group/resnet sweep", "--reason", "done")
    assert state(url, "group/resnet sweep").hidden is not None
    code, _, err = run_cli(capsys, "tag", "group/study-7", "team=vision")
    assert code == 2
    assert "the log has no event of 'group/study-7', and no run in it" in err


def test_a_group_that_runs_are_in_can_be_tagged_before_anything_else_is_said_of_it(capsys, tmp_path, monkeypatch):
    with empty_store("sqlite", tmp_path) as url:
        monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
        record_events(url, [make_event("run/a", "Tagged", 1, tags={"group": "study-7"})])
        says(capsys, "runs")
        says(capsys, "tag", "group/study-7", "team=vision")
        assert state(url, "group/study-7").tags == {"team": "vision"}
        code, _, err = run_cli(capsys, "tag", "group/study 8", "team=vision")
        assert (code, err.count("\n")) == (2, 1)
        assert "no run in it, but of 'group/study-7'" in err


def test_one_unknown_stream_and_nothing_is_recorded(capsys, url):
    before = [list(open_event_log(url).entries(stream)) for stream in ("run/a", "run/b")]
    code, out, err = run_cli(capsys, "hide", "run/a", "run/aa", "--reason", "why")
    assert (code, out) == (2, "")
    assert "the log has no event of 'run/aa', but of 'run/a'" in err
    assert [list(open_event_log(url).entries(stream)) for stream in ("run/a", "run/b")] == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tag", "run/a"], "there is no tag: give <key>=<value>, or --remove <key>"),
        (["tag", "team=vision"], "there is no stream"),
        (["tag", "run/a", "vision"], "'vision' is neither a stream nor a tag"),
        (["tag", "run/a", "=vision"], "'=vision' is neither a stream nor a tag"),
        (["tag", "run/a", "team=vision", "--remove", "team"], "the tag 'team' is both given and removed"),
        (["describe", "run/a"], "there is nothing to say"),
        (["hide", "run/a"], "--reason"),
        (["hide", "run/a", "--reason", " "], "--reason is empty"),
        (["restore", "a"], "allowed: run/<name>, model/<name>, dataset/<name>"),
    ],
)
def test_what_is_wrong_is_one_line(capsys, url, arguments, message):
    code, out, err = run_cli(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_no_credential_is_recorded_and_that_is_said(capsys, url):
    assert cli.run(["tag", "run/a", f"token={TOKEN}"]) == 0
    assert capsys.readouterr().err == "tags.token held what looks like a credential, which is not recorded\n"
    assert state(url, "run/a").tags == {"token": "***"}


def test_a_run_that_was_sealed_is_sealed_again(capsys, tmp_path, monkeypatch):
    with empty_store("sqlite", tmp_path) as url:
        monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
        says(capsys, "record", "run/a", "TrainingStarted")
        says(capsys, "record", "run/a", "TrainingCompleted")
        assert covered(capsys) == 2
        says(capsys, "tag", "run/a", "team=vision")
        says(capsys, "hide", "run/a", "--reason", "why")
        assert covered(capsys) == 4


def covered(capsys):
    [verified] = parse_document("verify", run_cli(capsys, "verify", "run/a", "--json")[1])["streams"]
    assert verified["sound"]
    return verified["seals"]["covered"]


def test_where_the_log_cannot_be_asked_the_document_says_why(capsys, monkeypatch, tmp_path, url):
    monkeypatch.delenv("TRAINING_EVENTS_LOG")
    monkeypatch.setenv("TRAINING_EVENTS_BUS", "training")
    published = []

    class Bus:
        def put_events(self, Entries):  # noqa: N803 - as AWS calls it
            published.extend(Entries)
            return {"Entries": [{"EventId": "1"}] * len(Entries)}

    monkeypatch.setattr("training_events.aws.client", lambda *_, **__: Bus())
    document = parse_document("hide", run_cli(capsys, "hide", "run/a", "run/new", "--reason", "why", "--json")[1])
    assert document["not_checked"] == "TRAINING_EVENTS_LOG is not set"
    assert [event["outcome"] for event in document["events"]] == ["published"] * 2
    assert [entry["DetailType"] for entry in published] == ["Hidden"] * 2
