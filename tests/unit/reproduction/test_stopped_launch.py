"""Ctrl-C and SIGTERM, at each step and at any moment: all that the launch started ends, and its folder is gone."""

import random
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest
import training_events as te

from tests.support.launches import Repository
from tests.support.patience import until

pytestmark = pytest.mark.slow
ENDED = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


@pytest.fixture(scope="module")
def repository(tmp_path_factory, wheels):
    """With a run that goes on for longer than any test does."""
    repository = Repository(tmp_path_factory.mktemp("stopped"), wheels)
    repository.train("first", "train.py", "--steps", "3")
    return repository


WAITS = {"arguments": ["--steps", "3", "--wait", "1000"]}


def check_stopped(repository, launched, sent):
    out, err = launched.communicate()
    assert (launched.returncode, err) == (ENDED[sent], "")
    assert out.splitlines()[-1] == f"stopped by {sent.name}: what was started has ended, and its folder is removed"
    assert repository.left_behind() == []
    until(lambda: not processes_of(repository))


def await_line(launched, beginning):
    for line in iter(launched.stdout.readline, ""):
        if line.startswith(beginning):
            return
    raise AssertionError(f"it ended without a line {beginning!r}: {launched.stderr.read()}")


def processes_of(repository):
    """What a launch has started, and what that has started."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is another user's
            if f"TMPDIR={repository.temporary}".encode() in (process / "environ").read_bytes():
                found.append(process.name)
    return found


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("step", ["code: ", "environment: ", "data: ", "program: "])
def test_a_signal_at_each_step_ends_it(repository, step, sent):
    run = f"{step.strip(': ')}-{sent.name}"
    with repository.launch("first", run, WAITS) as launched:
        await_line(launched, step)
        launched.send_signal(sent)
        check_stopped(repository, launched, sent)


@pytest.mark.parametrize("sent", ENDED)
def test_a_program_that_trains_is_asked_to_stop_and_its_run_says_so(repository, sent):
    run = f"trains-{sent.name}"
    with repository.launch("first", run, WAITS) as launched:
        await_line(launched, "trained")
        launched.send_signal(sent)
        check_stopped(repository, launched, sent)
    stopped = te.open_log(repository.log).run(run)
    assert (stopped.status, stopped.stop_reason) == ("stopped", "SIGTERM")


STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, lambda *_: os.write(1, b"asked\\n"))  # not print: the program may just be printing
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
print("trained", flush=True)
while True:
    time.sleep(1000)
"""


def test_a_program_that_does_not_stop_is_killed_at_the_second_signal_with_what_it_started(repository):
    (repository.folder / "stubborn.py").write_text(STUBBORN)
    repository.commit()
    code = {"code": {"commit": repository.git("rev-parse", "HEAD")}}
    with repository.launch("first", "stubborn", WAITS | code | {"entry_point": "stubborn.py"}) as launched:
        for line in ("trained\n", "asked\n"):
            await_line(launched, line)
            launched.send_signal(signal.SIGINT)
        check_stopped(repository, launched, signal.SIGINT)


@pytest.mark.parametrize("seed", range(6))
def test_a_signal_at_a_random_moment_ends_it(repository, seed):
    chance = random.Random(seed)  # noqa: S311 - no secret
    sent, run = chance.choice([signal.SIGINT, signal.SIGTERM]), f"random-{seed}"
    with repository.launch("first", run, WAITS) as launched:
        launched.stdout.readline()  # from here on it knows what to do at a signal
        time.sleep(chance.uniform(0, 2))
        launched.send_signal(sent)
        check_stopped(repository, launched, sent)
