"""Many threads and processes record into one run: each process is a producer of its own, and no event of any is lost."""

import subprocess
import sys

import pytest
from training_events.event import Event

from tests.support.paths import ROOT
from tests.support.recording import measured, points
from tests.support.training_script import WORKERS

EACH = {f"loss-{number}": measured(f"loss-{number}") for number in range(WORKERS)}


def producers(recording):
    return {event.producer.id for event in recording.events()}


@pytest.mark.parametrize(
    ("work", "children", "more"),
    [
        ("threads", 0, {}),
        ("forks", WORKERS, {"before": [(None, 1)], "after": [(None, 1)]}),
        ("threads of a fork", 1, {}),
        ("processes by fork", WORKERS, {}),
        ("processes by spawn", WORKERS, {}),
    ],
)
@pytest.mark.parametrize("away", [False, True])
def test_every_point_of_every_worker_is_recorded_once_and_in_order(recording, work, children, more, away):
    if away:
        recording.bus.refuse_connections()
    code, out, err = recording.train("--work", work)
    assert (code, out, "") == recording.train("--unrecorded", "--work", work)
    assert len(err.splitlines()) <= (1 + children) * away, err
    recording.bus.accept_connections()
    recording.settle()
    assert points(recording.events()) == EACH | more
    assert len(producers(recording)) == 1 + children
    assert recording.types() in (
        ["TrainingStarted", "TrainingCompleted"],
        ["TrainingCompleted", "TrainingStarted"],
    ), "recorded once, by the process that started the run"


HANGING_DISK = """
import os, threading
from training_events import record_run
from training_events.recorder.delivery.spool import Spool

run = record_run(run_id="r").start()
run.flush()
Spool.append = lambda *_: threading.Event().wait()
child = os.fork()
if not child:
    run.metric("loss", 0.5)
    print(run.flush(1.0), flush=True)
    os._exit(0)
os.waitpid(child, 0)
os._exit(0)
"""


@pytest.mark.usefixtures("recording")
def test_a_child_whose_flush_got_nothing_to_the_disk_says_so_on_standard_error():
    """It may end by `os._exit` right after that, with 0."""
    done = subprocess.run([sys.executable, "-c", HANGING_DISK], cwd=ROOT, capture_output=True, text=True, check=True)
    line = "0 event(s) and 1 point(s) of run/r are not on disk after 1 s; they are lost if the process ends now"
    assert (done.stdout, done.stderr) == ("False\n", f"training_events: {line}\n")


def test_children_that_do_not_record_are_not_harmed(recording):
    """If a thread of the recorder held a lock of OpenSSL at a fork, the lock would be held in the child for ever."""
    work = ["--work", "children that do not record"]
    plain = recording.train("--unrecorded", *work)
    started = [recording.start(*work) for _ in range(WORKERS)]  # several at once, for more chances to fork at a bad moment
    for training in started:
        out, err = training.communicate()
        assert (training.returncode, out, err) == plain
    recording.settle()
    assert points(recording.events())["loss"] == measured() * WORKERS


def test_all_ranks_record_into_one_run_and_rank_0_its_start_and_end(recording, monkeypatch):
    monkeypatch.setenv("TRAINING_EVENTS_RUN", "together")
    monkeypatch.setenv("WORLD_SIZE", str(WORKERS))
    started = []
    for rank in range(WORKERS):
        monkeypatch.setenv("RANK", str(rank))
        started.append(recording.start())
    for training in started:
        with training:
            training.communicate()
        assert training.returncode == 0
    recording.settle()
    events = recording.events("together")
    assert recording.types("together") == ["TrainingStarted", "TrainingCompleted"], "recorded by rank 0 alone"
    by_rank: dict[int, list[Event]] = {}
    for event in events:
        by_rank.setdefault(event.producer.extensions["rank"], []).append(event)
    assert {rank: points(events_of_rank)["loss"] for rank, events_of_rank in by_rank.items()} == dict.fromkeys(
        range(WORKERS), measured()
    )
    assert {event.producer.extensions["rank"] for event in events if event.type != "MetricsRecorded"} == {0}


def test_any_rank_may_record_that_it_failed(recording, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    assert recording.train("--ending", "fail")[0] == 1
    recording.settle()
    assert recording.types() == ["TrainingFailed"]
