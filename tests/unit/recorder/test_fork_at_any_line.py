"""A fork at any line of the recorder's threads: the child records, sends and ends, whatever its parent was about to do."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from queue import SimpleQueue

import pytest
from training_events import record_run
from training_events.recorder import forks
from training_events.recorder import run as module
from training_events.recorder.delivery import outbox
from training_events.recorder.delivery.destination import Destination

from tests.support.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.slow

THREADS = {"training-events-writer", "training-events-sender"}
LOGGING = logging.__file__
"""At a fork logging waits for itself."""


class Stops:
    """Holds the recorder's threads up before each line that they come to for the first time."""

    def __init__(self):
        self.enabled = False
        self._seen = set()
        self._reached: SimpleQueue[threading.Event | None] = SimpleQueue()

    def trace(self, frame, event, _):
        if threading.current_thread().name not in THREADS or frame.f_code.co_filename == LOGGING:
            return None
        line = frame.f_code, frame.f_lineno
        if event == "line" and self.enabled and line not in self._seen:
            self._seen.add(line)
            leave = threading.Event()
            self._reached.put(leave)
            leave.wait()
        return self.trace

    def end(self):
        self._reached.put(None)

    def __iter__(self):
        """Each stop lasts as long as the body of the loop."""
        while (leave := self._reached.get(timeout=PATIENCE_SECONDS)) is not None:
            yield
            leave.set()

    def __len__(self):
        return len(self._seen)


@pytest.fixture
def stops(tmp_path, monkeypatch):
    """From the moment at which a run is open. No fork waits, as if each were overdue."""
    stops = Stops()

    class Taking:
        def send(self, _):
            return []

    def pinned_spec(*_, **__):
        stops.enabled = True
        return {}

    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path))
    monkeypatch.setattr(outbox, "configured_destination", lambda _: Destination("log", "a log"))
    monkeypatch.setattr(outbox, "CLOSE_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(Destination, "sink", lambda *_: Taking())
    monkeypatch.setattr(module, "pinned_spec", pinned_spec)
    for section in (forks.client_setup, forks.request, forks.log_line):
        monkeypatch.setattr(section, "max_wait_seconds", 0.0)
    threading.settrace(stops.trace)
    yield stops
    threading.settrace(None)


def test_a_child_records_whatever_its_parents_threads_were_about_to_do(stops, tmp_path):
    run = record_run(run_id="r")

    def train():
        with run:
            run.metric("loss", 0.5, step=1)
            run.flush(PATIENCE_SECONDS)
            run.metrics({"loss": 0.25, "näme": float("nan")}, step=3)
        stops.end()

    training = threading.Thread(target=train)
    training.start()
    for _ in stops:
        if not (child := os.fork()):
            threading.settrace(None)
            signal.alarm(int(PATIENCE_SECONDS))  # ends a child that hangs
            run.metric("loss", 0.75)
            os._exit(0 if run.flush(PATIENCE_SECONDS) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    training.join()
    assert len(stops) > 100


SPOOLING = """
import json, sys, threading
from training_events import Run
from training_events.recorder.delivery.channel import Channel
from training_events.recorder.delivery.destination import Destination

def sink(*_):
    raise ConnectionError

Destination.sink = sink
used = set()

def profile(frame, event, function):
    if event == "c_call" and threading.current_thread().name != "training-events-sender":
        used.add(function.__module__)

modules = set(sys.modules)
threading.setprofile(profile)
sys.setprofile(profile)
channel = Channel("run/r", {"rank": 0})
channel.start()
channel.points.append(("loss", 0.5, 1, 1))
channel.record("CheckpointSaved", {"uri": "file:///a"})
spooled = channel.spooled_within(300)
sys.setprofile(None)
print(json.dumps([spooled, sorted(used & {"_hashlib", "_ssl"}), sorted(set(sys.modules) - modules)]))
"""


def test_until_an_event_is_on_disk_nothing_is_imported_and_openssl_not_used(tmp_path):
    """Both take locks that a child inherits, from its parent's threads or from threads that are none of this package's."""
    environment = {**os.environ, "TRAINING_EVENTS_SPOOL": str(tmp_path), "TRAINING_EVENTS_BUS": "training"}
    done = subprocess.run([sys.executable, "-c", SPOOLING], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [True, [], []]


REQUEST = """
import json, sys
from training_events import aws
from training_events.recorder.delivery.destination import Destination

loaded = []
load = aws.load
aws.load = lambda service: (load(service), loaded.extend(sys.modules))
Destination("bus", "training").sink(print).send([b'{"source":"s","detail-type":"t","detail":{}}'])
print(json.dumps([bool(loaded), sorted(set(sys.modules) - set(loaded))]))
"""


def test_what_a_request_imports_is_imported_before_it():
    """A fork waits for imports as long as they take, and for a request only for a moment."""
    environment = {
        **os.environ,
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL_EVENTBRIDGE": "http://127.0.0.1:1",  # where nothing listens
        "AWS_MAX_ATTEMPTS": "1",
    }
    done = subprocess.run([sys.executable, "-c", REQUEST], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [True, []]
