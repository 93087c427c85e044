"""When a stream is set aside, by a clock that the test moves."""

import pytest
from training_events.projection.failing import MIN_SECONDS, MIN_SECONDS_ALONE, REST_SECONDS, FailingStreams


class Clock:
    seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


def failures(failing, clock, count, seconds):
    """What the failures of run/a give, so many seconds apart."""
    answers = []
    for _ in range(count):
        answers.append(failing.failed("run/a"))
        clock.seconds += seconds
    return answers


def test_a_stream_is_set_aside_when_it_fails_for_a_minute_while_others_succeed(clock):
    failing = FailingStreams(clock)
    assert failures(failing, clock, 1, 1) == [False]
    failing.succeeded("run/b")
    assert failures(failing, clock, 30, 1) == [False] * 30, "the table may be busy for some seconds"
    clock.seconds += MIN_SECONDS
    assert failing.failed("run/a")


def test_a_stream_that_succeeds_in_between_is_not(clock):
    failing = FailingStreams(clock)
    for _ in range(10):
        assert not failing.failed("run/a")
        clock.seconds += MIN_SECONDS
        failing.succeeded("run/a")


def test_one_slow_failure_is_not_enough(clock):
    failing = FailingStreams(clock)
    failing.failed("run/a")
    failing.succeeded("run/b")
    clock.seconds += 10 * MIN_SECONDS
    assert not failing.failed("run/a")


def test_where_all_fail_all_wait_longer(clock):
    failing = FailingStreams(clock)
    assert not any(failures(failing, clock, 14, 60))
    clock.seconds += MIN_SECONDS_ALONE
    assert failing.failed("run/a")


def test_what_was_set_aside_rests_and_is_then_tried_once(clock):
    failing = FailingStreams(clock)
    failing.rest("run/a")
    assert failing.is_resting("run/a")
    clock.seconds += REST_SECONDS
    assert (failing.is_resting("run/a"), failing.was_set_aside("run/a")) == (False, True)
    assert failing.failed("run/a"), "at once"
    failing.rest("run/a")
    assert failing.is_resting("run/a")
    failing.succeeded("run/a")
    assert (failing.is_resting("run/a"), failing.was_set_aside("run/a")) == (False, False)
