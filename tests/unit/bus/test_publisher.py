# ruff: noqa: PT017 - whether it raises depends on what was generated

import json

import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st
from training_events.bus.publisher import MAX_ENTRIES, MAX_REQUEST_BYTES, EventBusPublisher, NotPublished
from training_events.event import Event


def event(number, size=0):
    return Event(f"e-{number}", "run/a", "Happened", "2026-11-22T15:08:39.955123Z", "tests", {"filling": "é" * (size // 2)})


class Bus:
    """EventBridge with its limits. `refuse` decides whether the entry with this event id fails at this attempt."""

    def __init__(self, refuse=lambda _event_id, _attempt: False):
        self.refuse = refuse
        self.taken = []
        self.attempts = {}
        self.requests = 0

    def put_events(self, Entries):  # noqa: N803 - botocore's name
        self.requests += 1
        assert 1 <= len(Entries) <= MAX_ENTRIES
        assert sum(len(str(entry["Detail"]).encode()) for entry in Entries) <= MAX_REQUEST_BYTES
        return {"Entries": [self.put(json.loads(entry["Detail"])["event_id"]) for entry in Entries]}

    def put(self, event_id):
        attempt = self.attempts[event_id] = self.attempts.get(event_id, 0) + 1
        if self.refuse(event_id, attempt):
            return {"ErrorCode": "ThrottlingException", "ErrorMessage": "as the test wants it"}
        self.taken.append(event_id)
        return {"EventId": "1"}


def publish(bus, events, pauses=None):
    pauses = [] if pauses is None else pauses
    EventBusPublisher("bus", bus, sleep=pauses.append).publish(events)


@given(st.lists(st.integers(0, 120_000), max_size=25))
def test_batches_respect_the_limits_and_keep_the_order(sizes):
    bus = Bus()
    publish(bus, (event(number, size) for number, size in enumerate(sizes)))
    assert bus.taken == [f"e-{number}" for number in range(len(sizes))]


def test_it_makes_as_few_requests_as_the_limits_allow():
    bus = Bus()
    publish(bus, map(event, range(21)))
    assert bus.requests == 3


def test_only_what_was_refused_is_tried_again():
    bus = Bus(lambda event_id, attempt: event_id == "e-3" and attempt < 3)
    pauses: list[float] = []
    publish(bus, map(event, range(10)), pauses)
    assert sorted(bus.taken) == sorted(f"e-{number}" for number in range(10))
    assert bus.attempts == {f"e-{number}": 3 if number == 3 else 1 for number in range(10)}
    assert len(pauses) == 2


def test_pauses_grow_up_to_a_limit_and_are_random():
    seen = []
    for _ in range(200):
        pauses: list[float] = []
        with pytest.raises(NotPublished):
            publish(Bus(lambda *_: True), [event(1)], pauses)
        seen.append(pauses)
    assert all(len(pauses) == 4 for pauses in seen)
    for attempt in range(4):
        most = max(pauses[attempt] for pauses in seen)
        assert 0.1 * 2 ** (attempt + 1) * 0.8 < most <= 0.1 * 2 ** (attempt + 1)
    assert len({pauses[0] for pauses in seen}) > 100


@given(st.lists(st.booleans(), max_size=30))
def test_the_error_has_exactly_the_events_that_were_not_published(fates):
    refused = {f"e-{number}" for number, lost in enumerate(fates) if lost}
    bus = Bus(lambda event_id, _: event_id in refused)
    try:
        publish(bus, map(event, range(len(fates))))
    except NotPublished as error:
        assert {lost.event_id for lost in error.events} == refused
        assert f"ThrottlingException ({len(refused)})" in str(error)
    else:
        assert not refused
    assert set(bus.taken) == {f"e-{number}" for number in range(len(fates))} - refused


def test_an_event_that_is_too_large_is_not_sent_and_does_not_stop_the_rest():
    bus = Bus()
    with pytest.raises(NotPublished, match="larger than 262144 bytes") as raised:
        publish(bus, [event(1), event(2, MAX_REQUEST_BYTES), event(3)])
    assert [lost.event_id for lost in raised.value.events] == ["e-2"]
    assert bus.taken == ["e-1", "e-3"]


def test_no_event_is_lost_where_the_bus_cannot_be_reached():
    class Unreachable:
        def put_events(self, **_):
            raise EndpointConnectionError(endpoint_url="http://nowhere")

    with pytest.raises(NotPublished, match="nowhere") as raised:
        publish(Unreachable(), map(event, range(12)))
    assert [lost.event_id for lost in raised.value.events] == [f"e-{number}" for number in range(12)]


def test_without_events_there_is_no_request():
    bus = Bus()
    publish(bus, [])
    assert bus.requests == 0
