"""No two streams print the same: `é` may be one character or two, and many blanks look like one."""

import unicodedata
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events import register_model
from training_events.bus.envelope import decode
from training_events.bus.received import event_of
from training_events.errors import BadField
from training_events.event import Event, in_one_form
from training_events.recorder.identity import run_id
from training_events.stores.opening import open_event_log
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog

from tests.support.aws_events import sample
from tests.support.command_line import parse_document, run_cli
from tests.support.fakes import InMemoryLog

COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
forms = st.sampled_from(["NFC", "NFD"])


@given(text, forms)
def test_every_form_of_a_name_becomes_the_same_one(name, form):
    assert in_one_form(unicodedata.normalize(form, name)) == in_one_form(name)
    assert in_one_form(in_one_form(name)) == in_one_form(name)


@pytest.mark.parametrize(
    ("name", "one_form"),
    [
        (DECOMPOSED, COMPOSED),
        ("\u212bngstr\u00f6m", "\u00c5ngstr\u00f6m"),  # the unit's sign and the letter
        ("\u1112\u1161\u11ab", "\ud55c"),  # Hangul
        ("a\u00a0b\u2003c", "a b c"),
        ("a\u200bb\ufeffc\u00add\u202ee", "abcde"),
        ("\U0001f469\u200d\U0001f52c", "\U0001f469\u200d\U0001f52c"),  # a joiner that one sees
        *((f"a{unseen}b", "ab") for unseen in "\ufe00\ufe0f\U000e0100\U000e01ef\u034f\u115f\u1160\u3164\uffa0\u17b4\u17b5"),
        *((f"a{unseen}b", "ab") for unseen in "\u180b\u180c\u180d\u180e\u180f\u2060\u2064\u061c\U000e0001\U000e0020\U0001d173"),
        ("cafe\u034f\u0301", COMPOSED),  # what nobody sees keeps nothing apart
        ("plain", "plain"),
    ],
)
def test_what_looks_the_same_is_the_same(name, one_form):
    assert in_one_form(name) == one_form


@given(text, forms)
def test_a_run_has_one_id_in_every_form_of_its_name(name, form):
    if in_one_form(name).strip():  # else the id is a new one
        assert run_id(None, unicodedata.normalize(form, name), {}) == run_id(None, name, {})


def envelope(**detail):
    return {"source": "s", "detail-type": "T", "id": "1", "time": "2026-01-01T00:00:00Z", "detail": detail}


@pytest.mark.parametrize("key", ["run_id", "model_name", "dataset_name"])
def test_a_plain_event_names_its_stream_in_one_form(key):
    assert decode(envelope(**{key: DECOMPOSED})).stream == decode(envelope(**{key: COMPOSED})).stream


def test_names_of_aws_are_put_into_one_form():
    a_file = {"key": f"datasets/{DECOMPOSED}/x.npz", "size": 5}
    event = event_of(sample("aws_object_created", object=a_file))
    assert event.stream == f"dataset/{COMPOSED}"
    assert event.data["uri"].endswith(f"/datasets/{DECOMPOSED}/x.npz"), "the object's key is what it is"


def test_the_log_takes_no_stream_in_another_form():
    """A producer chains its events: to rename their stream would break the chain."""
    log = InMemoryLog()
    log.append(decode(envelope(stream=f"run/{COMPOSED}")))
    with pytest.raises(
        BadField, match=r"\$\.stream: the name 'run/cafe\\u0301' prints as another one; allowed: 'run/caf\\xe9'"
    ):
        log.append(decode(envelope(stream=f"run/{DECOMPOSED}")))


@pytest.fixture
def url(tmp_path, monkeypatch):
    monkeypatch.setenv("TRAINING_EVENTS_LOG", f"sqlite:///{tmp_path}/log.db")
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path / "spool"))
    return f"sqlite:///{tmp_path}/log.db"


def test_what_is_typed_in_any_form_is_the_same_stream(url, capsys):
    for name in (COMPOSED, DECOMPOSED):
        assert run_cli(capsys, "record", f"run/{name}", "TrainingStarted")[0] == 0
        register_model(f"m-{name}", version=1, run=SimpleNamespace(stream=f"run/{name}"))
    log = open_event_log(url)
    assert sorted(log.streams()) == [f"model/m-{COMPOSED}", f"run/{COMPOSED}"]
    for name in (COMPOSED, DECOMPOSED):
        for command in ("show", "history"):
            document = parse_document(command, run_cli(capsys, command, f"run/{name}", "--json")[1])
            assert document["stream"] == f"run/{COMPOSED}"
        assert run_cli(capsys, "verify", f"run/{name}")[0] == 0


def test_a_stream_of_an_older_log_is_found_under_the_name_that_it_has(url, capsys, monkeypatch):
    monkeypatch.setattr("training_events.stores.admission.check_recordable", lambda _: None)  # as 0.1.0 did
    old = Event("e", f"run/{DECOMPOSED}", "TrainingStarted", "2026-01-01T00:00:00.000000Z", "tests", {})
    SqliteLog(Database(url.removeprefix("sqlite:///"))).append(old)
    monkeypatch.undo()
    monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
    for name in (COMPOSED, DECOMPOSED):
        assert parse_document("history", run_cli(capsys, "history", f"run/{name}", "--json")[1])["stream"] == old.stream
        assert parse_document("show", run_cli(capsys, "show", f"run/{name}", "--json")[1])["stream"] == old.stream
        assert run_cli(capsys, "verify", f"run/{name}")[0] == 0
    assert open_event_log(url).append(old).value == "repeated"
