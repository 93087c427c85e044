"""A stream that is not there: the error names those that are near."""

import pytest
from training_events.stores.opening import open_event_log

from tests.support.command_line import empty_store, make_event, record_events, run_cli

CALLS = [["show"], ["show", "--as-of", "now"], ["show", "--known-at", "now"], ["history"], ["lineage"], ["verify"]]
on_each = pytest.mark.parametrize("arguments", CALLS, ids=" ".join)
kinds = pytest.mark.parametrize("kind", ["sqlite", "dynamodb"])


@pytest.fixture
def log(kind, tmp_path, monkeypatch):
    with empty_store(kind, tmp_path) as url:
        monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
        streams = ["run/digits-7", "run/چهره-هفت", "run/other", "model/digits", "dataset/digits-7"]
        record_events(url, [make_event(stream, "Happened") for stream in streams])
        yield url


@kinds
@on_each
@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("run/digts-7", "the log has no event of run/digts-7; did you mean `run/digits-7`?"),
        ("run/چهره-هفتم", "the log has no event of run/چهره-هفتم; did you mean `run/چهره-هفت`?"),
        ("model/digit", "the log has no event of model/digit; did you mean `model/digits`?"),
        ("run/quite-another", "the log has no event of run/quite-another"),
        (
            "other",
            "the stream is 'other'; allowed: run/<name>, model/<name>, dataset/<name>, group/<name>; did you mean `run/other`?",
        ),
        ("digits-7", "group/<name>; did you mean `run/digits-7` or `dataset/digits-7`?"),
        ("nowhere", "allowed: run/<name>, model/<name>, dataset/<name>, group/<name>"),
    ],
)
@pytest.mark.usefixtures("log")
def test_near_names_are_told(capsys, arguments, typed, told):
    command, *options = arguments
    code, out, err = run_cli(capsys, command, typed, *options)
    assert (code, out) == (2, "")
    assert err.endswith(f"{told}\n")


@pytest.mark.parametrize("kind", ["sqlite"])
@on_each
def test_on_a_laptop_also_of_streams_that_have_no_read_model_yet(log, capsys, arguments):
    open_event_log(log).append(make_event("run/newest", "Happened"))
    command, *options = arguments
    assert "did you mean `run/newest`?" in run_cli(capsys, command, "run/newst", *options)[2]


@kinds
@pytest.mark.usefixtures("log")
def test_a_stream_that_was_not_there_yet_is_no_mistake_in_its_name(capsys):
    code, _, err = run_cli(capsys, "show", "run/digits-7", "--as-of", "2020-01-01")
    assert code == 2
    assert err.endswith("no event of run/digits-7 that had occurred by 2020-01-01T00:00:00.000000Z\n")
