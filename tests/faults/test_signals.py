"""Whatever ends a training, from outside or inside, ends it as it would without recording, and the run records how."""

import os
import signal

import pytest

from tests.support.recording import measured, points

LAST_EVENTS = {
    "return": "TrainingCompleted",
    "exit 0": "TrainingCompleted",
    "exit 3": "TrainingFailed",
    "exit with a text": "TrainingFailed",
    "fail": "TrainingFailed",
    "interrupt": "TrainingStopped",
    "fork": "TrainingCompleted",
}


def outcome(recording, arguments, send):
    """Exit code and outputs of a training that gets a signal when it has recorded everything."""
    with recording.start(*arguments) as training:
        ready = training.stdout.readline()
        training.send_signal(send)
        out, err = training.communicate()
    return training.returncode, ready + out, err


def all_points(recording):
    return points(recording.events())["loss"] == measured()


@pytest.mark.parametrize("ending", LAST_EVENTS)
def test_leaving_the_block_records_how_the_training_ended(recording, ending):
    arguments = ["--ending", ending]
    code, out, err = recording.train(*arguments)
    plain_code, plain_out, plain_err = recording.train("--unrecorded", *arguments)
    assert (code, out) == (plain_code, plain_out)
    assert err.splitlines()[-1:] == plain_err.splitlines()[-1:]
    assert len(err.splitlines()) == len(plain_err.splitlines()), "the same traceback, and nothing of ours in it"
    recording.settle()
    assert recording.types() == ["TrainingStarted", LAST_EVENTS[ending]]
    assert all_points(recording)


@pytest.mark.parametrize("ending", ["return", "fail", "exit 3"])
def test_a_program_that_ends_before_it_finishes_its_run_by_hand(recording, ending):
    arguments = ["--by-hand", "--ending", ending]
    seen = recording.train(*arguments)
    assert seen[:2] == recording.train("--unrecorded", *arguments)[:2]
    recording.settle()
    expected = {"return": "TrainingCompleted", "fail": "TrainingFailed", "exit 3": "TrainingStopped"}
    assert recording.types() == ["TrainingStarted", expected[ending]]
    assert all_points(recording)


def test_os_exit_loses_nothing_that_was_flushed(recording):
    assert recording.train("--ending", "os._exit")[:2] == recording.train("--unrecorded", "--ending", "os._exit")[:2]
    recording.settle()
    assert recording.types() == ["TrainingStarted"]
    assert all_points(recording), "they were flushed"


@pytest.mark.parametrize(
    ("handler", "sent", "ended"),
    [
        ("none", signal.SIGTERM, ["TrainingStopped"]),
        ("leave", signal.SIGTERM, ["TrainingStopped"]),
        ("remember", signal.SIGTERM, ["TrainingStopped"]),
        ("none", signal.SIGINT, ["TrainingStopped"]),
        ("none", signal.SIGHUP, []),
    ],
)
@pytest.mark.parametrize("by_hand", [False, True])
def test_a_signal_ends_the_training_and_is_recorded(recording, handler, sent, ended, by_hand):
    arguments = ["--handler", handler, "--ending", "wait", *["--by-hand"] * by_hand]
    seen = outcome(recording, arguments, sent)
    plain = outcome(recording, ["--unrecorded", *arguments], sent)
    assert seen[:2] == plain[:2]
    assert seen[2].splitlines()[-1:] == plain[2].splitlines()[-1:]  # the rest of a traceback depends on where it happened to be
    assert "training_events" not in seen[2]
    recording.settle()
    if ended:
        assert recording.types() == ["TrainingStarted", *ended]
        assert all_points(recording)
    else:  # the recorder handles no other signal: at most the last interval is missing
        assert recording.types() in ([], ["TrainingStarted"])
        assert points(recording.events())["loss"] in ([], measured())


def test_an_ignored_signal_stays_ignored(recording):
    arguments = ["--handler", "ignore", "--ending", "wait for input"]
    assert outcome(recording, arguments, signal.SIGTERM) == outcome(recording, ["--unrecorded", *arguments], signal.SIGTERM)
    recording.settle()
    assert recording.types() == ["TrainingStarted", "TrainingCompleted"]


def test_a_signal_while_the_bus_is_away_loses_nothing(recording):
    recording.bus.refuse_connections()
    arguments = ["--ending", "wait"]
    code, out, _ = outcome(recording, arguments, signal.SIGTERM)
    assert (code, out) == (-signal.SIGTERM, "ready\n")
    recording.bus.accept_connections()
    recording.settle()
    assert recording.types() == ["TrainingStarted", "TrainingStopped"]
    assert all_points(recording)


def test_a_signal_to_a_whole_process_group_loses_nothing(recording):
    """As at a terminal's Ctrl-C or a launcher's end, every process gets the signal at once."""
    with recording.start("--work", "threads", "--ending", "wait", start_new_session=True) as training:
        training.stdout.readline()
        os.killpg(training.pid, signal.SIGTERM)
        training.communicate()
    assert training.returncode == -signal.SIGTERM
    recording.settle()
    assert recording.types() == ["TrainingStarted", "TrainingStopped"]
    assert points(recording.events()) == {f"loss-{number}": measured(f"loss-{number}") for number in range(4)}
