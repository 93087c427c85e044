"""The pace of a run: by the training's clock, over the last minute that was watched."""

import pytest
from training_events import folds
from training_events.reading.pace import Pace, Rates

from tests.support.command_line import make_event
from tests.support.fakes import InMemoryLog


def states_of(events):
    """The run's state after each event."""
    log = InMemoryLog()
    for event in events:
        log.append(event)
        yield folds.fold(folds.empty("run/a"), log.entries("run/a"))


def points(second, step, count=1):
    batch = [{"name": f"loss_{number}", "value": 1.0, "step": step} for number in range(count)]
    return make_event("run/a", "MetricsRecorded", second, points=batch)


def rates_of(events):
    pace = Pace()
    return [pace.rates(state) for state in states_of(events)]


def test_the_first_state_gives_the_pace_since_the_first_points():
    *_, state = states_of([make_event("run/a", "TrainingStarted", 0), points(50, 0, count=2), points(60, 20, count=2)])
    assert Pace().rates(state) == Rates(2.0, 0.2)


def test_a_run_that_slows_down_has_the_pace_of_the_last_minute():
    quick = [points(second, second * 10) for second in range(1, 101)]
    slow = [points(second, 1000 + (second - 100) // 10) for second in range(110, 200, 10)]
    assert rates_of(quick)[-1] == Rates(10.0, 1.0)
    assert rates_of(quick + slow)[-1] == Rates(0.1, 0.1)


def test_a_further_attempt_has_a_pace_of_its_own():
    first = [make_event("run/a", "TrainingStarted", 0), *(points(second, second * 100) for second in range(1, 10))]
    again = [make_event("run/a", "TrainingStarted", 20), points(30, 500), points(40, 510)]
    assert rates_of(first + again)[-1].steps_per_second == pytest.approx(1.0)


def test_without_points_steps_or_time_nothing_is_said():
    start = make_event("run/a", "TrainingStarted", 0)
    assert rates_of([start, points(10, 0)]) == [Rates(), Rates()]
    assert rates_of([start, points(10, None), points(20, None)])[-1] == Rates(None, 0.1)


def test_looking_twice_at_the_same_state_changes_nothing():
    pace, states = Pace(), list(states_of([points(10, 0), points(20, 5), points(30, 20)]))
    once = [pace.rates(state) for state in states]
    again = Pace()
    assert [again.rates(state) for state in states for _ in range(3)][::3] == once
