"""A fork waits for what is half done. It leaves no lock held: not in the parent, not in the child, not for other forks."""

import io
import logging
import os
import signal
import threading
from contextlib import contextmanager, suppress

import pytest
from training_events import aws
from training_events.recorder import forks, reporting
from training_events.recorder.reporting import log, to_standard_error

from tests.support.patience import PATIENCE_SECONDS

FOR_EVER = 3600.0
"""More seconds than a fork waits on any machine, however busy."""
FOR_A_THREAD = -1
"""The time to wait of a thread that is about to enter: it has no limit."""


def child_enters(section):
    """Whether a child that is forked now can enter the section."""
    if not (child := os.fork()):
        signal.alarm(int(PATIENCE_SECONDS))  # ends a child that hangs
        with section.entered():
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@contextmanager
def entered_by_another_thread(section):
    inside, leave = threading.Event(), threading.Event()

    def stay_inside():
        with section.entered():
            inside.set()
            leave.wait()

    thread = threading.Thread(target=stay_inside, daemon=True)
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


@pytest.mark.parametrize("section", [forks.client_setup, forks.request], ids=["client setup", "request"])
def test_many_threads_fork_at_once(section):
    """A section that one thread has entered for its fork, another must neither leave nor forget."""
    entered: list[bool] = []
    threads = [threading.Thread(target=lambda: entered.append(child_enters(section))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert entered == [True] * 16
    with entered_by_another_thread(section):
        pass  # the parent can enter


def test_a_fork_waits_for_the_thread_that_is_inside(monkeypatch):
    monkeypatch.setattr(forks.client_setup, "max_wait_seconds", FOR_EVER)
    order: list[str] = []
    inside = threading.Event()

    def set_up():
        with forks.client_setup.entered():
            inside.set()
            threading.Event().wait(0.05)  # a fork that did not wait would be faster
            order.append("set up")

    thread = threading.Thread(target=set_up)
    thread.start()
    inside.wait()
    assert child_enters(forks.client_setup)
    order.append("forked")
    thread.join()
    assert order == ["set up", "forked"]


class WatchedLock:
    """A reentrant lock that notes how long a fork may wait for it."""

    def __init__(self, waits):
        self._lock, self._waits = threading.RLock(), waits

    def acquire(self, timeout):
        if timeout != FOR_A_THREAD:
            self._waits.append(timeout)
        return self._lock.acquire(timeout=timeout)

    def release(self):
        self._lock.release()


def test_a_missing_reply_delays_one_fork_and_no_other(monkeypatch):
    monkeypatch.setattr(forks.request, "max_wait_seconds", 0.1)
    with entered_by_another_thread(forks.request):
        assert child_enters(forks.request)
        monkeypatch.setattr(forks.request, "max_wait_seconds", FOR_EVER)
        assert child_enters(forks.request)


def test_a_fork_waits_again_for_the_next_request():
    waits: list[float] = []
    section = forks.CriticalSection(0.01, lambda: WatchedLock(waits))
    for forks_meanwhile in (2, 1):
        with entered_by_another_thread(section):
            for _ in range(forks_meanwhile):
                section.before_fork()
                section.after_fork_in_parent()
    assert waits == [0.01, 0, 0.01]


def test_a_fork_that_gives_up_as_a_request_ends_still_waits_for_the_next_request():
    """It is the request that has ended which was overdue."""
    waits = []

    class HeldUntilTheForkGivesUp:
        def acquire(self, timeout):
            if timeout == FOR_A_THREAD:
                return True
            waits.append(timeout)
            entries.pop().__exit__(None, None, None)
            return False

        def release(self):
            pass

    section = forks.CriticalSection(FOR_EVER, HeldUntilTheForkGivesUp)
    entries: list = []
    for _ in range(2):
        entries.append(section.entered())
        entries[0].__enter__()
        section.before_fork()
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


def test_a_handler_that_hangs_holds_up_no_other_line(monkeypatch, capfd):
    """The recorder's writer may hang in a handler of the program's own. The training goes on."""
    monkeypatch.setattr(reporting, "MAX_WAIT_SECONDS", 0.0)
    with entered_by_another_thread(forks.log_line):
        log.warning("%d event(s) are lost", 3)
    assert capfd.readouterr().err == "training_events: 3 event(s) are lost\n"


@pytest.mark.parametrize("end", ["full", "closed"])
def test_a_line_never_waits_for_standard_error(end):
    """It may be a pipe that nobody reads."""
    if not (child := os.fork()):
        signal.alarm(int(PATIENCE_SECONDS))
        _, writer = os.pipe()
        os.dup2(writer, 2)
        if end == "closed":
            os.close(2)
        else:
            os.set_blocking(writer, False)
            with suppress(BlockingIOError):
                while True:
                    os.write(writer, b"x" * 4096)
            os.set_blocking(writer, True)
        to_standard_error("a line")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
