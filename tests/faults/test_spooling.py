"""A spool whose disk is full, or that several programs use at once: what stands in it is sent, whole and once."""

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
    return Counter(msgspec.json.decode(one["detail"])["event_id"] for one in recording.bus.envelopes)


def killed(recording, run, monkeypatch):
    """A training that could send nothing and was killed; the ids of the events it has left."""
    before = recording.spooled()
    recording.bus.misbehave(itertools.repeat(faults.denied))
    monkeypatch.setenv("TRAINING_EVENTS_RUN", run)
    with recording.start("--work", "threads", "--checkpoint", __file__, "--ending", "wait") as training:
        training.stdout.readline()  # a checkpoint is in the spool, and so is all before it, when the next is asked for
        while len(recording.spooled() - before) < 3:
            assert training.poll() is None
        training.send_signal(signal.SIGKILL)
        training.communicate()
    recording.bus.misbehave()
    return recording.spooled() - before


@pytest.mark.parametrize("largest_file", [0, 100, 5_000, 20_000])
def test_a_full_disk_takes_nothing_from_what_is_published(recording, largest_file):
    arguments = ["--work", "threads", "--largest-file", str(largest_file)]
    seen = recording.train(*arguments)
    assert_as_without_recording(recording, arguments, seen)
    recording.settle()
    assert recording.types() == ["TrainingStarted", "TrainingCompleted"]
    assert points(recording.events()) == {f"loss-{number}": measured(f"loss-{number}") for number in range(4)}


def test_a_full_disk_and_a_bus_that_comes_late(recording):
    gate = threading.Event()
    recording.bus.misbehave(
        itertools.repeat(faults.slow(gate, faults.some_fail("InternalFailure", lambda place: place % 2 == 1)), 3)
    )
    with recording.start("--largest-file", "9000", "--ending", "wait for input") as training:
        assert training.stdout.readline() == "ready\n"
        gate.set()
        training.communicate()
    assert training.returncode == 0
    assert_all_recorded(recording)


@pytest.mark.parametrize("largest_file", [0, 9_000])
def test_a_full_disk_and_no_bus_lose_the_newest_and_say_so(recording, largest_file):
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
    assert verification.complete == (left == 0), "what was lost is known by what came behind it"


def test_a_folder_that_cannot_be_made(recording, tmp_path, monkeypatch):
    tmp_path.joinpath("file").write_bytes(b"")
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path / "file" / "spool"))
    assert_as_without_recording(recording, [], recording.train())
    assert_all_recorded(recording)


def test_the_next_recorder_sends_what_was_left(recording, monkeypatch):
    left = killed(recording, "first", monkeypatch)
    monkeypatch.setenv("TRAINING_EVENTS_RUN", "second")
    assert recording.train()[0] == 0
    assert recording.spooled() == set()
    recording.settle()
    assert left <= {event.event_id for event in recording.events("first")}
    assert recording.types("second") == ["TrainingStarted", "TrainingCompleted"]


def test_many_that_come_for_the_same_send_it_once(recording, monkeypatch):
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


def test_what_lives_is_left_alone(recording):
    recording.bus.misbehave(itertools.repeat(faults.denied))
    with recording.start("--checkpoint", __file__, "--ending", "wait for input") as training:
        assert training.stdout.readline() == "ready\n"
        while not recording.spooled():
            assert training.poll() is None
        assert recording.flush() == [], "its own recorder sends it"
        recording.bus.misbehave()
        training.communicate()
    assert_types(recording)


def assert_types(recording):
    recording.settle()
    assert recording.types() == ["TrainingStarted", "CheckpointSaved", "TrainingCompleted"]


def test_a_line_that_was_being_written(recording, monkeypatch):
    left = killed(recording, "first", monkeypatch)
    [file] = recording.spool.glob("*/*.jsonl")
    with file.open("ab") as end:
        end.write(b'{"detail-type":"MetricsRec')
    recording.settle()
    assert {event.event_id for event in recording.events("first")} == left


def test_a_child_that_outlives_its_parent_does_not_keep_its_file(recording):
    recording.bus.misbehave(itertools.repeat(faults.denied))
    with recording.start("--checkpoint", __file__, "--ending", "silent child") as training:
        assert [training.stdout.readline() for _ in range(2)] == ["ready\n", "forked\n"]
        while len(recording.spooled()) < 2:
            assert training.poll() is None
        training.send_signal(signal.SIGKILL)
        assert training.wait() == -signal.SIGKILL
        recording.settle()
        training.communicate()
    assert recording.types()[:1] == ["TrainingStarted"]
