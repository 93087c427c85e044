"""`export --to cloudevents`: events that CloudEvents' own SDK reads."""

import re
from datetime import datetime
from typing import Any

from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from hypothesis import given, settings
from training_events.canonical import canonical_json
from training_events.event import Event, Producer, RecordedEvent
from training_events.interchange.exports.cloudevents import cloudevents_in_order, to_cloudevent
from training_events.reading.opening import Sources

from tests.support import histories
from tests.support.command_line import make_event
from tests.support.exported_log import life

RECORDED_AT = "2026-11-22T16:00:00.000001Z"


def read_by_sdk(body: bytes) -> Any:
    """The event as CloudEvents' SDK takes it out of a request in structured mode; it raises for what is none."""
    return from_http_event(HTTPMessage(headers={"content-type": "application/cloudevents+json"}, body=body))


def of(event: Event) -> Any:
    return read_by_sdk(canonical_json(to_cloudevent(RecordedEvent(event, RECORDED_AT, event.digest))))


def test_an_event_has_the_attributes_that_the_guide_tells():
    event = make_event("run/digits-7", "MetricsRecorded", 9, Producer("p 1", 12), points=[])
    read = of(event)
    assert (read.get_id(), read.get_source(), read.get_specversion()) == (event.event_id, "p%201", "1.0")
    assert read.get_type() == "tests.MetricsRecorded.v1"
    assert (read.get_subject(), read.get_time()) == ("run/digits-7", datetime.fromisoformat(event.occurred_at))
    assert read.get_extension("recordedtime") == RECORDED_AT
    assert read.get_extension("sequence") == "0000000000000012"
    assert read.get_extension("digest") == event.digest
    assert read.get_data() == {"points": []}


def test_what_is_absent_has_no_attribute():
    event = make_event("run/a", "Happened")
    assert of(event).get_source() == "tests"
    assert {"sequence", "correlationid"}.isdisjoint(of(event).get_attributes())


@given(histories.histories())
@settings(max_examples=30, deadline=None)
def test_the_sdk_takes_every_event_and_has_its_data(events: list[Event]):
    for event in events:
        read = of(event)
        assert (canonical_json(read.get_data()), read.get_subject()) == (event.canonical_data, event.stream)
        assert all(re.fullmatch("[a-z0-9]{1,20}", name) for name in read.get_attributes())


def test_all_events_come_in_the_order_of_recording(sources: Sources):
    read = [read_by_sdk(line.body) for line in cloudevents_in_order(sources.log, "", lambda *_: None)]
    times = [event.get_extension("recordedtime") for event in read]
    assert times == sorted(times)
    assert len(read) == len({(event.get_subject(), event.get_id()) for event in read}) == len(life())
