"""Where an import records: what no log takes is told of, and over a bus it ends when the log has all."""

import pytest
from training_events.bus.envelope import decode
from training_events.bus.publisher import EventBusPublisher
from training_events.errors import TrainingEventsError
from training_events.event import Event
from training_events.interchange.mlflow.importing.destination import BusDestination, LogDestination
from training_events.settings import Settings

from tests.support.fakes import InMemoryLog

FUTURE = "2099-01-01T00:00:00.000000Z"


def event(number, at="2026-11-22T15:08:00.000000Z", type_="Tagged"):
    return Event(f"mlflow-{number}", "run/a", type_, at, "tests", {"tags": {"number": number}})


class Bus:
    """A client of EventBridge whose log has events only once somebody has waited for them."""

    def __init__(self, log):
        self.log, self.taken, self.answer = log, [], {}

    def put_events(self, Entries):  # noqa: N803 - as boto3 has it
        if not self.answer:
            self.taken += Entries
        return {"Entries": [self.answer or {"EventId": "1"} for _ in Entries]}

    def deliver(self, _seconds):
        for entry in self.taken:
            self.log.append(decode({"source": entry["Source"], "detail-type": entry["DetailType"], "detail": entry["Detail"]}))
        self.taken = []


@pytest.fixture
def bus():
    return Bus(InMemoryLog())


@pytest.fixture
def over_bus(bus):
    return BusDestination(EventBusPublisher("training", bus, sleep=lambda _: None), bus.log, sleep=bus.deliver)


def test_a_log_says_what_is_new_and_what_it_refuses():
    to = LogDestination(InMemoryLog(), Settings({}))
    assert to.send([event(1), event(2)]) == (2, [])
    sent = to.send([event(2), event(3, FUTURE), event(4)])
    assert sent.recorded == 1
    [(refused, why)] = sent.refused
    assert refused.event_id == "mlflow-3"
    assert "24 hours ahead" in why


def test_over_a_bus_it_ends_when_the_log_has_what_was_sent(bus, over_bus):
    assert over_bus.send([event(number) for number in range(25)]) == (25, [])
    assert bus.log.events() == []
    over_bus.wait()
    assert len(bus.log.events()) == 25


def test_a_bus_that_is_in_trouble_ends_the_import(bus, over_bus):
    bus.answer = {"ErrorCode": "InternalFailure", "ErrorMessage": "later"}
    with pytest.raises(TrainingEventsError, match=r"the bus training did not take 2 event\(s\): InternalFailure"):
        over_bus.send([event(1), event(2)])


def test_what_no_bus_takes_is_told_of(bus, over_bus):
    bus.answer = {"ErrorCode": "MalformedDetail"}
    refused = event(1)
    assert over_bus.send([refused]) == (0, [(refused, "MalformedDetail")])
    over_bus.wait()
