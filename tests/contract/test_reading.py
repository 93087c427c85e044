"""What `open_log` answers, the same of tables and of a file."""

from datetime import UTC, datetime

import pytest
import training_events
from training_events.errors import Misused, NoSuchStream

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
