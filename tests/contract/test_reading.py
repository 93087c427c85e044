"""What `open_log` answers, the same of tables and of a file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import training_events
from training_events.errors import Misused, NoSuchLog, NoSuchStream
from training_events.folds.model import Served
from training_events.reading.points import MetricPoint

from tests.support.asking import Asked


@pytest.fixture
def life(asked: Asked) -> Asked:
    """Two runs, of which the second made a version that serves production, and its dataset."""
    asked.record("dataset/digits", "DatasetRegistered", "14:00:00", uri="s3://b/digits.npz", sha256="aa", version_id="v1")
    for number, (minute, loss) in enumerate([("15:00", 0.5), ("15:30", 0.25)]):
        stream = f"run/digits-{number}"
        asked.record(stream, "TrainingStarted", f"{minute}:00", model="digits", hyperparameters={"C": number})
        asked.record(stream, "MetricsRecorded", f"{minute}:10", points=[{"name": "loss", "value": loss, "step": 1}])
        asked.record(stream, "TrainingCompleted", f"{minute}:20")
    asked.record("model/digits", "ModelRegistered", "16:00:00", version="1", run="run/digits-1")
    asked.record("model/digits", "ModelPromoted", "16:10:00", version="1", stage="production", promoted_by="ada")
    return asked


def test_lists_have_the_newest_first(life: Asked):
    assert [run.stream for run in life.log.runs()] == ["run/digits-1", "run/digits-0"]
    assert [run.stream for run in life.log.runs(limit=1)] == ["run/digits-1"]
    assert [model.stream for model in life.log.models()] == ["model/digits"]
    assert [dataset.sha256 for dataset in life.log.datasets()] == ["aa"]


def test_a_state_is_asked_for_with_the_kind_of_its_stream_or_without(life: Asked):
    assert life.log.run("digits-1") == life.log.run("run/digits-1")
    assert life.log.run("digits-1").metrics["loss"].best.value == 0.25  # type: ignore[union-attr]
    assert life.log.model("digits").stages == {"production": "1"}
    assert life.log.dataset("dataset/digits").versions[-1].stored.version_id == "v1"


def test_what_cannot_name_a_stream_is_told_by_its_type(life: Asked):
    state: Any = life.log.run("digits-1")
    assert life.log.compare([state, "digits-0"]).runs[0].name == "digits-1"
    assert list(life.log.points(state, "loss")) == list(life.log.points("digits-1", "loss"))
    nothing: Any = None
    for ask in (life.log.run, life.log.lineage, life.log.compare, lambda it: life.log.compare(["digits-1", it])):
        with pytest.raises(TypeError, match="a stream is of type NoneType: allowed is its name"):
            ask(nothing)


def test_a_row_of_a_list_names_its_stream(life: Asked):
    log, [newest, oldest], [model] = life.log, life.log.runs(), life.log.models()
    assert log.run(newest) == log.run("digits-1")
    assert log.model(model) == log.model("digits")
    assert log.dataset(log.datasets()[0]) == log.dataset("digits")
    assert list(log.events(newest)) == list(log.events("run/digits-1"))
    assert log.compare(log.runs()) == log.compare([newest.id, oldest.stream])
    assert log.lineage(model) == log.lineage("model/digits")
    assert log.verify(oldest) == log.verify("run/digits-0")


@pytest.mark.parametrize("name", ["", "run/", "run/ a", "run/a\n", "run/" + "x" * 3000, "run/\ud800"])
def test_what_is_no_name_is_told(life: Asked, name: str):
    for question in (life.log.run, life.log.events, life.log.verify, life.log.lineage, life.log.points):
        with pytest.raises(Misused, match=r"allowed|no Unicode text"):
            question(name)


def test_a_question_asks_of_a_time_by_either_clock(life: Asked):
    log = life.log
    for time in ("2026-11-22T15:30:05", datetime(2026, 11, 22, 15, 30, 5, tzinfo=UTC), datetime(2026, 11, 22, 15, 30, 5)):  # noqa: DTZ001
        assert [(run.stream, run.status) for run in log.runs(as_of=time)] == [
            ("run/digits-1", "running"),
            ("run/digits-0", "completed"),
        ]
        assert log.run("digits-1", as_of=time).status == "running"
    assert log.models(as_of="2026-11-22T15:00") == []
    assert len(list(log.events("run/digits-0", as_of="2026-11-22T15:00:15"))) == 2
    assert log.runs(known_at="2026-11-22") == []  # it is later now that the log was told
    assert log.runs(known_at="now") == log.runs()
    with pytest.raises(NoSuchStream, match="run/digits-1 that had occurred by 2026-11-22T15:00:00"):
        log.run("digits-1", as_of="2026-11-22T15:00")


def test_points_are_read_from_the_log(life: Asked):
    [point] = life.log.points("digits-0", "loss")
    assert point == MetricPoint("digits-0", "loss", 1, 0.5, "2026-11-22T15:00:10.000000Z", attempt=1, stands=True)
    assert [(point.run, point.value) for point in life.log.points(metric="loss")] == [("digits-1", 0.25), ("digits-0", 0.5)]
    assert list(life.log.points(life.log.runs(), "loss")) == list(life.log.points(["digits-1", "run/digits-0"], "loss"))
    assert list(life.log.points("digits-0", as_of="2026-11-22T15:00:05")) == []
    with pytest.raises(Misused, match=r"no metric `los` in run/digits-0; did you mean `loss`"):
        list(life.log.points("digits-0", "los"))
    with pytest.raises(NoSuchStream, match=r"no event of run/dig; did you mean `run/digits-1` or `run/digits-0`"):
        life.log.run("dig")
    with pytest.raises(NoSuchStream, match=r"no event of run/digits-00; did you mean `run/digits-0`"):
        life.log.points(["digits-0", "digits-00"], "loss")


def test_points_that_a_later_attempt_took_back_do_not_stand(asked: Asked):
    for minute in ("15:00", "15:10"):
        asked.record("run/a", "TrainingStarted", f"{minute}:00")
        points = [{"name": "loss", "value": step, "step": step} for step in (1, 2, 3)][minute == "15:10" :]
        asked.record("run/a", "MetricsRecorded", f"{minute}:10", points=points)
    assert [(point.attempt, point.step, point.stands) for point in asked.log.points("a", "loss")] == [
        (1, 1, True), (1, 2, False), (1, 3, False), (2, 2, True), (2, 3, True),
    ]  # fmt: skip
    before = asked.log.points("a", "loss", as_of="2026-11-22T15:09")
    assert [(point.step, point.stands) for point in before] == [(1, True), (2, True), (3, True)]


def test_what_is_not_finite_is_a_float(asked: Asked):
    points = [{"name": "loss", "value": value, "step": step} for step, value in enumerate(("Infinity", "-Infinity", "NaN"))]
    asked.record("run/a", "MetricsRecorded", "15:00:00", points=points)
    assert [str(point.value) for point in asked.log.points("a", "loss")] == ["inf", "-inf", "nan"]


def test_what_serves_is_asked_of_one_model_and_of_all(life: Asked):
    served = Served("digits", "production", "1", "2026-11-22T16:10:00.000000Z", "ada", "run/digits-1", None)
    assert life.log.model("digits").serving("production") == served
    assert life.log.model("digits").serving("staging") is None
    assert life.log.serving() == life.log.serving("production") == [served]
    assert life.log.serving("staging") == life.log.serving(as_of="2026-11-22T16:09:59") == []


@pytest.mark.parametrize(
    ("stream", "kind"), [("run/digits-0", "runs"), ("model/digits", "models"), ("dataset/digits", "datasets")]
)
def test_what_was_hidden_is_in_no_list_until_it_is_asked_for(life: Asked, stream: str, kind: str):
    ask = getattr(life.log, kind)
    everything = ask()
    life.record(stream, "Hidden", "18:00:00", reason="a mistake", by="ada")
    assert stream not in [row.stream for row in ask()]
    assert [row.stream for row in ask(hidden=True)] == [row.stream for row in everything]
    assert ask(as_of="2026-11-22T17:00") == everything
    life.record(stream, "Restored", "19:00:00", by="ada")
    assert [row.stream for row in ask()] == [row.stream for row in everything]


def test_a_list_has_all_that_a_run_recorded_however_much_it_is(asked: Asked):
    hyperparameters = {f"layer_{number}.width": number for number in range(2000)}
    asked.record("run/a", "TrainingStarted", "15:00:00", hyperparameters=hyperparameters)
    asked.record("run/a", "MetricsRecorded", "15:00:10", points=[{"name": f"m{number}", "value": 1} for number in range(1000)])
    for runs in (asked.log.runs(), asked.log.runs("status = 'running'"), asked.log.runs(as_of="2026-11-22T16:00")):
        [run] = runs
        assert run.hyperparameters == hyperparameters
        assert len(run.metrics) == 1000


def test_events_come_as_they_were_recorded(life: Asked):
    events = list(life.log.events("run/digits-0"))
    assert [record.event.type for record in events] == ["TrainingStarted", "MetricsRecorded", "TrainingCompleted"]
    assert events[0].event.data == {"model": "digits", "hyperparameters": {"C": 0}}
    assert all(record.digest == record.event.digest for record in events)


def test_a_stream_is_verified(life: Asked):
    verification = life.log.verify("run/digits-0")
    assert (verification.events, verification.sound, verification.complete) == (3, True, True)


def test_a_stream_that_is_not_there_is_told_with_near_names(life: Asked):
    for ask in (life.log.run, lambda name: life.log.events(f"run/{name}"), lambda name: life.log.verify(f"run/{name}")):
        with pytest.raises(NoSuchStream, match=r"no event of run/digits-11; did you mean `run/digits-1`"):
            ask("digits-11")
    with pytest.raises(NoSuchStream, match=r"no event of run/elsewhere$"):
        life.log.run("elsewhere")


@pytest.mark.parametrize("time", ["yesterdy", "2026", "11/12/2026"])
def test_a_time_that_is_none_is_told_before_anything_is_read(asked: Asked, time: str):
    for ask in (asked.log.runs, asked.log.models, asked.log.datasets):
        with pytest.raises(Misused, match="is no time; allowed: "):
            ask(as_of=time)


def test_a_log_is_opened_by_its_address_any_number_of_times(life: Asked, monkeypatch: pytest.MonkeyPatch):
    with training_events.open_log(life.url) as first, training_events.open_log(life.url) as second:
        assert first.runs() == second.runs() == life.log.runs()
    assert first.run("digits-0") == second.run("digits-0")  # a log that was closed opens again
    monkeypatch.setenv("TRAINING_EVENTS_LOG", life.url)
    assert training_events.open_log().runs() == life.log.runs()


def test_what_arrives_is_in_the_next_answer(life: Asked):
    before = life.log.runs()
    life.record("run/digits-2", "TrainingStarted", "17:00:00")
    assert [run.stream for run in life.log.runs()] == ["run/digits-2", *(run.stream for run in before)]


def test_a_question_makes_no_file(tmp_path: Path):
    with training_events.open_log(f"sqlite:///{tmp_path}/none.db") as log:
        for ask in (log.runs, log.serving, lambda: log.run("a"), lambda: log.events("run/a"), lambda: log.verify("run/a")):
            with pytest.raises(NoSuchLog, match="there is no event log at"):
                ask()
    assert list(tmp_path.iterdir()) == []
