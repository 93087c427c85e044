"""Workers and the processes of their runs are killed at random moments: no request is lost, and none runs twice to its end."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from training_events import open_log
from training_events.catalogue.run import TrainingRequested
from training_events.proof.verification import verify
from training_events.settings import Settings
from training_events.stores.opening import open_event_log
from training_events.training.asking import requested_event
from training_events.worker.task import MAX_STARTS, task_files, worker_folder

from tests.support.patience import until

KILLS = int(os.environ.get("WORKER_KILLS", "10"))
SEED = random.SystemRandom().getrandbits(32)
MAX_SECONDS = 1.5
RECIPE = """\
model = "killed"
command = ["python", "train.py"]
max_running = 1000
max_a_day = 1000
"""
PROGRAM = """\
import os, time
from training_events import record_run

with record_run(model="killed") as run:
    for step in range(10):
        run.metric("loss", 1 / (step + 1), step=step)
        time.sleep(0.05)
with open("ended", "a") as file:
    file.write(run.id + "\\n")
"""
WAITING = """\
import time
from pathlib import Path
from training_events import record_run

with record_run(model="killed") as run:
    with open("began", "a") as file:
        file.write("once\\n")
    while not Path("go").exists():
        time.sleep(0.05)
"""
COMMAND_LINE = [sys.executable, "-c", "from training_events.cli import main; main()"]


class Machine:
    """A laptop with a log and a recipe, on which workers are started and killed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.url = folder, f"sqlite:///{folder}/log.db"
        (folder / "training" / "recipes").mkdir(parents=True)
        (folder / "training" / "recipes" / "killed.toml").write_text(RECIPE, encoding="utf-8")
        (folder / "train.py").write_text(PROGRAM, encoding="utf-8")

    @property
    def state(self) -> Path:
        return worker_folder(Settings(), self.url)

    def request(self, name: str) -> None:
        open_event_log(self.url).append(requested_event(f"run/{name}", TrainingRequested(recipe="killed")))

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[str]]:
        command = [*COMMAND_LINE, "worker", "--once"]
        with subprocess.Popen(command, cwd=self.folder, start_new_session=True, stdout=subprocess.PIPE, text=True) as worker:
            try:
                yield worker
            finally:
                worker.kill()

    def times_begun(self) -> int:
        """How often the waiting program has begun."""
        with suppress(FileNotFoundError):
            return (self.folder / "began").read_text(encoding="utf-8").count("\n")
        return 0

    def has_begun(self, times: int) -> bool:
        return self.times_begun() >= times

    def processes(self) -> list[int]:
        """The numbers of the processes that have begun with a task and live."""
        tasks = (files.read() for files in task_files(self.state))
        return [task.process for task in tasks if task is not None and task.process and self._is_ours(task.process)]

    def programs(self) -> list[int]:
        """Those of the trainings."""
        return [child for process in self.processes() for child in _children(process) if self._is_ours(child)]

    def _is_ours(self, process: int) -> bool:
        with suppress(OSError):
            return Path(f"/proc/{process}/cwd").readlink() == self.folder  # a number may be another's by now
        return False


def _children(process: int) -> list[int]:
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()]
    return []


@pytest.fixture(name="machine")
def _machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    for name in [name for name in os.environ if name.startswith("TRAINING_EVENTS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    machine = Machine(tmp_path)
    monkeypatch.setenv("TRAINING_EVENTS_LOG", machine.url)
    yield machine
    (tmp_path / "go").touch()


def kill(machine: Machine, what: str, chance: random.Random) -> None:
    """Kill one of these processes, if there is one at this moment, or the whole session of a run."""
    found = machine.programs() if what == "program" else machine.processes()
    with suppress(ProcessLookupError):  # it has ended by now
        if found and what == "session":
            os.killpg(chance.choice(found), signal.SIGKILL)
        elif found:
            os.kill(chance.choice(found), signal.SIGKILL)


def test_kills_at_random_moments_lose_no_request_and_run_none_twice_to_its_end(machine):
    chance = random.Random(SEED)  # noqa: S311 - no secret
    names = [f"killed-{number}" for number in range(KILLS)]
    for number, name in enumerate(names):
        machine.request(name)
        with machine.worker() as worker:
            time.sleep(chance.random() * MAX_SECONDS)
            for what in (["worker"], ["process"], ["session", "worker"], ["program"], ["session"])[number % 5]:
                if what == "worker":
                    worker.kill()
                else:
                    until(lambda: machine.processes() or worker.poll() is not None)
                    kill(machine, what, chance)
    with machine.worker() as worker:
        worker.communicate()
    assert worker.returncode == 0
    assert not list(task_files(machine.state)), "something is left to do"
    ended = Counter((machine.folder / "ended").read_text(encoding="utf-8").split())
    log = open_log(machine.url)
    for name in names:
        check_run(log, machine.url, name, ended[name])


def check_run(log: Any, url: str, name: str, times_ended: int) -> None:
    state = log.run(name)
    verification = verify(open_event_log(url), None, f"run/{name}")
    assert verification.sound, verification.findings
    types = Counter(record.event.type for record in log.events(f"run/{name}"))
    ends = types["TrainingCompleted"] + types["TrainingFailed"] + types["TrainingStopped"]
    assert (types["TrainingRequested"], ends) == (1, 1), f"seed {SEED}: {name} {types}"
    assert state.status in ("completed", "failed"), f"seed {SEED}: {name} is {state.status}"
    assert types["TrainingStarted"] <= MAX_STARTS, f"seed {SEED}: {name} {types}"
    assert times_ended <= (state.status == "completed"), f"seed {SEED}: {name} ended {times_ended} times, {state.status}"
    if state.status == "completed":
        assert state.metrics["loss"].last.value == 0.1


def test_a_program_whose_worker_and_process_were_killed_goes_on_and_is_not_started_again(machine):
    (machine.folder / "train.py").write_text(WAITING, encoding="utf-8")
    machine.request("a")
    with machine.worker() as worker:
        until(machine.times_begun)
        [process] = machine.processes()
        worker.kill()
        os.kill(process, signal.SIGKILL)
    with machine.worker() as worker:
        assert worker.stdout is not None
        assert "run/a runs already" in worker.stdout.readlines(1)[0] + worker.stdout.readline()
        (machine.folder / "go").touch()
        assert "run/a has completed" in worker.communicate()[0]
    assert machine.times_begun() == 1


def test_a_run_whose_process_dies_again_and_again_has_failed(machine):
    (machine.folder / "train.py").write_text(WAITING, encoding="utf-8")
    machine.request("a")
    with machine.worker() as worker:
        for number in range(MAX_STARTS):
            until(partial(machine.has_begun, number + 1))
            [process] = machine.processes()
            os.killpg(process, signal.SIGKILL)
        assert "run/a has failed: its process has died 3 times without an end" in worker.communicate()[0]
    run = open_log(machine.url).run("a")
    assert (run.status, len(run.attempts)) == ("failed", MAX_STARTS)


def test_a_program_that_is_asked_to_stop_has_stopped(machine):
    (machine.folder / "train.py").write_text(WAITING, encoding="utf-8")
    machine.request("a")
    with machine.worker() as worker:
        until(machine.times_begun)
        [process] = machine.processes()
        os.kill(process, signal.SIGTERM)
        assert "run/a was stopped: SIGTERM" in worker.communicate()[0]


def test_ctrl_c_ends_the_worker_and_not_what_it_has_started(machine):
    (machine.folder / "train.py").write_text(WAITING, encoding="utf-8")
    machine.request("a")
    with machine.worker() as worker:
        until(machine.times_begun)
        os.killpg(worker.pid, signal.SIGINT)
        worker.communicate()
    assert worker.returncode == 130
    assert machine.programs()
    (machine.folder / "go").touch()
    until(lambda: open_log(machine.url).run("a").status == "completed")
