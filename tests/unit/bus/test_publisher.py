# ruff: noqa: PT017 - whether it raises depends on what was generated

import json
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st
from moto.core.models import botocore_stubber  # imported before any client is made, or moto would not see it
from training_events import aws
from training_events.bus.envelope import to_put_events_entry
from training_events.bus.publisher import MAX_ENTRIES, MAX_REQUEST_BYTES, EventBusPublisher, NotPublished
from training_events.event import Event

from tests.support.dynamodb import aws_in_this_process
from tests.support.fakes import Answer


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


odd_answers = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["EventId", "ErrorCode", "ErrorMessage", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(st.lists(st.sampled_from(["taken"]) | odd_answers, min_size=1, max_size=12), st.booleans())
def test_an_entry_is_taken_if_and_only_if_its_answer_has_an_event_id(answers, whole):
    """Whatever a proxy, or a bus that is in trouble, answers with 200."""
    given_ids = iter(range(100))

    class Odd:
        def put_events(self, Entries):  # noqa: N803 - botocore's name
            self.last = answers[: len(Entries)] if whole else answers
            return {"Entries": [{"EventId": f"id-{next(given_ids)}"} if answer == "taken" else answer for answer in self.last]}

    bus: Any = Odd()
    number = min(len(answers), MAX_ENTRIES)
    entries = [(str(index), to_put_events_entry("bus", event(index))) for index in range(number)]
    failed = [origin for origin, _ in EventBusPublisher("bus", bus, max_attempts=1, sleep=lambda _: None).put(entries)]
    if len(bus.last) != number:
        assert failed == [origin for origin, _ in entries], "nobody knows which answer belongs to which entry"
    else:
        assert failed == [str(index) for index, answer in enumerate(answers[:number]) if not _has_an_id(answer)]


def _has_an_id(answer):
    event_id = answer.get("EventId") if isinstance(answer, dict) else None
    return answer == "taken" or (isinstance(event_id, str) and event_id.strip() != "")


@pytest.mark.parametrize(
    "body",
    [b"{}", b"[]", b"", b"null", b"<html>", b'{"Entries": null}', b'{"Entries": []}',
     b'{"Entries": [{}, {}]}', b'{"Entries": [[], 1]}',
     b'{"Entries": "ab"}', b'{"Entries": {"EventId": "1"}}', b'{"Entries": [{"EventId": ""}, {"EventId": null}]}',
     b'{"Entries": [{"EventId": "1"}, {}, {}]}', b'{"Entries": [{"FailedEntryCount": 0}, {"ErrorCode": ""}]}'],
)  # fmt: skip
def test_no_reply_of_the_network_makes_an_event_vanish(body):
    with aws_in_this_process():
        client = aws.client("events")
        client.meta.events.unregister("before-send", botocore_stubber)
        client.meta.events.register(
            "before-send", lambda request, **_: AWSResponse(request.url, 200, HTTPHeaders(), Answer(body))
        )
        with pytest.raises(NotPublished) as raised:
            EventBusPublisher("bus", client, sleep=lambda _: None).publish([event(1), event(2)])
    assert [lost.event_id for lost in raised.value.events] == ["e-1", "e-2"]


def test_what_was_not_taken_is_sent_again_until_it_is():
    answers = iter([[{}, {"EventId": "1"}, {}], [{"EventId": "2"}], [{"EventId": "2"}, {}], [{"EventId": "3"}]])
    sent = []

    class Recovering:
        def put_events(self, Entries):  # noqa: N803 - botocore's name
            sent.append([json.loads(entry["Detail"])["event_id"] for entry in Entries])
            return {"Entries": next(answers)}

    publish(Recovering(), map(event, range(3)))
    assert sent == [["e-0", "e-1", "e-2"], ["e-0", "e-2"], ["e-0", "e-2"], ["e-2"]]


def test_without_events_there_is_no_request():
    bus = Bus()
    publish(bus, [])
    assert bus.requests == 0
