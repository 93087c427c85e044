"""Whatever ends a training, from outside or inside, ends it as it would without recording, and the run records how."""

import os
import signal
import subprocess
import sys

import pytest

from tests.support.recording import measured, points

LAST_EVENTS = {
    "return": "TrainingCompleted",
    "exit 0": "TrainingCompleted",
    "exit 3": "TrainingFailed",
    "exit with a text": "TrainingFailed",
    "fail": "TrainingFailed",
    "interrupt": "TrainingStopped",
    "cancelled task": "TrainingStopped",
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
        ("raise", signal.SIGTERM, ["TrainingStopped"]),
        ("none", signal.SIGINT, ["TrainingStopped"]),
        ("none", signal.SIGHUP, ["TrainingStopped"]),
        ("none", signal.SIGQUIT, ["TrainingStopped"]),
        ("none", signal.SIGXCPU, ["TrainingStopped"]),
        ("none", signal.SIGUSR1, ["TrainingStopped"]),
        ("none", signal.SIGUSR2, ["TrainingStopped"]),
        ("leave", signal.SIGUSR1, ["TrainingStopped"]),
        ("raise", signal.SIGHUP, ["TrainingStopped"]),
        ("none", signal.SIGALRM, []),
    ],
)
@pytest.mark.parametrize("by_hand", [False, True])
def test_a_signal_ends_the_training_and_is_recorded(recording, handler, sent, ended, by_hand):
    handled = sent.name if handler != "none" else "SIGTERM"
    arguments = ["--handler", handler, "--handled", handled, "--ending", "wait", *["--by-hand"] * by_hand]
    seen = outcome(recording, arguments, sent)
    plain = outcome(recording, ["--unrecorded", *arguments], sent)
    assert seen[:2] == plain[:2]
    assert seen[2].splitlines()[-1:] == plain[2].splitlines()[-1:]  # the rest of a traceback depends on where it happened to be
    ours = [line for line in seen[2].splitlines() if "training_events" in line]
    assert ours == [] or handler == "raise", "a traceback begins where the handler was called"
    assert all(line.startswith("  File ") for line in ours)
    recording.settle()
    if ended:
        assert recording.types() == ["TrainingStarted", *ended]
        assert recording.events()[-1].data["reason"] == ("KeyboardInterrupt" if sent == signal.SIGINT else sent.name)
        assert all_points(recording)
    else:  # the recorder handles no other signal: at most the last interval is missing
        assert recording.types() in ([], ["TrainingStarted"])
        assert points(recording.events())["loss"] in ([], measured())


@pytest.mark.parametrize(
    ("handler", "sent"),
    [
        ("ignore", signal.SIGTERM),
        ("ignore", signal.SIGHUP),  # nohup
        ("print", signal.SIGUSR1),  # a program's own business
        ("print", signal.SIGUSR2),
        ("native", signal.SIGUSR1),  # faulthandler.register, which prints where the program is
    ],
)
def test_a_signal_that_does_not_end_the_program_ends_no_run(recording, handler, sent):
    arguments = ["--handler", handler, "--handled", sent.name, "--ending", "wait for input"]
    code, out, err = outcome(recording, arguments, sent)
    plain = outcome(recording, ["--unrecorded", *arguments], sent)
    assert (code, err) == (plain[0], plain[2])
    said, plainly = out.splitlines(), plain[1].splitlines()
    assert (said[0], said[-1]) == (plainly[0], plainly[-1])
    assert (len(said) > 2) == (len(plainly) > 2), "its handler has printed something"
    recording.settle()
    assert recording.types() == ["TrainingStarted", "TrainingCompleted"]


def test_ctrl_c_in_a_task_of_asyncio_stops_the_training(recording):
    with recording.start("--ending", "task") as training:
        assert [training.stdout.readline() for _ in range(2)] == ["ready\n", "waiting\n"]
        training.send_signal(signal.SIGINT)
        training.communicate()
    recording.settle()
    assert recording.types() == ["TrainingStarted", "TrainingStopped"]


AT_A_PROMPT = """
from training_events import record_run
a_typo
run = record_run(run_id="r").start()
"""


@pytest.mark.parametrize("lines", [AT_A_PROMPT, AT_A_PROMPT + "another_typo\n"])
def test_an_error_at_a_prompt_does_not_end_the_run_that_is_left_open(recording, lines):
    """As in a notebook whose kernel is closed: the program went on after the error."""
    done = subprocess.run([sys.executable, "-i"], input=lines, capture_output=True, text=True, check=False)
    assert "NameError" in done.stderr
    recording.settle()
    assert recording.types() == ["TrainingStarted", "TrainingStopped"]
    assert recording.events()[-1].data == {"reason": "the program ended without finishing the run"}


def test_an_exception_that_the_program_has_shown_and_survived_does_not_end_the_run(recording):
    """As a test runner, a console inside a program, or a server keeps the last one."""
    lines = """
import code, sys
from training_events import record_run
run = record_run(run_id="r").start()
console = code.InteractiveInterpreter()
console.runsource("a_typo")
assert isinstance(sys.last_value, NameError)
"""
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    recording.settle()
    assert recording.types() == ["TrainingStarted", "TrainingStopped"]


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
