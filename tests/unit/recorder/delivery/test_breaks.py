"""A background thread's breaks: often enough while it works, and none beside its waits."""

import pytest
from training_events.recorder.delivery import breaks as module
from training_events.recorder.delivery.breaks import BREAK_SECONDS, WORK_SECONDS, Breaks


class Clock:
    """In place of `time`."""

    def __init__(self):
        self.now, self.sleeps = 1000.0, []

    def perf_counter(self):
        return self.now

    def sleep(self, seconds):
        self.sleeps.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_no_piece_of_work_is_much_longer_than_it_may_be(clock):
    breaks, step = Breaks(), WORK_SECONDS / 10
    breaks.take_if_due()  # the work begins
    worked = longest = 0.0
    for _ in range(1000):
        clock.now += step
        worked, taken = worked + step, len(clock.sleeps)
        breaks.take_if_due()
        longest = max(longest, worked)
        worked = 0.0 if len(clock.sleeps) > taken else worked
    assert longest < 1.3 * WORK_SECONDS
    assert set(clock.sleeps) == {BREAK_SECONDS}


def test_a_thread_that_has_waited_needs_no_break(clock):
    breaks = Breaks()
    for _ in range(10):
        breaks.take_if_due()
        clock.now += 1
    assert clock.sleeps == []
