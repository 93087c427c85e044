"""The central promise of the log: neither the order of arrival nor a repetition matters."""

from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from training_events.errors import Conflict
from training_events.stores.dynamodb.item import from_item, item_bytes, to_item
from training_events.stores.event_log import Appended

from tests.support.dynamodb import dynamodb_log
from tests.support.fakes import InMemoryLog
from tests.support.strategies import events

FEW_STREAMS = st.sampled_from(["run/a", "run/b", "model/a"])
CLOSE_TIMES = st.sampled_from([f"2026-11-22T15:08:39.{n:06d}Z" for n in (0, 1, 10, 999_999)])


HISTORIES = st.lists(events(FEW_STREAMS, CLOSE_TIMES), max_size=8, unique_by=lambda event: (event.stream, event.position))


def test_any_order_and_any_repetition_give_the_same_log():
    with dynamodb_log() as dynamodb:  # made only once: every example has streams of its own

        @given(HISTORIES, st.data())
        @settings(max_examples=40)
        def holds(history, data):
            example = uuid4()
            history = [replace(event, stream=f"{event.stream}-{example}") for event in history]
            repeats = data.draw(st.lists(st.sampled_from(history), max_size=8)) if history else []
            arrivals = data.draw(st.permutations(history + repeats))
            for log in (InMemoryLog(), dynamodb):
                answers = [log.append(event) for event in arrivals]
                assert answers.count(Appended.RECORDED) == len(history)
                for stream in {event.stream for event in history}:
                    expected = sorted((event for event in history if event.stream == stream), key=lambda event: event.position)
                    recorded = list(log.read(stream))
                    assert [record.digest for record in recorded] == [event.digest for event in expected]
                    assert [record.event.canonical for record in recorded] == [event.canonical for event in expected]

        holds()


@given(events(), events())
def test_only_the_same_content_is_a_repeat(one, other):
    log = InMemoryLog()
    log.append(one)
    try:
        answer = log.append(other)
    except Conflict:
        assert (one.stream, one.position) == (other.stream, other.position)
    else:
        assert (answer is Appended.REPEATED) == (one.digest == other.digest)


@given(events())
def test_an_event_can_be_read_back_from_its_item(event):
    item = to_item(event, "2026-11-22T15:08:40.000000Z")
    recorded = from_item(item)
    assert recorded.event.canonical == event.canonical
    assert recorded.event.position == event.position
    assert recorded.digest == event.digest
    assert to_item(recorded.event, recorded.recorded_at) == item
    assert item_bytes(item) >= len(event.event_id.encode()) * 2 + len(event.stream.encode())
