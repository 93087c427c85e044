"""One producer's events: numbered without a gap, each with the digest of the one before, at times that only grow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events.bus.envelope import decode, to_envelope
from training_events.errors import NotRecordable
from training_events.proof.verification import verify
from training_events.recorder.delivery.journal import Journal
from training_events.strict_json import loads

from tests.support.fakes import InMemoryLog
from tests.support.strategies import json_objects

moments = st.integers(0, 17 * 10**17)  # in the past: no log takes what is far ahead
NOT_JSON = {"a": object()}


@given(st.lists(st.tuples(json_objects | st.just(NOT_JSON), moments), max_size=12))
def test_the_chain_has_no_gap_whatever_is_recorded_and_whenever(data_and_times):
    journal, log, events = Journal("run/a", {"rank": 1}), InMemoryLog(), []
    for data, at in data_and_times:
        if data is NOT_JSON:
            with pytest.raises(NotRecordable):
                journal.next_event("Happened", data, at)
        else:
            events.append(journal.next_event("Happened", data, at))
            log.append(events[-1])
    verification = verify(log, None, "run/a")
    assert verification.sound
    assert verification.complete
    assert [chain.complete_up_to for chain in verification.producers] == ([len(events)] if events else [])
    assert journal.count == len(events)
    assert [event.position for event in events] == sorted({event.position for event in events})
    assert all(event.to_dict()["producer"]["rank"] == 1 for event in events)


@given(json_objects, moments)
def test_an_event_as_a_line_can_be_read_again(data, at):
    event = Journal("run/ä b", {"rank": 0}).next_event("Happened", data, at)
    line = to_envelope(event)
    assert b"\n" not in line
    assert decode(loads(line)).digest == event.digest


def test_two_producers_give_their_events_different_ids():
    first, second = Journal("run/a"), Journal("run/a")
    assert first.next_event("Happened", {}).event_id != second.next_event("Happened", {}).event_id
