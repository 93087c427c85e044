"""The sender: patient with a destination that fails, quick when a flush waits, and no reason why later events stay behind."""

import itertools
import logging
import random
import threading

import pytest
from training_events.recorder.delivery import orphans
from training_events.recorder.delivery import sender as sending
from training_events.recorder.delivery import spool as spooling
from training_events.recorder.delivery.delivery import Delivery
from training_events.recorder.delivery.destination import Destination, Unsent
from training_events.recorder.delivery.sender import Sender
from training_events.recorder.delivery.spool import Spool

from tests.support.full_disk import full_disk
from tests.support.patience import PATIENCE_SECONDS

HERE = Destination("bus", "training", "eu-central-1")


class Bus:
    """Takes every line for which `refusal` returns None."""

    def __init__(self, refusal=lambda _: None):
        self.refusal = refusal
        self.taken = []
        self.requests = 0
        self.called = threading.Condition()

    def send(self, lines):
        refused = [unsent for line in lines if (unsent := self.refusal(line))]
        self.taken += [line for line in lines if line not in {unsent.line for unsent in refused}]
        with self.called:
            self.requests += 1
            self.called.notify_all()
        return refused

    def wait_for_requests(self, count):
        with self.called:
            assert self.called.wait_for(lambda: self.requests >= count, PATIENCE_SECONDS)


def away_for(lines):
    """Refuses the first lines, so many of them, whichever they are."""
    reasons = iter(["the network was away"] * lines)
    return lambda line: Unsent(line, why) if (why := next(reasons, None)) else None


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Starts a sender for a bus; returns the sender and its spool."""
    started: list[Sender] = []

    def start(bus):
        monkeypatch.setattr(Destination, "sink", lambda *_: bus)
        spool = Spool(tmp_path, HERE, f"producer-{len(started)}")
        sender = Sender(spool, HERE, tmp_path)
        sender.start()
        started.append(sender)
        return sender, spool

    yield start
    for sender in started:
        sender.close(60)


def append(sender, spool, *lines):
    for line in lines:
        spool.append(line)
        sender.wake()


def test_everything_is_sent_in_its_order(start):
    bus = Bus()
    sender, spool = start(bus)
    lines = [b"%d" % number for number in range(95)]
    append(sender, spool, *lines)
    assert sender.flush(60)
    assert bus.taken == lines


def test_an_event_that_is_refused_for_good_does_not_hold_up_others(start, caplog):
    bus = Bus(lambda line: Unsent(line, "MalformedDetail", final=True) if line == b"bad" else None)
    sender, spool = start(bus)
    append(sender, spool, b"bad", b"good")
    assert sender.flush(60)
    assert bus.taken == [b"good"]
    assert b"MalformedDetail" in spool.refused_path.read_bytes()
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_new_events_do_not_cut_a_pause_short_and_a_flush_does(start, monkeypatch):
    monkeypatch.setattr(random, "uniform", lambda *_: 3600.0)
    bus = Bus(lambda line: Unsent(line, "ThrottlingException"))
    sender, spool = start(bus)
    append(sender, spool, b"1")
    bus.wait_for_requests(1)
    append(sender, spool, *[b"%d" % number for number in range(2, 200)])
    assert bus.requests == 1
    assert not sender.flush(60), "it is tried at once, and refused again"
    assert bus.requests == 2


def test_an_outage_causes_one_warning_however_long_it_lasts(start, monkeypatch, caplog):
    monkeypatch.setattr(random, "uniform", lambda *_: 0.0)
    bus = Bus(lambda line: Unsent(line, "AccessDeniedException"))
    sender, spool = start(bus)
    with caplog.at_level(logging.INFO):
        append(sender, spool, b"1")
        bus.wait_for_requests(20)
        sender.close(60)
    assert [record.levelname for record in caplog.records].count("WARNING") == 1
    assert spool.path.exists()


def test_the_end_of_a_program_without_a_network_does_not_wait(start):
    bus = Bus(lambda line: Unsent(line, "unreachable"))
    sender, spool = start(bus)
    append(sender, spool, b"1")
    bus.wait_for_requests(1)
    sender.close(3600)
    assert spool.path.exists()


def test_a_short_outage_at_the_end_leaves_nothing_unsent(start, monkeypatch):
    monkeypatch.setattr(sending, "CLOSING_RETRY_SECONDS", 60.0)  # on a busy machine a short outage may last long
    bus = Bus(away_for(2))
    sender, spool = start(bus)
    append(sender, spool, b"last")
    sender.close(60)
    assert bus.taken == [b"last"]
    assert not spool.path.exists()


def test_an_event_right_before_the_end_is_sent(start, monkeypatch):
    looking, closed = threading.Event(), threading.Event()

    def look_slowly(*_):
        looking.set()
        assert closed.wait(PATIENCE_SECONDS)
        yield from ()

    monkeypatch.setattr(orphans, "orphaned_spools", look_slowly)
    bus = Bus()
    sender, spool = start(bus)
    assert looking.wait(PATIENCE_SECONDS)
    append(sender, spool, b"last")
    sender.close(0)
    closed.set()
    bus.wait_for_requests(1)
    assert bus.taken == [b"last"]


def test_a_sink_that_cannot_be_made_is_a_reason_and_is_tried_again(tmp_path, monkeypatch):
    results = iter([ValueError("no region"), Bus()])

    def make(*_):
        result = next(results)
        if isinstance(result, Exception):
            raise result
        return result

    monkeypatch.setattr(Destination, "sink", make)
    delivery, spool = Delivery(HERE), Spool(tmp_path, HERE, "a")
    spool.append(b"1")
    assert [unsent.why for unsent in delivery.send(spool)] == ["ValueError: no region"]
    assert delivery.send(spool) == []
    assert (delivery.sent_count, spool.pending) == (1, 0)
    spool.close()


class SlowBus(Bus):
    """Its first reply comes once `first_reply` is set, the later ones once `later_replies` is."""

    def __init__(self, refusal):
        super().__init__(refusal)
        self.asked, self.first_reply, self.later_replies = threading.Event(), threading.Event(), threading.Event()

    def send(self, lines):
        self.asked.set()
        assert (self.later_replies if self.requests else self.first_reply).wait(PATIENCE_SECONDS)
        return super().send(lines)


@pytest.fixture
def condition(monkeypatch):
    """The sender's condition; the test's own thread calls `on_notify` when it notifies, and `on_look` when it waits for one."""

    class Condition(threading.Condition):
        on_notify = on_look = staticmethod(lambda: None)

        def notify_all(self):
            super().notify_all()
            if threading.current_thread() is threading.main_thread():
                Condition.on_notify()

        def wait_for(self, predicate, timeout=None):
            if threading.current_thread() is not threading.main_thread():
                return super().wait_for(predicate, timeout)

            def look():
                Condition.on_look()
                return predicate()

            return super().wait_for(look, timeout)

    monkeypatch.setattr(sending, "Condition", Condition)
    return Condition


def reply_while_flushing(condition, bus):
    """The first reply comes when a flush has begun to wait, and the later ones when it has looked at the first."""
    looks = itertools.count()

    def on_look():
        if next(looks):
            bus.later_replies.set()
        bus.first_reply.set()

    condition.on_look = staticmethod(on_look)


def test_an_attempt_from_before_the_end_is_not_the_last_one(condition, start, monkeypatch):
    monkeypatch.setattr(sending, "CLOSING_RETRY_SECONDS", -1.0)  # the outage has lasted longer than that
    bus = SlowBus(away_for(1))
    sender, spool = start(bus)
    bus.later_replies.set()
    append(sender, spool, b"last")
    assert bus.asked.wait(PATIENCE_SECONDS)
    condition.on_notify = staticmethod(bus.first_reply.set)  # once `close` has told the thread to end
    sender.close(3600)
    assert bus.requests == 2
    assert bus.taken == [b"last"]


def test_a_flush_does_not_end_with_the_failure_of_an_earlier_attempt(condition, start, monkeypatch):
    monkeypatch.setattr(random, "uniform", lambda *_: 3600.0)
    bus = SlowBus(away_for(1))
    sender, spool = start(bus)
    append(sender, spool, b"1")
    assert bus.asked.wait(PATIENCE_SECONDS)
    reply_while_flushing(condition, bus)
    assert sender.flush(60)
    assert bus.taken == [b"1"]


def test_a_flush_does_not_end_with_the_failure_of_another_recorders_events(condition, start, tmp_path, monkeypatch):
    monkeypatch.setattr(random, "uniform", lambda *_: 3600.0)
    orphan = Spool(tmp_path, HERE, "gone")
    orphan.append(b"theirs")
    orphan.close()
    bus = SlowBus(lambda line: Unsent(line, "Throttled") if line == b"theirs" else None)
    sender, spool = start(bus)
    assert bus.asked.wait(PATIENCE_SECONDS)
    append(sender, spool, b"own")
    reply_while_flushing(condition, bus)
    assert sender.flush(60)
    assert bus.taken == [b"own"]


def test_an_event_that_is_lost_does_not_count_as_sent(start, monkeypatch):
    monkeypatch.setattr(spooling, "MAX_MEMORY_BYTES", 0)
    sender, spool = start(Bus())
    with full_disk():
        append(sender, spool, b"lost")
    assert not sender.flush(60)


def test_nothing_waits_for_a_sender_that_has_ended(start, monkeypatch):
    monkeypatch.setattr(sending, "CLOSING_RETRY_SECONDS", 0.0)
    bus = Bus(lambda line: Unsent(line, "unreachable"))
    sender, spool = start(bus)
    append(sender, spool, b"1")
    sender.close(60)
    assert not sender.flush(3600)


def is_sending():
    return "training-events-sender" in [thread.name for thread in threading.enumerate()]


def test_a_second_close_does_not_give_more_time_than_the_first(start):
    bus = SlowBus(lambda _: None)
    sender, spool = start(bus)
    append(sender, spool, b"1")
    assert bus.asked.wait(PATIENCE_SECONDS)
    sender.close(0)
    sender.close(3600)  # as the end of the program does, when Ctrl-C has cut the first time short
    assert is_sending(), "it was not waited for"
    bus.first_reply.set()


def test_a_failing_handler_of_the_log_ends_nothing(start, monkeypatch):
    class Broken(logging.Handler):
        def emit(self, _):
            raise RuntimeError

    broken = Broken()
    logging.getLogger("training_events").addHandler(broken)
    monkeypatch.setattr(random, "uniform", lambda *_: 0.0)
    try:
        bus = Bus(away_for(3))
        sender, spool = start(bus)
        append(sender, spool, b"1")
        bus.wait_for_requests(4)
        assert bus.taken == [b"1"]
    finally:
        logging.getLogger("training_events").removeHandler(broken)


def leave_orphans(folder, count):
    for number in range(count):
        spool = Spool(folder, HERE, f"gone-{number}")
        spool.append(b"theirs")
        spool.close()


def test_an_end_sends_its_own_and_hardly_anything_of_others(start, tmp_path, monkeypatch):
    monkeypatch.setattr(orphans, "CLOSING_SHARE", 0.0)
    leave_orphans(tmp_path, 20)
    bus = SlowBus(lambda _: None)
    sender, spool = start(bus)
    assert bus.asked.wait(PATIENCE_SECONDS), "it has begun with those of others"
    append(sender, spool, b"own")
    closing = threading.Thread(target=sender.close, args=(PATIENCE_SECONDS,))
    closing.start()
    bus.first_reply.set()
    bus.later_replies.set()
    closing.join()
    assert bus.taken.count(b"own") == 1
    assert bus.taken.count(b"theirs") < 20
    assert len(list(tmp_path.rglob("gone-*"))) == 20 - bus.taken.count(b"theirs"), "the next recorder sends them"


def test_an_end_with_little_to_send_takes_a_few_events_of_others_along(start, tmp_path, monkeypatch):
    monkeypatch.setattr(orphans, "CLOSING_SHARE", 3600.0)
    leave_orphans(tmp_path, 5)
    bus = Bus()
    sender, spool = start(bus)
    append(sender, spool, b"own")
    sender.close(PATIENCE_SECONDS)
    assert sorted(bus.taken) == [b"own", *[b"theirs"] * 5]


def test_an_end_does_not_wait_for_an_answer_about_others(start, tmp_path, monkeypatch):
    monkeypatch.setattr(sending, "MIN_ORPHAN_SECONDS", 0.0)
    leave_orphans(tmp_path, 1)
    bus = SlowBus(lambda _: None)
    sender, _ = start(bus)
    assert bus.asked.wait(PATIENCE_SECONDS)
    sender.close(3600)
    bus.first_reply.set()


def test_an_end_says_what_has_no_answer(start, caplog):
    """A bus that sends a byte now and then is no outage that a client would see."""
    bus = SlowBus(lambda _: None)
    sender, spool = start(bus)
    append(sender, spool, b"1")
    assert bus.asked.wait(PATIENCE_SECONDS)
    sender.close(0.01)
    bus.first_reply.set()
    assert "there is no whole answer yet about 1 of them" in caplog.text


def test_an_end_does_not_wait_once_more_for_an_answer_that_is_overdue(start, monkeypatch, caplog):
    monkeypatch.setattr(sending, "REPLY_SECONDS", 0.0)
    monkeypatch.setattr(sending, "CLOSING_RETRY_SECONDS", 0.0)
    bus = SlowBus(lambda _: None)
    sender, spool = start(bus)
    append(sender, spool, b"1")
    assert bus.asked.wait(PATIENCE_SECONDS)
    sender.close(3600)
    bus.first_reply.set()
    assert "there is no whole answer yet" in caplog.text
