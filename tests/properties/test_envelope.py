# ruff: noqa: PT017 - whether it raises depends on what was generated

import copy
import json
from contextlib import suppress

from hypothesis import example, given
from training_events.bus.envelope import decode, to_put_events_entry
from training_events.canonical import canonical_json
from training_events.errors import NotRecordable
from training_events.event import Event

from tests.support.strategies import envelopes, events, loose_values


@given(envelopes())
def test_anything_gives_an_event_or_a_reason(received):
    before = copy.deepcopy(received)
    try:
        event = decode(received)
    except NotRecordable as why:
        assert why.reason
        assert str(why).isascii()
    else:
        assert isinstance(event, Event)
        assert event.digest.startswith("sha256:")
    assert json.dumps(received) == json.dumps(before), "the original must stay as it came"


@example({"\ud800": None})
@given(loose_values)
def test_any_detail_gives_an_event_or_a_reason(detail):
    for given_detail in (detail, json.dumps(detail)):
        with suppress(NotRecordable):
            decode({"source": "s", "detail-type": "T", "id": "1", "time": "2026-01-01T00:00:00Z", "detail": given_detail})


@given(events())
def test_an_event_that_is_published_is_received_as_the_same_event(event):
    entry = to_put_events_entry("bus", event)
    envelope = {
        "source": entry["Source"],
        "detail-type": entry["DetailType"],
        "resources": entry["Resources"],
        "id": "of the envelope",
        "time": "2001-01-01T00:00:00Z",
    }
    for detail in (json.loads(entry["Detail"]), entry["Detail"]):
        received = decode({**envelope, "detail": detail})
        assert received.canonical == event.canonical
        assert received.digest == event.digest


@given(events())
def test_the_canonical_text_has_every_field_of_the_event(event):
    assert json.loads(event.canonical) == json.loads(canonical_json(event.to_dict()))
    assert event.position.startswith(event.occurred_at)
