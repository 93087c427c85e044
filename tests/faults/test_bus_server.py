"""The stand-in for EventBridge: what botocore and the publisher see of each fault, and what it accepts nevertheless."""

import threading

import pytest
from botocore.exceptions import ClientError
from training_events import aws
from training_events.bus.publisher import EventBusPublisher, NotPublished
from training_events.event import Event

from tests.support import bus_faults as faults
from tests.support.bus_server import BusServer
from tests.support.fakes import InMemoryLog
from tests.support.patience import PATIENCE_SECONDS


@pytest.fixture
def bus(monkeypatch):
    with BusServer() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


def events(count, size=0):
    data = {"filling": "x" * size}
    return [Event(f"e-{number}", "run/a", "Happened", "2026-11-22T15:08:39.955123Z", "tests", data) for number in range(count)]


def publish(bus, count=12):
    publisher = EventBusPublisher("training", aws.client("events"), max_attempts=2, sleep=lambda _: None)
    try:
        publisher.publish(events(count))
    except NotPublished as error:
        return {event.event_id for event in error.events}
    return set()


def in_log(bus):
    log = InMemoryLog()
    bus.hand_over(log)
    return {event.event_id for event in log.events()}


def test_without_a_fault_every_event_reaches_the_log_unchanged(bus):
    assert publish(bus) == set()
    assert (bus.requests, bus.accepted) == (2, 12)
    log = InMemoryLog()
    bus.hand_over(log)
    assert {event.digest for event in log.events()} == {event.digest for event in events(12)}
    assert bus.hand_over(log) == []


@pytest.mark.parametrize(
    ("fault", "applied"),
    [
        (faults.denied, False),
        (faults.throttled, False),
        (faults.failed, False),
        (faults.hung_up, False),
        (faults.reply_lost, True),
        (faults.reply_cut, True),
        (faults.some_fail("InternalFailure", lambda _: True), False),
    ],
)
def test_a_fault_that_never_ends(bus, fault, applied):
    bus.fail_with(faults.repeated(fault))
    assert publish(bus) == {event.event_id for event in events(12)}
    assert in_log(bus) == ({event.event_id for event in events(12)} if applied else set())


def test_a_fault_of_the_first_requests_only(bus):
    bus.fail_with(faults.denied, faults.repeated(faults.some_fail("ThrottlingException", lambda place: place == 0), 2))
    assert publish(bus, 21) == {f"e-{number}" for number in range(11)}
    assert in_log(bus) == {f"e-{number}" for number in range(11, 21)}


def test_connections_are_refused_and_later_accepted_again(bus):
    client = aws.client("events")
    publisher = EventBusPublisher("training", client)
    publisher.publish(events(1))
    bus.refuse_connections()
    with pytest.raises(NotPublished, match="Could not connect"):
        publisher.publish(events(2))
    bus.accept_connections()
    publisher.publish(events(2))
    assert in_log(bus) == {"e-0", "e-1"}


def test_a_slow_reply_comes_when_its_event_is_set(bus):
    gate, done = threading.Event(), threading.Event()
    bus.fail_with(faults.slow(gate))

    def publish_all():
        publish(bus)
        done.set()

    threading.Thread(target=publish_all).start()
    while not bus.requests:
        assert not done.is_set()
    assert bus.accepted == 0
    gate.set()
    assert done.wait(PATIENCE_SECONDS)
    assert bus.accepted == 12


def test_the_limits_of_eventbridge_hold(bus):
    client = aws.client("events")
    with pytest.raises(ClientError, match="11 entries"):
        client.put_events(Entries=[{"Source": "s", "DetailType": "t", "Detail": "{}"}] * 11)
    with pytest.raises(ClientError, match="over the limit"):
        client.put_events(Entries=[{"Source": "s", "DetailType": "t", "Detail": '{"a":"%s"}' % ("x" * 150_000)}] * 2)
    answers = client.put_events(
        Entries=[
            {"Source": "s", "DetailType": "t", "Detail": "{}"},
            {"Source": "s", "DetailType": "t"},
            {"Source": "s", "DetailType": "t", "Detail": "[]"},
        ]
    )
    assert [entry.get("ErrorCode") for entry in answers["Entries"]] == [None, "InvalidArgument", "MalformedDetail"]
    assert answers["FailedEntryCount"] == 2
    assert bus.accepted == 1
