"""A property that is computed once, and never waits for another thread."""

import os
import signal
import threading

from training_events.cached_property import cached_property
from training_events.event import Event

from tests.support.patience import PATIENCE_SECONDS


class Slow:
    """Computes until `finish` is set."""

    def __init__(self, finish):
        self.computations = 0
        self.computing, self.finish = threading.Event(), finish

    @cached_property
    def value(self):
        """What it is."""
        self.computations += 1
        self.computing.set()
        assert self.finish.wait(PATIENCE_SECONDS)
        return object()


def finished():
    flag = threading.Event()
    flag.set()
    return flag


def test_it_is_computed_once():
    slow = Slow(finished())
    assert slow.value is slow.value
    assert slow.computations == 1


def test_the_class_shows_what_it_is():
    assert Slow.value.__doc__ == "What it is."


def test_one_instance_does_not_wait_for_another():
    slow = Slow(threading.Event())
    thread = threading.Thread(target=lambda: slow.value)
    thread.start()
    assert slow.computing.wait(PATIENCE_SECONDS)
    assert Slow(finished()).value
    slow.finish.set()
    thread.join()


def test_a_child_computes_what_its_parent_was_computing_at_the_fork():
    """functools.cached_property locks up to Python 3.11, and the child of a fork gets the lock as it is."""

    class Watched(dict):
        reached, leave = threading.Event(), threading.Event()

        def __iter__(self):  # where a subclass has its own, `dict` asks for the keys
            return super().__iter__()

        def keys(self):
            self.reached.set()
            assert self.leave.wait(PATIENCE_SECONDS)
            return super().keys()

    def event(data):
        return Event("1", "run/a", "MetricsRecorded", "2026-11-22T15:08:39.955123Z", "s", data)

    thread = threading.Thread(target=lambda: event(Watched(a=1)).digest)
    thread.start()
    assert Watched.reached.wait(PATIENCE_SECONDS)
    if not (child := os.fork()):
        signal.alarm(int(PATIENCE_SECONDS))  # ends a child that hangs
        os._exit(event({"a": 1}).digest is None)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    Watched.leave.set()
    thread.join()
    assert code == 0
