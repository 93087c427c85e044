"""A spool whose disk is full, or that several programs use at once: every event in it is sent, whole and once."""

import itertools
import signal
import threading
from collections import Counter

import msgspec
import pytest
from training_events.proof.verification import verify

from tests.faults.test_publishing import assert_all_recorded, assert_as_without_recording
from tests.support import bus_faults as faults
from tests.support.recording import measured, points


def times_accepted(recording):
    """How often the bus was given each event."""
    return Counter(msgspec.json.decode(envelope["detail"])["event_id"] for envelope in recording.bus.envelopes)


def killed(recording, run, monkeypatch):
    """Kills a training that could send nothing. Returns the ids of the events that it has left in the spool."""
    before = recording.spooled()
    recording.bus.fail_with(itertools.repeat(faults.denied))
    monkeypatch.setenv("TRAINING_EVENTS_RUN", run)
    with recording.start("--work", "threads", "--checkpoint", __file__, "--ending", "wait") as training:
        training.stdout.readline()  # `checkpoint` returns once it is in the spool, and so is everything before it
        while len(recording.spooled() - before) < 3:
            assert training.poll() is None
        training.send_signal(signal.SIGKILL)
        training.communicate()
    recording.bus.fail_with()
    return recording.spooled() - before


@pytest.mark.parametrize("largest_file", [0, 100, 5_000, 20_000])
def test_a_full_disk_loses_nothing_while_the_bus_works(recording, largest_file):
    arguments = ["--work", "threads", "--largest-file", str(largest_file)]
    seen = recording.train(*arguments)
    assert_as_without_recording(recording, arguments, seen)
    recording.settle()
    assert recording.types() == ["TrainingStarted", "TrainingCompleted"]
    assert points(recording.events()) == {f"loss-{number}": measured(f"loss-{number}") for number in range(4)}


def test_a_full_disk_loses_nothing_if_the_bus_comes_back_in_time(recording):
    gate = threading.Event()
    recording.bus.fail_with(
        itertools.repeat(faults.slow(gate, faults.some_fail("InternalFailure", lambda place: place % 2 == 1)), 3)
    )
    with recording.start("--largest-file", "9000", "--ending", "wait for input") as training:
        assert training.stdout.readline() == "ready\n"
        gate.set()
        training.communicate()
    assert training.returncode == 0
    assert_all_recorded(recording)


@pytest.mark.parametrize("largest_file", [0, 9_000])
def test_a_full_disk_without_a_bus_loses_the_newest_events_and_warns(recording, largest_file):
    recording.bus.refuse_connections()
    arguments = ["--largest-file", str(largest_file)]
    seen = recording.train(*arguments)
    assert_as_without_recording(recording, arguments, seen, warnings=2)
    recording.bus.accept_connections()
    left = len(recording.spooled())
    recording.settle()
    assert len(recording.log.events()) == left < 3
    assert f"{3 - left} event(s) are lost" in seen[2]
    verification = verify(recording.log, None, "run/r")
    assert verification.sound
    assert verification.complete == (left == 0), "a later event shows that one before it is lost"


def test_a_spool_that_cannot_be_made_loses_nothing_while_the_bus_works(recording, tmp_path, monkeypatch):
    tmp_path.joinpath("file").write_bytes(b"")
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path / "file" / "spool"))
    assert_as_without_recording(recording, [], recording.train())
    assert_all_recorded(recording)


def test_the_next_recorder_sends_what_a_killed_one_has_left(recording, monkeypatch):
    left = killed(recording, "first", monkeypatch)
    monkeypatch.setenv("TRAINING_EVENTS_RUN", "second")
    assert recording.train()[0] == 0
    assert recording.spooled() == set()
    recording.settle()
    assert left <= {event.event_id for event in recording.events("first")}
    assert recording.types("second") == ["TrainingStarted", "TrainingCompleted"]


def test_several_recorders_send_the_same_left_events_once(recording, monkeypatch):
    left = killed(recording, "first", monkeypatch) | killed(recording, "second", monkeypatch)
    monkeypatch.setenv("TRAINING_EVENTS_RUN", "r")
    next_ones = [recording.start("--ending", "wait for input") for _ in range(3)]
    recording.settle()  # a flush while they work
    for training in next_ones:
        with training:
            training.communicate()
        assert training.returncode == 0
    assert recording.spooled() == set()
    recording.settle()
    assert left <= times_accepted(recording).keys()
    assert set(times_accepted(recording).values()) == {1}
    assert points(recording.events())["loss"] == measured() * 3


def test_a_flush_leaves_the_spool_of_a_running_recorder_alone(recording):
    recording.bus.fail_with(itertools.repeat(faults.denied))
    with recording.start("--checkpoint", __file__, "--ending", "wait for input") as training:
        assert training.stdout.readline() == "ready\n"
        while not recording.spooled():
            assert training.poll() is None
        assert recording.flush() == [], "its own recorder sends it"
        recording.bus.fail_with()
        training.communicate()
    assert_types(recording)


def assert_types(recording):
    recording.settle()
    assert recording.types() == ["TrainingStarted", "CheckpointSaved", "TrainingCompleted"]


def test_a_line_that_was_cut_by_a_kill_is_no_event(recording, monkeypatch):
    left = killed(recording, "first", monkeypatch)
    [file] = recording.spool.glob("*/*.jsonl")
    with file.open("ab") as end:
        end.write(b'{"detail-type":"MetricsRec')
    recording.settle()
    assert {event.event_id for event in recording.events("first")} == left


def test_a_child_that_outlives_its_parent_does_not_hold_its_file(recording):
    recording.bus.fail_with(itertools.repeat(faults.denied))
    with recording.start("--checkpoint", __file__, "--ending", "silent child") as training:
        assert [training.stdout.readline() for _ in range(2)] == ["ready\n", "forked\n"]
        while len(recording.spooled()) < 2:
            assert training.poll() is None
        training.send_signal(signal.SIGKILL)
        assert training.wait() == -signal.SIGKILL
        recording.settle()
        training.communicate()
    assert recording.types()[:1] == ["TrainingStarted"]
