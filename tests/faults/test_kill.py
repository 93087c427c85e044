"""kill -9 at any moment: what was spooled or published is in the log once, and what is missing is the newest alone."""

import itertools
import random
import signal
import subprocess
import sys
import time

from tests.support import bus_faults as faults
from tests.support.bus_server import Fault, well
from tests.support.paths import ROOT
from tests.support.recording import points

ROUNDS, SIDE_BY_SIDE = 100, 4
SEED = random.SystemRandom().getrandbits(32)


def noted(file):
    """How many points a training said, and how many of them it flushed at least; whether it came to its end."""
    lines = file.read_text().split("\n")[:-1] if file.exists() else []
    flushed = [int(line.split()[1]) + 1 for line in lines if line.startswith(("flushed", "stored"))]
    return sum(line.startswith("said") for line in lines), max(flushed, default=0), "ended" in lines


def test_a_hundred_kills_at_random_moments(recording, tmp_path):
    chance = random.Random(SEED)  # noqa: S311 - no secret
    some_fail = faults.some_fail("InternalFailure", lambda place: place % 2 == 1)
    kinds: list[Fault] = [*[well] * 5, faults.reply_lost, faults.hung_up, some_fail]
    recording.bus.misbehave(chance.choice(kinds) for _ in itertools.count())
    command = [sys.executable, "-m", "tests.support.killed_trainings"]
    programs = [
        subprocess.Popen([*command, str(SEED + number), str(ROUNDS // SIDE_BY_SIDE), str(tmp_path)], cwd=ROOT)
        for number in range(SIDE_BY_SIDE)
    ]
    assert [program.wait() for program in programs] == [0] * SIDE_BY_SIDE
    recording.settle()
    names = [f"killed-{SEED + one}-{number}" for one in range(SIDE_BY_SIDE) for number in range(ROUNDS // SIDE_BY_SIDE)]
    cut_short = 0
    for name in names:
        said, flushed, ended = noted(tmp_path / name)
        events = recording.events(name)  # sound and complete, as far as its producer came
        found = [value for _, value in points(events)["number"]]
        assert found == list(range(len(found))), f"{name}: a hole, or a point twice"
        assert flushed <= len(found) <= said + 1, name  # it may be killed before it notes what it said
        assert len({event.producer.id for event in events}) <= 1
        if ended:
            assert (events[-1].type, len(found)) == ("TrainingCompleted", said), name
        cut_short += len(found) < said or not ended
    assert cut_short > ROUNDS // 4, "they were killed indeed"


def test_a_training_that_never_flushes_loses_the_last_interval_alone(recording):
    """Nobody asks for anything: what is there after a kill, the recorder wrote by itself, up to where it came."""
    with recording.start("--ending", "wait") as training:
        while not recording.bus.accepted > 1:  # the start, and the first batch of points
            time.sleep(0.01)
        training.send_signal(signal.SIGKILL)
    recording.settle()
    assert recording.types() == ["TrainingStarted"]
    assert len(points(recording.events())["loss"]) == 300
