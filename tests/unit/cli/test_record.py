"""`training-events record`: where an event goes, and what is refused before it goes anywhere."""

import io
import json
import sys

import pytest
from training_events import aws

from tests.support.command_line import DYNAMODB, empty_store, parse_document, run_cli

EVENT = ["record", "run/a", "Happened", "--event-id", "e", "--occurred-at", "2026-11-22"]


@pytest.fixture(autouse=True)
def _somewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with empty_store("dynamodb", tmp_path):
        yield


@pytest.fixture
def bus(monkeypatch):
    """What reached the bus that the environment names."""
    arrived = []
    make = aws.client

    class Bus:
        def put_events(self, Entries):  # noqa: N803 - as AWS calls it
            arrived.extend(Entries)
            return {"Entries": [{"EventId": "1"}]}

    monkeypatch.setenv("TRAINING_EVENTS_BUS", "training")
    monkeypatch.setattr(aws, "client", lambda service, **more: Bus() if service == "events" else make(service, **more))
    return arrived


def recorded(capsys, url):
    return [
        event["event_id"]
        for event in parse_document("history", run_cli(capsys, "history", "run/a", "--json", "--log", url)[1])["events"]
    ]


def outcome(capsys, *options):
    return parse_document("record", run_cli(capsys, *EVENT, "--json", *options)[1])["outcome"]


def test_without_any_setting_the_event_goes_into_a_file_of_this_folder(capsys, tmp_path):
    assert outcome(capsys) == "recorded"
    assert (tmp_path / "training-events.db").exists()
    assert outcome(capsys) == "repeated"
    assert recorded(capsys, "") == ["e"]


def test_the_event_goes_into_the_log_that_the_environment_names(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("TRAINING_EVENTS_LOG", DYNAMODB)
    assert outcome(capsys) == "recorded"
    assert recorded(capsys, DYNAMODB) == ["e"]
    assert list(tmp_path.iterdir()) == []


def test_with_a_bus_the_event_goes_over_it_whatever_the_log_is(capsys, monkeypatch, bus, tmp_path):
    monkeypatch.setenv("TRAINING_EVENTS_LOG", DYNAMODB)
    assert outcome(capsys, "--source", "mine") == "published"
    [entry] = bus
    assert (entry["EventBusName"], entry["DetailType"], entry["Source"]) == ("training", "Happened", "mine")
    assert json.loads(entry["Detail"])["event_id"] == "e"
    assert run_cli(capsys, "history", "run/a")[0] == 2


def test_with_the_option_the_event_goes_into_that_log_whatever_the_bus_is(capsys, bus):
    assert outcome(capsys, "--log", "sqlite:///x/y.db") == "recorded"
    assert recorded(capsys, "sqlite:///x/y.db") == ["e"]
    assert bus == []


def test_data_is_read_from_standard_input(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO('{"text": "é"}'.encode())))
    assert run_cli(capsys, *EVENT, "--data", "-")[0] == 0
    [event] = parse_document("history", run_cli(capsys, "history", "run/a", "--json")[1])["events"]
    assert event["data"] == {"text": "é"}


@pytest.mark.parametrize("to", ["the log", "the bus"])
def test_what_looks_like_a_credential_is_not_recorded_and_a_line_says_so(capsys, caplog, request, to):
    arrived = request.getfixturevalue("bus") if to == "the bus" else None
    data = '{"note": "see postgresql://u:pw9@h/db", "hub": {"api_key": "hunter2"}, "again": "postgresql://u:pw9@h/db"}'
    assert run_cli(capsys, *EVENT, "--unchecked", "--data", data)[0] == 0
    [said] = caplog.messages
    assert said == "run/a: note, hub.api_key, again held what looks like a credential, which was not recorded"
    if arrived is None:
        [event] = parse_document("history", run_cli(capsys, "history", "run/a", "--json")[1])["events"]
        assert event["data"] == {"note": "see postgresql://h/db", "hub": {"api_key": "***"}, "again": "postgresql://h/db"}
    else:
        assert "pw9" not in arrived[0]["Detail"]
        assert "hunter2" not in arrived[0]["Detail"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "$.data: Expecting value"),
        (b'"\xff"', "$.data: byte 1 is not UTF-8"),
        (b"[]", "$.data: it is of type list; allowed: a JSON object"),
        (b'{"a": {"b": NaN}}', "$.data.a.b: the number is nan"),
        (b'{"a": 1, "a": 2}', '$.data.a: the key "a" is there more than once'),
        (b"[" * 100_000, "$.data: nested deeper"),
    ],
)
def test_data_that_is_not_a_recordable_object_is_refused(capsys, monkeypatch, tmp_path, data, message):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    code, out, err = run_cli(capsys, *EVENT, "--data", "-")
    assert (code, out) == (2, "")
    assert message in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("to", [["--log", "sqlite:///x.db"], []])
def test_what_no_log_takes_is_refused_before_it_is_sent_anywhere(capsys, bus, tmp_path, to):
    """The bus says nothing of a detail-type that is too long: it drops the event."""
    code, out, err = run_cli(capsys, "record", "run/a", "x" * 129, "--unchecked", *to)
    assert (code, out, bus) == (2, "", [])
    assert "$.type: the text has 129 characters; allowed: 1 to 128 characters" in err
    code, _, err = run_cli(capsys, *EVENT, "--data", '{"n": -1%s}' % ("0" * 4299), *to)
    assert (code, bus) == (2, [])
    assert "$.data.n: an integer of more than 308 digits" in err
    assert list(tmp_path.iterdir()) == []


def test_a_closed_standard_input_is_an_error(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert run_cli(capsys, *EVENT, "--data", "-")[0] == 2


def test_data_of_a_known_type_has_to_fit_its_schema(capsys, bus):
    code, out, err = run_cli(capsys, "record", "model/m", "ModelPromoted", "--data", '{"version": 3}')
    assert (code, out, bus) == (2, "", [])
    assert "missing required field `stage`" in err
    assert "docs/reference/events/ModelPromoted.json" in err


@pytest.mark.parametrize(
    ("stream", "type_", "near"),
    [
        ("run/a", "TrainingComplete", "TrainingCompleted"),
        ("run/a", "trainingCompleted", "TrainingCompleted"),
        ("run/a", "training_completed", "TrainingCompleted"),
        ("run/a", "MetricRecorded", "MetricsRecorded"),
        ("model/m", "ModelPromote", "ModelPromoted"),
        ("dataset/d", "DatasetRegistred", "DatasetRegistered"),
        ("run/a", "ModelPromoted", "ModelPromoted of model/<name>"),
    ],
)
def test_a_type_that_is_nearly_one_of_the_catalogue_is_refused(capsys, tmp_path, stream, type_, near):
    code, out, err = run_cli(capsys, "record", stream, type_)
    assert (code, out) == (2, "")
    assert f"'{type_}' is no event of a {stream.partition('/')[0]}: {near}" in err
    assert "--unchecked records it all the same" in err
    assert list(tmp_path.iterdir()) == []
    assert run_cli(capsys, "record", stream, type_, "--unchecked")[0] == 0


@pytest.mark.parametrize("type_", ["CheckpointLoaded", "Inspected", "TrainingPaused", "ModelExported", "Happened"])
def test_a_type_of_ones_own_is_recorded(capsys, type_):
    assert run_cli(capsys, "record", "run/a", type_)[0] == 0


def test_names_that_the_log_does_not_know_are_refused(capsys):
    def record(type_, data, *options):
        return run_cli(capsys, "record", "model/m", type_, "--data", json.dumps(data), *options)

    promotion = {"version": 99, "stage": "production"}
    assert record("ModelRegistered", {"version": 1})[0] == 0
    for type_, data, message in (
        ("ModelPromoted", promotion, "model/m has no version '99' that is registered, but '1'"),
        ("ModelRetired", {"version": "2"}, "model/m has no version '2' that is registered, but '1'"),
        ("ModelDemoted", promotion, "model/m has no version '99' that is registered, but '1'"),
        ("VersionHidden", {"version": "2"}, "model/m has no version '2' that is registered, but '1'"),
        ("ModelRegistered", {"version": 2, "run": "run/never"}, "the log has no event of 'run/never'"),
    ):
        code, out, err = record(type_, data)
        assert (code, out) == (2, "")
        assert err == f"training-events: {message}; --unchecked records it all the same\n"
    assert record("ModelPromoted", promotion, "--unchecked")[0] == 0
    assert "has the stage 'production', not 'Production'" in record("ModelPromoted", {"version": 1, "stage": "Production"})[2]


def test_near_names_of_a_model_and_a_run_are_given(capsys):
    run_cli(capsys, "record", "run/digits-7", "TrainingStarted")
    run_cli(capsys, "record", "model/digits", "ModelRegistered", "--data", '{"version": 1}')
    _, _, err = run_cli(capsys, "record", "model/digit", "ModelPromoted", "--data", '{"version": 1, "stage": "s"}')
    assert "model/digit has no version that is registered, but of 'model/digits'" in err
    _, _, err = run_cli(capsys, "record", "model/digits", "ModelRegistered", "--data", '{"version": 2, "run": "digits_7"}')
    assert "the log has no event of 'run/digits_7', but of 'run/digits-7'" in err
    run_cli(capsys, "record", "run/a", "TrainingStarted")
    _, _, err = run_cli(capsys, "record", "model/digits", "ModelRegistered", "--data", '{"version": 2, "run": "A"}')
    assert "the log has no event of 'run/A', but of 'run/a'" in err


def test_with_a_bus_alone_the_event_is_published_and_a_line_says_that_its_names_were_not_checked(capsys, bus):
    promotion = ["record", "model/m", "ModelPromoted", "--data", '{"version": 3, "stage": "s"}']
    document = parse_document("record", run_cli(capsys, *promotion, "--json")[1])
    assert (document["outcome"], document["not_checked"]) == ("published", "TRAINING_EVENTS_LOG is not set")
    assert "; the names in it were not checked: TRAINING_EVENTS_LOG is not set" in run_cli(capsys, *promotion)[1]
    assert len(bus) == 2
    assert "not checked" not in run_cli(capsys, *EVENT)[1], "nothing in it is a name that the log could know"
    assert parse_document("record", run_cli(capsys, *promotion, "--json", "--unchecked")[1])["not_checked"] is None


def test_the_source_is_the_one_that_the_environment_names(capsys, bus, monkeypatch):
    run_cli(capsys, *EVENT)
    monkeypatch.setenv("TRAINING_EVENTS_SOURCE", "acme.training")
    run_cli(capsys, *EVENT)
    run_cli(capsys, *EVENT, "--source", "acme.labels")
    assert [entry["Source"] for entry in bus] == ["my.sagemaker.training.jobs", "acme.training", "acme.labels"]
    monkeypatch.setenv("TRAINING_EVENTS_SOURCE", "aws.s3")
    code, _, err = run_cli(capsys, *EVENT)
    assert code == 2
    assert "TRAINING_EVENTS_SOURCE is 'aws.s3': allowed is" in err


def test_an_event_from_far_ahead_is_not_recorded(capsys):
    code, out, err = run_cli(capsys, "record", "run/a", "TrainingStarted", "--occurred-at", "2999-01-01")
    assert (code, out) == (2, "")
    assert "$.occurred_at: it happened at 2999-01-01T00:00:00.000000Z; allowed: at most 24 hours ahead" in err


def test_a_type_that_is_not_in_the_catalogue_is_noted(capsys):
    assert "no state is made from it: Happened is not in the catalogue" in run_cli(capsys, *EVENT)[1]
    assert "no state" not in run_cli(capsys, "record", "run/a", "TrainingStopped")[1]


def test_other_content_under_the_same_id_and_time_is_a_conflict(capsys):
    assert run_cli(capsys, *EVENT)[0] == 0
    code, out, err = run_cli(capsys, *EVENT, "--data", '{"a": 1}')
    assert (code, out) == (2, "")
    assert "the content recorded there" in err
