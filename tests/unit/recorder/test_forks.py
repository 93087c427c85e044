"""A fork waits for what is half done, and leaves nothing locked: in the parent, whoever forks with it, nor in the child."""

import io
import logging
import os
import signal
import threading

import pytest
from training_events import aws
from training_events.recorder import forks
from training_events.recorder.reporting import log


def child_passes(gate):
    """Whether a child, forked now, can pass."""
    if not (child := os.fork()):
        signal.alarm(120)  # one that hangs is ended by it
        with gate.passing():
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_child_has_no_session_of_its_parents():
    """Threads are numbered anew in it, and one that the parent's session was in the midst of would have that."""
    parents = aws.session()
    if not (child := os.fork()):
        os._exit(aws.session() is parents)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("gate", [forks.client_setup, forks.request], ids=["preparing", "sending"])
def test_many_threads_fork_at_once(gate):
    """What one of them took for its fork, another must not let go of, nor forget."""
    passed: list[bool] = []
    threads = [threading.Thread(target=lambda: passed.append(child_passes(gate))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert passed == [True] * 16
    assert gate._lock.acquire(timeout=0), "the parent can pass"
    gate._lock.release()


def test_a_fork_comes_after_what_was_begun(monkeypatch):
    monkeypatch.setattr(forks.client_setup, "_seconds", 3600.0)  # whatever the machine is busy with
    order: list[str] = []
    inside = threading.Event()

    def prepare():
        with forks.client_setup.passing():
            inside.set()
            threading.Event().wait(0.05)  # a fork that did not wait would be faster
            order.append("prepared")

    thread = threading.Thread(target=prepare)
    thread.start()
    inside.wait()
    assert child_passes(forks.client_setup)
    order.append("forked")
    thread.join()
    assert order == ["prepared", "forked"]


def test_a_reply_that_does_not_come_holds_one_fork_up_for_a_moment_and_no_other(monkeypatch):
    monkeypatch.setattr(forks.request, "_seconds", 0.1)
    with forks.request.passing():
        assert child_passes(forks.request)
        monkeypatch.setattr(forks.request, "_seconds", 3600.0)
        assert child_passes(forks.request)
    with forks.request.passing():
        assert forks.request._overdue != forks.request._passage, "who passes next is waited for again"


def test_who_gives_up_at_the_last_moment_does_not_speak_of_who_comes_next(monkeypatch):
    """A fork's time is over, and in that moment the passage is: it was that one that was overdue."""
    gate = forks.Gate(3600.0)
    waited = []

    class Lock:
        """Held, until right after a fork has given up."""

        def acquire(self, timeout):
            waited.append(timeout)
            passage.__exit__(None, None, None)
            return False

    passage = gate.passing()
    passage.__enter__()
    monkeypatch.setattr(gate, "_lock", Lock())
    gate.before()
    monkeypatch.setattr(gate, "_lock", threading.RLock())
    passage = gate.passing()
    passage.__enter__()
    monkeypatch.setattr(gate, "_lock", Lock())
    gate.before()
    assert waited == [3600.0, 3600.0]


class Pipe(io.RawIOBase):
    """Takes a while for what it is given."""

    def __init__(self):
        self.taking = threading.Event()

    def writable(self):
        return True

    def write(self, content):
        self.taking.set()
        threading.Event().wait(0.2)
        return len(content)


def test_a_child_prints_whatever_the_recorder_was_saying(monkeypatch):
    """The lock of a standard stream is no one's in a child, if another thread was writing: whoever prints hangs."""
    monkeypatch.setattr(forks.log_line, "_seconds", 3600.0)  # whatever the machine is busy with
    pipe = Pipe()
    stream = io.TextIOWrapper(io.BufferedWriter(pipe), write_through=True)
    handler = logging.StreamHandler(stream)
    logging.getLogger("training_events").addHandler(handler)
    thread = threading.Thread(target=log.warning, args=("events cannot be sent",))
    thread.start()
    pipe.taking.wait()
    try:
        if not (child := os.fork()):
            signal.alarm(120)
            print("from the child", file=stream, flush=True)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        logging.getLogger("training_events").removeHandler(handler)
        thread.join()


def test_the_log_names_who_said_it(caplog):
    log.warning("something")
    assert caplog.records[0].funcName == "test_the_log_names_who_said_it"
