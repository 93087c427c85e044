"""kill -9 at any moment: what was spooled or published is in the log once, and only the newest points are missing."""

import itertools
import random
import signal
import subprocess
import sys
import time

from tests.support import bus_faults as faults
from tests.support.bus_server import Fault, no_fault
from tests.support.paths import ROOT
from tests.support.recording import points

ROUNDS, SIDE_BY_SIDE = 100, 4
SEED = random.SystemRandom().getrandbits(32)


def noted(file):
    """How many points a training recorded, how many of them it flushed at least, and whether it came to its end."""
    lines = file.read_text().split("\n")[:-1] if file.exists() else []
    flushed = [int(line.split()[1]) + 1 for line in lines if line.startswith(("flushed", "stored"))]
    return sum(line.startswith("recorded") for line in lines), max(flushed, default=0), "ended" in lines


def test_a_hundred_kills_at_random_moments_leave_no_hole(recording, tmp_path):
    chance = random.Random(SEED)  # noqa: S311 - no secret
    some_fail = faults.some_fail("InternalFailure", lambda place: place % 2 == 1)
    kinds: list[Fault] = [*[no_fault] * 5, faults.reply_lost, faults.hung_up, some_fail]
    recording.bus.fail_with(chance.choice(kinds) for _ in itertools.count())
    command = [sys.executable, "-m", "tests.support.killed_trainings"]
    programs = [
        subprocess.Popen([*command, str(SEED + number), str(ROUNDS // SIDE_BY_SIDE), str(tmp_path)], cwd=ROOT)
        for number in range(SIDE_BY_SIDE)
    ]
    assert [program.wait() for program in programs] == [0] * SIDE_BY_SIDE
    recording.settle()
    names = [f"killed-{SEED + program}-{number}" for program in range(SIDE_BY_SIDE) for number in range(ROUNDS // SIDE_BY_SIDE)]
    cut_short = 0
    for name in names:
        calls, flushed, ended = noted(tmp_path / name)
        events = recording.events(name)  # sound and complete, as far as its producer came
        numbers = [value for _, value in points(events)["number"]]
        assert numbers == list(range(len(numbers))), f"{name}: a hole, or a point twice"
        assert flushed <= len(numbers) <= calls + 1, name  # it may be killed before it notes its last call
        assert len({event.producer.id for event in events}) <= 1
        if ended:
            assert (events[-1].type, len(numbers)) == ("TrainingCompleted", calls), name
        cut_short += len(numbers) < calls or not ended
    assert cut_short > ROUNDS // 4, "the kills came while they recorded"


def test_a_training_that_is_killed_right_after_its_start_has_started(recording):
    """By then `start` has put the event on disk, though the thread that does it gets no turn of its own."""
    program = (
        "import os, signal, sys\n"
        "from training_events import record_run\n"
        "sys.setswitchinterval(60)\n"
        "record_run(run_id='r').start()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == -signal.SIGKILL
    recording.settle()
    assert recording.types() == ["TrainingStarted"]


def test_a_killed_training_that_never_flushes_loses_only_the_last_interval(recording):
    """Everything that is recorded after the kill the recorder has written by itself."""
    with recording.start("--ending", "wait") as training:
        while not recording.bus.accepted > 1:  # the start, and the first batch of points
            time.sleep(0.01)
        training.send_signal(signal.SIGKILL)
    recording.settle()
    assert recording.types() == ["TrainingStarted"]
    assert len(points(recording.events())["loss"]) == 300
