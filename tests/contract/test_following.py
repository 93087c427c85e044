"""A run that is followed: on every kind of log the same states, as they come."""

import pytest
from training_events.errors import NoSuchStream
from training_events.reading.following import follow, has_begun, wait_for_beginning

from tests.support.asking import Asked


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it would have slept."""
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    return slept


def test_each_look_has_the_newest_events_and_the_last_one_the_end(asked: Asked, pauses: list[float]) -> None:
    asked.record("run/a", "TrainingStarted", "15:00:00")
    states = follow(asked.sources, "run/a")
    assert next(states).status == "running"
    asked.record("run/a", "MetricsRecorded", "15:00:10", points=[{"name": "loss", "value": 0.5, "step": 1}])
    assert next(states).metrics["loss"].last.value == 0.5
    asked.record("run/a", "CheckpointSaved", "15:00:05", step=0)  # late
    assert next(states).checkpoints_saved == 1
    asked.record("run/a", "TrainingCompleted", "15:00:20")
    assert [state.status for state in states] == ["completed"]
    assert sum(pause >= 1 for pause in pauses) == 3


def test_a_run_that_the_log_does_not_have_is_waited_for_only_if_one_says_so(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked.record("run/other", "TrainingStarted", "15:00:00")
    with pytest.raises(NoSuchStream):
        next(follow(asked.sources, "run/a"))
    assert not has_begun(asked.sources, "run/a")
    monkeypatch.setattr("time.sleep", lambda _: asked.record("run/a", "TrainingStarted", "15:00:01"))
    wait_for_beginning(asked.sources, "run/a")
    assert has_begun(asked.sources, "run/a")
