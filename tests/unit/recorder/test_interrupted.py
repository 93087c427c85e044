"""A signal at any line of entering or leaving a run's block: everything is recorded, and the run has one end.

A child of its own tries each line: the signal comes right before that line, and then the program ends as it would.
"""

import os
import signal
import sys
from pathlib import Path

import pytest
from training_events import record_run
from training_events.recorder import run as module
from training_events.recorder import termination
from training_events.recorder.delivery import outbox, sender
from training_events.recorder.delivery.destination import Destination
from training_events.recorder.delivery.flush import flush_all

from tests.support.faulty_sink import FaultySink
from tests.support.patience import PATIENCE_SECONDS
from tests.support.recording import points

pytestmark = pytest.mark.slow

RECORDER = str(Path(module.__file__).parent)
HERE = Destination("log", "a log")
POINTS = [(step, step) for step in range(20)]
NEVER = 10**6


class Unreachable:
    """Everything stays in the spool, where the test finds it."""

    def send(self, _):
        raise ConnectionError


def send_at(number, sent):
    """Send the signal to this process before line `number` of the recorder. Returns a function: whether it was sent."""
    lines = 0

    def trace(frame, event, _):
        nonlocal lines
        if not frame.f_code.co_filename.startswith(RECORDER):
            return None
        lines += event == "line"
        if lines == number:
            sys.settrace(None)
            signal.raise_signal(sent)
        return trace

    sys.settrace(trace)
    return lambda: lines >= number


def train(number, sent, place):
    """Whether it came as far as that line. The end is that of an interpreter: first the exception, then atexit."""
    signalled = send_at(number if place == "enter" else NEVER, sent)
    try:
        with record_run(run_id="r") as run:
            sys.settrace(None)
            for step, value in POINTS:
                run.metric("loss", value, step=step)
            if place == "exit":
                signalled = send_at(number, sent)
    except (KeyboardInterrupt, SystemExit) as error:
        sys.last_value = error
    sys.settrace(None)
    termination.end_open_runs()
    return signalled()


def leave(_number, _frame):
    sys.exit(7)


@pytest.fixture
def spool(tmp_path, monkeypatch):
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path))
    monkeypatch.setattr(outbox, "configured_destination", lambda _: HERE)
    monkeypatch.setattr(sender, "CLOSING_RETRY_SECONDS", 0.0)
    monkeypatch.setattr(sender, "FIRST_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(module, "pinned_spec", lambda *_, **__: {})
    return tmp_path


def recorded(spool, monkeypatch):
    """The events recorded since the last call."""
    sink = FaultySink()
    with monkeypatch.context() as patch:
        patch.setattr(Destination, "sink", lambda *_: sink)
        assert [flushed for flushed in flush_all(spool, HERE, lambda _: None) if flushed.left] == []
    return sorted(sink.log.events(), key=lambda event: event.position)


def every_line(spool, monkeypatch, sent, handler, place):
    """For each line the exit code and the events of one training."""
    monkeypatch.setattr(Destination, "sink", lambda *_: Unreachable())
    for number in range(1, NEVER):
        if not (child := os.fork()):
            signal.alarm(int(PATIENCE_SECONDS))
            signal.signal(sent, handler)
            os._exit(1 if train(number, sent, place) else 0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        yield code, recorded(spool, monkeypatch)
        if not code:
            return


SIGNALS = pytest.mark.parametrize(
    ("sent", "handler", "code"),
    [
        (signal.SIGINT, signal.default_int_handler, 1),
        (signal.SIGTERM, signal.SIG_DFL, -signal.SIGTERM),
        (signal.SIGTERM, leave, 1),
    ],
    ids=["Ctrl-C", "SIGTERM", "SIGTERM with a handler"],
)


@SIGNALS
def test_a_signal_at_any_line_of_leaving_loses_nothing(spool, monkeypatch, sent, handler, code):
    tried = list(every_line(spool, monkeypatch, sent, handler, "exit"))
    assert {code for code, _ in tried[:-1]} == {code}
    for _, events in tried:
        assert points(events) == {"loss": POINTS}
        types = [event.type for event in events if event.type != "MetricsRecorded"]
        assert types[0] == "TrainingStarted"
        assert set(types[1:]) in ({"TrainingStopped"}, {"TrainingCompleted"}), "one end, which may be recorded twice"
    assert len(tried) > 20


@SIGNALS
def test_a_signal_at_any_line_of_entering_records_nothing_or_an_end(spool, monkeypatch, sent, handler, code):
    """Before the run is open nothing is recorded; afterwards its end is."""
    tried = list(every_line(spool, monkeypatch, sent, handler, "enter"))
    assert {code for code, _ in tried[:-1]} == {code}
    for _, events in tried[:-1]:
        types = [event.type for event in events]
        assert types in (
            [],
            *([*started, end] for started in ([], ["TrainingStarted"]) for end in ("TrainingStopped", "TrainingFailed")),
        )
    assert len(tried) > 20
