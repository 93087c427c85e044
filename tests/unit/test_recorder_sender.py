"""The sender: patient with a destination that fails, quick when somebody waits, and never in the way of what comes behind."""

import logging
import random
import threading

import pytest
from training_events.recorder import sender as sending
from training_events.recorder.destination import Destination, Unsent
from training_events.recorder.sender import Delivery, Sender
from training_events.recorder.spool import Spool

HERE = Destination("bus", "training", "eu-central-1")


class Bus:
    """Answers as `unsent` says of a line."""

    def __init__(self, unsent=lambda _: None):
        self.unsent = unsent
        self.taken = []
        self.times = 0
        self.called = threading.Condition()

    def send(self, lines):
        refused = [unsent for line in lines if (unsent := self.unsent(line))]
        self.taken += [line for line in lines if line not in {one.line for one in refused}]
        with self.called:
            self.times += 1
            self.called.notify_all()
        return refused

    def wait(self, times):
        with self.called:
            assert self.called.wait_for(lambda: self.times >= times, 60)


@pytest.fixture
def begin(tmp_path, monkeypatch):
    """A sender at work for this bus, and its spool."""
    started: list[Sender] = []

    def begun(bus):
        monkeypatch.setattr(Destination, "sink", lambda *_: bus)
        spool = Spool(tmp_path, HERE, f"producer-{len(started)}")
        sender = Sender(spool, HERE, tmp_path)
        sender.start()
        started.append(sender)
        return sender, spool

    yield begun
    for sender in started:
        sender.close(60)


def say(sender, spool, *lines):
    for line in lines:
        spool.append(line)
        sender.wake()


def test_everything_in_its_order(begin):
    bus = Bus()
    sender, spool = begin(bus)
    lines = [b"%d" % number for number in range(95)]
    say(sender, spool, *lines)
    assert sender.settle(60)
    assert bus.taken == lines


def test_what_is_refused_for_good_is_not_in_the_way(begin, caplog):
    bus = Bus(lambda line: Unsent(line, "MalformedDetail", final=True) if line == b"bad" else None)
    sender, spool = begin(bus)
    say(sender, spool, b"bad", b"good")
    assert sender.settle(60)
    assert bus.taken == [b"good"]
    assert b"MalformedDetail" in spool.refused.read_bytes()
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_what_is_said_meanwhile_does_not_cut_a_pause_short(begin, monkeypatch):
    monkeypatch.setattr(random, "uniform", lambda *_: 3600.0)
    bus = Bus(lambda line: Unsent(line, "ThrottlingException"))
    sender, spool = begin(bus)
    say(sender, spool, b"1")
    bus.wait(1)
    say(sender, spool, *[b"%d" % number for number in range(2, 200)])
    assert bus.times == 1
    assert not sender.settle(60), "who waits for it has it tried at once"
    assert bus.times == 2


def test_one_warning_however_long_the_outage(begin, monkeypatch, caplog):
    monkeypatch.setattr(random, "uniform", lambda *_: 0.0)
    bus = Bus(lambda line: Unsent(line, "AccessDeniedException"))
    sender, spool = begin(bus)
    with caplog.at_level(logging.INFO):
        say(sender, spool, b"1")
        bus.wait(20)
        sender.close(60)
    assert [record.levelname for record in caplog.records].count("WARNING") == 1
    assert spool.path.exists()


def test_an_end_without_a_network_does_not_wait(begin):
    bus = Bus(lambda line: Unsent(line, "unreachable"))
    sender, spool = begin(bus)
    say(sender, spool, b"1")
    bus.wait(1)
    sender.close(3600)
    assert spool.path.exists()


def test_a_moment_of_trouble_at_the_end_leaves_nothing(begin, monkeypatch):
    monkeypatch.setattr(sending, "LAST_TRIES_SECONDS", 60.0)  # a busy machine's moment may be long
    trouble = iter(["Throttled"] * 2)
    bus = Bus(lambda line: Unsent(line, why) if (why := next(trouble, None)) else None)
    sender, spool = begin(bus)
    say(sender, spool, b"last")
    sender.close(60)
    assert bus.taken == [b"last"]
    assert not spool.path.exists()


def test_what_is_said_right_before_the_end_is_sent(begin, monkeypatch):
    looking, closed = threading.Event(), threading.Event()

    def looked_through_slowly(*_):
        looking.set()
        assert closed.wait(60)
        yield from ()

    monkeypatch.setattr(sending, "left_over", looked_through_slowly)
    bus = Bus()
    sender, spool = begin(bus)
    assert looking.wait(60)
    say(sender, spool, b"last")
    sender.close(0)
    closed.set()
    bus.wait(1)
    assert bus.taken == [b"last"]


def test_a_sink_that_cannot_be_made_is_told_and_tried_again(tmp_path, monkeypatch):
    made = iter([ValueError("no region"), Bus()])

    def make(*_):
        one = next(made)
        if isinstance(one, Exception):
            raise one
        return one

    monkeypatch.setattr(Destination, "sink", make)
    delivery, spool = Delivery(HERE), Spool(tmp_path, HERE, "a")
    spool.append(b"1")
    assert [one.why for one in delivery.send(spool)] == ["ValueError: no region"]
    assert delivery.send(spool) == []
    assert (delivery.sent, spool.waiting) == (1, 0)
    spool.close()
