"""The sender: patient with a destination that fails, quick when somebody waits, and never in the way of what comes behind."""

import itertools
import logging
import random
import threading
import time

import pytest
from training_events.recorder.delivery import sender as sending
from training_events.recorder.delivery import spool as spooling
from training_events.recorder.delivery.destination import Destination, Unsent
from training_events.recorder.delivery.sender import Delivery, Sender
from training_events.recorder.delivery.spool import Spool

from tests.support.full_disk import full_disk

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


def away(times):
    """Refuses the first so many lines, whichever they are."""
    trouble = iter(["the network was away"] * times)
    return lambda line: Unsent(line, why) if (why := next(trouble, None)) else None


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
    assert sender.flush(60)
    assert bus.taken == lines


def test_what_is_refused_for_good_is_not_in_the_way(begin, caplog):
    bus = Bus(lambda line: Unsent(line, "MalformedDetail", final=True) if line == b"bad" else None)
    sender, spool = begin(bus)
    say(sender, spool, b"bad", b"good")
    assert sender.flush(60)
    assert bus.taken == [b"good"]
    assert b"MalformedDetail" in spool.refused_path.read_bytes()
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_what_is_said_meanwhile_does_not_cut_a_pause_short(begin, monkeypatch):
    monkeypatch.setattr(random, "uniform", lambda *_: 3600.0)
    bus = Bus(lambda line: Unsent(line, "ThrottlingException"))
    sender, spool = begin(bus)
    say(sender, spool, b"1")
    bus.wait(1)
    say(sender, spool, *[b"%d" % number for number in range(2, 200)])
    assert bus.times == 1
    assert not sender.flush(60), "who waits for it has it tried at once"
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
    monkeypatch.setattr(sending, "CLOSING_RETRY_SECONDS", 60.0)  # a busy machine's moment may be long
    bus = Bus(away(2))
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

    monkeypatch.setattr(sending, "orphaned_spools", looked_through_slowly)
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
    assert (delivery.sent_count, spool.pending) == (1, 0)
    spool.close()


class Slow(Bus):
    """Its first answer comes when it is let go; `looked` lets its later ones go."""

    def __init__(self, unsent):
        super().__init__(unsent)
        self.asked, self.answer, self.looked = threading.Event(), threading.Event(), threading.Event()

    def send(self, lines):
        self.asked.set()
        assert (self.looked if self.times else self.answer).wait(60)
        return super().send(lines)

    def settled(self, sender, monkeypatch):
        """Whether all is sent, as one is told who begins to wait before the first answer, and sees it before the second."""
        wait_for, looks = sender._changed.wait_for, itertools.count()

        def watched(condition, seconds):
            def look():
                if next(looks):
                    self.looked.set()
                self.answer.set()
                return condition()

            # the sender itself pauses by it too
            return wait_for(look if threading.current_thread() is threading.main_thread() else condition, seconds)

        monkeypatch.setattr(sender._changed, "wait_for", watched)
        return sender.flush(60)


def test_an_attempt_from_before_the_end_is_not_the_last_word_on_it(begin, monkeypatch):
    monkeypatch.setattr(sending, "CLOSING_RETRY_SECONDS", -1.0)  # the outage has lasted
    bus = Slow(away(1))
    sender, spool = begin(bus)
    bus.looked.set()
    say(sender, spool, b"last")
    assert bus.asked.wait(60)
    sender.close(0)
    sender._until = time.monotonic() + 3600
    bus.answer.set()
    bus.wait(2)
    assert bus.taken == [b"last"]


def test_who_waits_is_not_told_of_an_attempt_from_before(begin, monkeypatch):
    monkeypatch.setattr(random, "uniform", lambda *_: 3600.0)
    bus = Slow(away(1))
    sender, spool = begin(bus)
    say(sender, spool, b"1")
    assert bus.asked.wait(60)
    assert bus.settled(sender, monkeypatch)
    assert bus.taken == [b"1"]


def test_who_waits_is_not_told_of_what_others_left(begin, tmp_path, monkeypatch):
    monkeypatch.setattr(random, "uniform", lambda *_: 3600.0)
    left = Spool(tmp_path, HERE, "gone")
    left.append(b"theirs")
    left.close()
    bus = Slow(lambda line: Unsent(line, "Throttled") if line == b"theirs" else None)
    sender, spool = begin(bus)
    assert bus.asked.wait(60)
    say(sender, spool, b"own")
    assert bus.settled(sender, monkeypatch)
    assert bus.taken == [b"own"]


def test_what_is_lost_is_not_sent(begin, monkeypatch):
    monkeypatch.setattr(spooling, "MAX_MEMORY_BYTES", 0)
    sender, spool = begin(Bus())
    with full_disk():
        say(sender, spool, b"lost")
    assert not sender.flush(60)


def test_nobody_waits_for_a_sender_that_has_ended(begin, monkeypatch):
    monkeypatch.setattr(sending, "CLOSING_RETRY_SECONDS", 0.0)
    bus = Bus(lambda line: Unsent(line, "unreachable"))
    sender, spool = begin(bus)
    say(sender, spool, b"1")
    sender.close(60)
    assert not sender.flush(3600)


def test_closed_again_it_has_the_time_that_it_had(begin):
    bus = Slow(lambda _: None)
    sender, spool = begin(bus)
    say(sender, spool, b"1")
    assert bus.asked.wait(60)
    sender.close(0)
    sender.close(3600)  # as the end of the program does, when Ctrl-C has cut the first time short
    assert sender._thread.is_alive(), "it was not waited for"
    bus.answer.set()


def test_a_handler_of_the_log_that_fails_ends_nothing(begin, monkeypatch):
    class Broken(logging.Handler):
        def emit(self, _):
            raise RuntimeError

    broken = Broken()
    logging.getLogger("training_events").addHandler(broken)
    monkeypatch.setattr(random, "uniform", lambda *_: 0.0)
    try:
        bus = Bus(away(3))
        sender, spool = begin(bus)
        say(sender, spool, b"1")
        bus.wait(4)
        assert bus.taken == [b"1"]
    finally:
        logging.getLogger("training_events").removeHandler(broken)
