"""The writer at its end: what was said before is in the spool, and who comes later is told so."""

import threading
from typing import Any

import pytest
from training_events.recorder.delivery.journal import Journal
from training_events.recorder.delivery.writer import Writer


class Spool(list):
    """Holds each event up until it may be written."""

    def __init__(self):
        super().__init__()
        self.writing, self.well = threading.Event(), threading.Event()

    def append(self, line):
        self.writing.set()
        assert self.well.wait(60)
        super().append(line)


class Sender:
    def wake(self):
        pass


@pytest.fixture
def spool():
    return Spool()


def made(spool: Any, sender: Any) -> Writer:
    return Writer(Journal("run/a"), spool, sender, lambda data, _: data)


@pytest.fixture
def writer(spool):
    one = made(spool, Sender())
    one.start()
    yield one
    spool.well.set()
    one.close(60)


def close_at_work(writer, spool):
    """Closed, and not at its end yet."""
    assert writer.record("TrainingCompleted", {})
    assert spool.writing.wait(60)
    writer.close(0)


def test_what_is_said_behind_the_end_is_not_taken(writer, spool):
    close_at_work(writer, spool)
    assert not writer.record("CheckpointSaved", {})
    spool.well.set()
    writer.close(60)
    assert not writer.record("CheckpointSaved", {})
    assert len(spool) == 1


def test_who_asks_while_it_ends_waits_for_the_end(writer, spool, monkeypatch):
    close_at_work(writer, spool)
    assert not writer.wait_spooled(0)
    wait_for = writer._changed.wait_for

    def let_it_write(condition, seconds):
        spool.well.set()
        return wait_for(condition, seconds)

    monkeypatch.setattr(writer._changed, "wait_for", let_it_write)
    assert writer.wait_spooled(3600)
    assert len(spool) == 1


def test_who_asks_one_that_never_began_does_not_wait(spool):
    writer = made(spool, Sender())
    assert not writer.record("TrainingStarted", {})
    assert writer.wait_spooled(3600)
    writer.close(3600)
