"""A fork waits for what is half done. It leaves no lock held: not in the parent, not in the child, not for other forks."""

import io
import logging
import os
import signal
import threading
from contextlib import contextmanager

import pytest
from training_events import aws
from training_events.recorder import forks
from training_events.recorder.reporting import log

from tests.support.patience import PATIENCE_SECONDS

FOR_EVER = 3600.0
"""More seconds than a fork waits on any machine, however busy."""


def child_passes(gate):
    """Whether a child that is forked now can pass the gate."""
    if not (child := os.fork()):
        signal.alarm(int(PATIENCE_SECONDS))  # ends a child that hangs
        with gate.passing():
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@contextmanager
def passing_in_another_thread(gate):
    inside, leave = threading.Event(), threading.Event()

    def pass_slowly():
        with gate.passing():
            inside.set()
            leave.wait()

    thread = threading.Thread(target=pass_slowly, daemon=True)
    thread.start()
    assert inside.wait(PATIENCE_SECONDS)
    try:
        yield
    finally:
        leave.set()
        thread.join()


def test_a_child_does_not_use_its_parents_aws_session():
    """A thread of the child may have the number of a parent's thread, and would get a session that stopped in the middle."""
    parents = aws.session()
    if not (child := os.fork()):
        os._exit(aws.session() is parents)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("gate", [forks.client_setup, forks.request], ids=["client setup", "request"])
def test_many_threads_fork_at_once(gate):
    """What one thread closed for its fork, another must neither open nor forget."""
    passed: list[bool] = []
    threads = [threading.Thread(target=lambda: passed.append(child_passes(gate))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert passed == [True] * 16
    with passing_in_another_thread(gate):
        pass  # the parent can pass


def test_a_fork_waits_for_the_thread_that_is_passing(monkeypatch):
    monkeypatch.setattr(forks.client_setup, "max_wait_seconds", FOR_EVER)
    order: list[str] = []
    inside = threading.Event()

    def set_up():
        with forks.client_setup.passing():
            inside.set()
            threading.Event().wait(0.05)  # a fork that did not wait would be faster
            order.append("set up")

    thread = threading.Thread(target=set_up)
    thread.start()
    inside.wait()
    assert child_passes(forks.client_setup)
    order.append("forked")
    thread.join()
    assert order == ["set up", "forked"]


class WatchedLock:
    """A reentrant lock that notes how long a fork may wait for it."""

    def __init__(self, waits):
        self._lock, self._waits = threading.RLock(), waits

    def __enter__(self):
        self._lock.acquire()

    def __exit__(self, *_):
        self._lock.release()

    def acquire(self, timeout):
        self._waits.append(timeout)
        return self._lock.acquire(timeout=timeout)

    def release(self):
        self._lock.release()


def test_a_missing_reply_delays_one_fork_and_no_other(monkeypatch):
    monkeypatch.setattr(forks.request, "max_wait_seconds", 0.1)
    with passing_in_another_thread(forks.request):
        assert child_passes(forks.request)
        monkeypatch.setattr(forks.request, "max_wait_seconds", FOR_EVER)
        assert child_passes(forks.request)


def test_a_fork_waits_again_for_the_next_request():
    waits: list[float] = []
    gate = forks.Gate(0.01, lambda: WatchedLock(waits))
    for forks_meanwhile in (2, 1):
        with passing_in_another_thread(gate):
            for _ in range(forks_meanwhile):
                gate.before_fork()
                gate.after_fork_in_parent()
    assert waits == [0.01, 0, 0.01]


def test_a_fork_that_gives_up_as_a_request_ends_still_waits_for_the_next_request():
    """It is the request that has ended which was overdue."""
    waits = []

    class HeldUntilTheForkGivesUp:
        def __enter__(self):
            pass

        def __exit__(self, *_):
            pass

        def acquire(self, timeout):
            waits.append(timeout)
            passages.pop().__exit__(None, None, None)
            return False

    gate = forks.Gate(FOR_EVER, HeldUntilTheForkGivesUp)
    passages: list = []
    for _ in range(2):
        passages.append(gate.passing())
        passages[0].__enter__()
        gate.before_fork()
    assert waits == [FOR_EVER, FOR_EVER]


class SlowPipe(io.RawIOBase):
    def __init__(self):
        self.is_writing = threading.Event()

    def writable(self):
        return True

    def write(self, content):
        self.is_writing.set()
        threading.Event().wait(0.2)
        return len(content)


def test_a_child_can_print_while_its_parent_writes_a_line_of_the_log(monkeypatch):
    """If another thread is writing at the fork, nobody in the child holds the stream's lock: a child that prints would hang."""
    monkeypatch.setattr(forks.log_line, "max_wait_seconds", FOR_EVER)
    pipe = SlowPipe()
    stream = io.TextIOWrapper(io.BufferedWriter(pipe), write_through=True)
    handler = logging.StreamHandler(stream)
    logging.getLogger("training_events").addHandler(handler)
    thread = threading.Thread(target=log.warning, args=("events cannot be sent",))
    thread.start()
    pipe.is_writing.wait()
    try:
        if not (child := os.fork()):
            signal.alarm(int(PATIENCE_SECONDS))
            print("from the child", file=stream, flush=True)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        logging.getLogger("training_events").removeHandler(handler)
        thread.join()


def test_a_line_of_the_log_names_the_function_that_wrote_it(caplog):
    log.warning("something")
    assert caplog.records[0].funcName == "test_a_line_of_the_log_names_the_function_that_wrote_it"
