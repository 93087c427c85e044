"""What is said of streams beside what a training measures: tags, names, hyperparameters and datasets that are known later."""

import getpass
import logging
from pathlib import Path

import pytest
import training_events as te
from hypothesis import given
from hypothesis import strategies as st
from training_events import folds
from training_events.canonical import canonical_json
from training_events.event import Event
from training_events.recorder.labels import MAX_BATCH_BYTES, MAX_CHARACTERS, batches
from training_events.recorder.run_head import head_in, run_head
from training_events.stores.opening import open_event_log


@pytest.fixture(autouse=True)
def url(tmp_path, monkeypatch):
    """The address of an empty log, which the environment names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    for name in ("BUS", "BUCKET", "RUN"):
        monkeypatch.delenv(f"TRAINING_EVENTS_{name}", raising=False)
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path / "spool"))
    monkeypatch.setenv("TRAINING_EVENTS_LOG", f"sqlite:///{tmp_path}/log.db")
    return f"sqlite:///{tmp_path}/log.db"


def events(url, stream="run/digits-7"):
    return [record.event for record in open_event_log(url).read(stream)]


def state(url, stream="run/digits-7"):
    return folds.fold(folds.empty(stream), open_event_log(url).entries(stream))


def run_digits_7(**options):
    return te.record_run(run_id="digits-7", **options)


# ---- while a training runs


def test_a_run_says_more_of_itself_while_it_runs(url):
    Path("held-out.csv").write_bytes(b"1,2\n")
    with run_digits_7(hyperparameters={"C": 1.0}, tags={"team": "vision", "group": "sweep-1"}) as run:
        run.tag("note", "warm start")
        run.tag(team=None, cost=2.5, good=True)
        run.describe("half the learning rate", name="second try")
        run.log_hyperparameters({"C": 0.5, "optimizer": {"lr": 0.1}})
        run.use_dataset("held-out.csv", role="validation")
        run.use_dataset("sha256:" + "5e" * 32)
    digits = state(url)
    assert digits.tags == {"group": "sweep-1", "note": "warm start", "cost": 2.5, "good": True}
    assert (digits.name, digits.description) == ("second try", "half the learning rate")
    assert digits.hyperparameters == {"C": 0.5, "optimizer": {"lr": 0.1}}
    [held_out, by_digest] = digits.lineage.datasets
    assert (held_out.role, held_out.bytes, held_out.in_place) == ("validation", 4, True)
    assert held_out.sha256 is not None
    assert (by_digest.uri, by_digest.sha256) == (None, "5e" * 32)
    assert {event.data["by"] for event in events(url) if event.type in ("Tagged", "Described")} == {"ada"}


class Unreadable:
    def __str__(self):
        raise ValueError("no text")


WRONG = [
    lambda run: run.tag("important"),
    lambda run: run.log_hyperparameters(7),
    lambda run: run.use_dataset({"rows": 3}),
]


@pytest.mark.parametrize("call", WRONG)
def test_what_cannot_be_recorded_is_a_warning_and_the_training_goes_on(url, call, caplog):
    with run_digits_7() as run:
        call(run)
    assert [event.type for event in events(url)] == ["TrainingStarted", "TrainingCompleted"]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_anything_is_a_tag_that_has_a_text(url):
    with run_digits_7(tags={1: [1, 2], "path": Path("a/b"), "nan": float("nan"), "": "nothing", "odd": Unreadable()}):
        pass
    tags = state(url).tags
    assert tags.pop("odd").endswith("Unreadable>")
    assert tags == {"1": "[1,2]", "path": "a/b", "nan": "NaN"}


def test_tags_that_are_no_mapping_do_not_end_the_training(url, caplog):
    with run_digits_7(tags=7):
        pass
    assert state(url).status == "completed"
    assert "recording failed (record tags)" in caplog.text


def test_a_run_that_has_ended_takes_no_more_but_can_be_tagged_from_outside(url, caplog):
    with run_digits_7() as run:
        pass
    run.tag(late=1)
    assert "run/digits-7 is not open" in caplog.text
    te.tag(run, late=2)
    assert (state(url).tags, state(url).status) == ({"late": 2}, "completed")


def test_of_several_processes_the_first_one_tags_the_run(url, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with run_digits_7(tags={"team": "vision"}) as run:
        run.metric("loss", 1.0)
    assert {event.type for event in events(url)} == {"MetricsRecorded"}


TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345"


def test_no_credential_is_recorded_wherever_it_stands(url):
    with run_digits_7(tags={"api_key": "x9f2k1"}) as run:
        run.tag("note", f"with {TOKEN}")
        run.tag("long", "x" * (MAX_CHARACTERS - 16) + " " + TOKEN)
        run.describe(TOKEN)
        run.log_hyperparameters({"hub": {"password": "x9f2k1"}})
    te.hide(run, reason=f"it holds {TOKEN}")
    told = canonical_json([event.data for event in events(url)]).decode()
    assert "x9f2k1" not in told
    assert TOKEN[:12] not in told


def test_what_is_too_long_is_cut_and_many_tags_take_several_events(url, caplog):
    with run_digits_7() as run:
        run.tag(**{f"tag-{number}": "\x01" * 3000 for number in range(40)})
        run.tag("long", "x" * 400_000)
        run.log_hyperparameters({"prompt": "x" * 400_000, "lr": 0.1})
    digits = state(url)
    assert len(digits.tags) == 41
    assert len(digits.tags["long"]) == MAX_CHARACTERS
    assert digits.hyperparameters["lr"] == 0.1
    assert digits.hyperparameters["prompt"].startswith("<400002 bytes of JSON, sha256:")
    assert "the tag long is cut" in caplog.text


@given(st.dictionaries(st.text(max_size=9), st.text("x\x01é", max_size=9).map(lambda text: text * 3000), max_size=9))
def test_batches_are_all_values_in_order_and_each_fits(values):
    made = list(batches(values))
    assert [pair for batch in made for pair in batch.items()] == list(values.items())
    assert all(len(canonical_json(batch)) <= MAX_BATCH_BYTES or len(batch) == 1 for batch in made)


# ---- from outside


def test_any_stream_is_named_tagged_hidden_and_restored(url):
    with run_digits_7():
        pass
    te.register_model("digits", version=1)
    for stream in ("run/digits-7", "model/digits"):
        te.tag(stream, {"by": "a tag of this name"}, team="vision")
        te.describe(stream, "the first", name="one")
        te.hide(stream, reason="a typing mistake", by="bob")
        assert state(url, stream).hidden.reason == "a typing mistake"
        assert state(url, stream).hidden.by == "bob"
        te.restore(stream)
        found = state(url, stream)
        assert (found.tags, found.name, found.hidden) == ({"by": "a tag of this name", "team": "vision"}, "one", None)
        te.describe(stream, "")
        assert (state(url, stream).name, state(url, stream).description) == ("one", None)


def test_a_stream_that_the_log_does_not_have_is_refused_with_near_names(url):
    with run_digits_7():
        pass
    calls = [
        lambda more: te.tag("run/digits_7", {"a": 1}, **more),
        lambda more: te.describe("run/digits_7", "text", **more),
        lambda more: te.hide("run/digits_7", reason="why", **more),
        lambda more: te.restore("run/digits_7", **more),
    ]
    for call in calls:
        with pytest.raises(te.Misused, match="the log has no event of 'run/digits_7', but of 'run/digits-7'; unchecked=True"):
            call({})
    assert events(url, "run/digits_7") == []
    for call in calls:
        call({"unchecked": True})
    assert [event.type for event in events(url, "run/digits_7")] == ["Tagged", "Described", "Hidden", "Restored"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: te.tag("run/a"), "there is no tag"),
        (lambda: te.tag("digits-7", a=1), "is no stream; allowed: run/<id>, model/<name>, dataset/<name>"),
        (lambda: te.tag("job/7", a=1), "is no stream"),
        (lambda: te.tag(7, a=1), "stream is of type int"),  # type: ignore[arg-type]
        (lambda: te.describe("run/a"), "neither a description nor a name"),
        (lambda: te.describe("run/a", 7), "description is of type int"),  # type: ignore[arg-type]
        (lambda: te.hide("run/a", reason=" "), "reason is empty"),
        (lambda: te.hide("run/a", reason=None), "reason is of type NoneType"),  # type: ignore[arg-type]
        (lambda: te.restore("run/a", reason=""), "reason is empty"),
        (lambda: te.tag("run/a", by="", a=1), "by is empty"),
    ],
)
def test_a_wrong_argument_raises_at_once(call, message):
    with pytest.raises((te.Misused, TypeError), match=message):
        call()


# ---- how much of a run the log had when a model was registered from it


def test_a_model_keeps_how_much_the_log_had_of_its_run(url):
    with run_digits_7() as run:
        run.metric("loss", 1.0, step=1)
        te.register_model("digits", version=1, run=run)
        run.metric("loss", 0.5, step=2)
    te.register_model("digits", version=2, run="digits-7")
    te.register_model("digits", version=3)
    versions = state(url, "model/digits").versions
    digests = [record.digest for record in open_event_log(url).read(run.stream)]
    first, second = versions["1"].run_head, versions["2"].run_head
    assert (first.events, first.digest) == (2, digests[1]), "what the open run had measured is flushed first"
    assert (second.events, second.digest) == (4, digests[3])
    assert second == head_in(open_event_log(url), run.stream)
    assert second.position == state(url).position
    assert versions["3"].run_head is None


def test_an_open_run_is_flushed_also_where_only_its_name_is_given(url):
    with run_digits_7() as run:
        run.metric("loss", 1.0, step=1)
        te.register_model("digits", version=1, run="digits-7")
    assert state(url, "model/digits").versions["1"].run_head.events == 2


def test_of_a_run_that_the_log_does_not_have_nothing_is_kept(url):
    te.register_model("digits", version=1, run="digits-7", unchecked=True)
    assert state(url, "model/digits").versions["1"].run_head is None


class RunOnBus:
    """A run of this process whose two events travel over a bus: the second one arrives when somebody waits."""

    stream, recorded = "run/digits-7", 2

    def __init__(self, log, *, arrives):
        self.log, self.arrives, self.waits = log, arrives, []
        self.append(1)

    def flush(self, _seconds):
        return True

    def append(self, number):
        at = f"2026-11-22T15:08:0{number}.000000Z"
        self.log.append(Event(f"e-{number}", self.stream, "MetricsRecorded", at, "tests", {"points": []}))

    def wait(self, seconds):
        self.waits.append(seconds)
        if self.arrives:
            self.append(2)


def test_what_a_bus_has_not_delivered_yet_is_waited_for(url, monkeypatch):
    monkeypatch.setenv("TRAINING_EVENTS_BUS", "training")
    run = RunOnBus(open_event_log(url), arrives=True)
    head = run_head(run.stream, run, sleep=run.wait)
    assert head is not None
    assert (head.events, len(run.waits)) == (2, 1)


def test_a_head_that_would_lack_events_is_not_kept(url, monkeypatch):
    monkeypatch.setenv("TRAINING_EVENTS_BUS", "training")
    run = RunOnBus(open_event_log(url), arrives=False)
    assert run_head(run.stream, run, sleep=run.wait) is None
    assert sum(run.waits) < 5
