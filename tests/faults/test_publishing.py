"""Whatever the bus does, the training ends as it would without recording, and all of its events are recorded once."""

import itertools
import threading
import time

import pytest

from tests.support import bus_faults as faults
from tests.support.recording import measured, points

FAULTS = {
    "denied": faults.denied,
    "throttled": faults.throttled,
    "failing": faults.failed,
    "hanging up": faults.hung_up,
    "losing its replies": faults.reply_lost,
    "cutting its replies": faults.reply_cut,
    "failing for every entry": faults.some_fail("InternalFailure", lambda _: True),
    "failing for some entries": faults.some_fail("ThrottlingException", lambda place: place % 2 == 1),
}


def assert_as_without_recording(recording, arguments, seen, warnings=0):
    """The same exit code and output, and on standard error only so many warnings more."""
    code, out, err = recording.train("--unrecorded", *arguments)
    assert seen[:2] == (code, out)
    more = seen[2].removesuffix(err)
    assert len(more.splitlines()) == warnings, more


def points_accepted(recording):
    recording.bus.hand_over(recording.log)
    return points(recording.log.events())["loss"]


def assert_all_recorded(recording):
    recording.settle()
    assert recording.types() == ["TrainingStarted", "TrainingCompleted"]
    assert points(recording.events()) == {"loss": measured()}


def test_a_bus_without_faults_leaves_nothing_in_the_spool(recording):
    seen = recording.train()
    assert_as_without_recording(recording, [], seen)
    assert recording.spooled() == set()
    assert_all_recorded(recording)


def test_a_bus_that_refuses_connections_from_the_start(recording):
    recording.bus.refuse_connections()
    seen = recording.train()
    assert_as_without_recording(recording, [], seen, warnings=1)
    assert len(recording.spooled()) == 3
    recording.bus.accept_connections()
    assert_all_recorded(recording)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_from_the_start(recording, fault):
    recording.bus.fail_with(itertools.repeat(FAULTS[fault]))
    seen = recording.train()
    assert_as_without_recording(recording, [], seen, warnings="some" not in fault)
    assert_all_recorded(recording)


def until(condition):
    while not condition():
        time.sleep(0.01)


@pytest.mark.parametrize("fault", ["refusing connections", "hanging up", "losing its replies", "denied"])
def test_a_fault_from_the_middle_on(recording, fault):
    arguments = ["--checkpoint", __file__, "--ending", "wait for input"]
    with recording.start(*arguments) as training:
        until(lambda: recording.bus.accepted)  # the rest of the training comes after that
        if fault in FAULTS:
            recording.bus.fail_with(itertools.repeat(FAULTS[fault]))
        else:
            recording.bus.refuse_connections()
        out, err = training.communicate()
    assert_as_without_recording(recording, arguments, (training.returncode, out, err), warnings=1)
    recording.bus.accept_connections()
    recording.settle()
    assert recording.types() == ["TrainingStarted", "CheckpointSaved", "TrainingCompleted"]
    assert points(recording.events()) == {"loss": measured()}


def test_a_bus_that_comes_back_gets_everything_while_the_training_goes_on(recording):
    recording.bus.fail_with(itertools.repeat(faults.denied, 3))
    with recording.start("--ending", "wait for input") as training:
        until(lambda: len(points_accepted(recording)) == 300)
        training.communicate()
    assert training.returncode == 0
    assert recording.spooled() == set(), "no other recorder was needed"
    assert_all_recorded(recording)


def test_the_loop_does_not_wait_for_a_slow_bus(recording):
    """No reply comes before the training is at its end."""
    gate = threading.Event()
    recording.bus.fail_with(itertools.repeat(faults.slow(gate)))
    with recording.start("--ending", "wait for input") as training:
        assert training.stdout.readline() == "ready\n"
        until(lambda: recording.bus.requests)
        assert recording.bus.accepted == 0
        gate.set()
        training.communicate()
    assert training.returncode == 0
    assert_all_recorded(recording)


def test_replies_that_take_ten_seconds(recording):
    recording.bus.fail_with(faults.slow(10.0))
    seen = recording.train()
    assert_as_without_recording(recording, [], seen)
    assert_all_recorded(recording)
