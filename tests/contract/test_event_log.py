"""What every event log must do. An implementation joins by one line in conftest.py."""

import threading

import msgspec
import pytest
from training_events.errors import Conflict
from training_events.event import Event, Producer
from training_events.log import Appended, EventLog


def event(second=0, event_id="e-1", stream="run/a", **more):
    return Event(event_id, stream, "Happened", f"2026-11-22T15:08:{second:02d}.000000Z", "tests", more.pop("data", {}), **more)


def test_an_unknown_stream_is_empty(log: EventLog):
    assert list(log.read("run/never")) == []


def test_an_event_comes_back_as_it_was_said(log: EventLog):
    said = event(
        data={"loss": 0.1, "tiny": 5e-324, "huge": 1.7976931348623157e308, "seed": 2**64 - 1, "longer": 10**60,
              "text": "Éé😀\x00\x7f ", "empty": "", "nothing": None, "list": [[], {}, True]},
        schema_version=3,
        producer=Producer("p", 7, "sha256:00", {"key_id": "k"}),
        correlation_id="c",
        resources=("arn:1", "arn:2"),
        extensions={"trace": {"span": "s", "rate": 0.25}},
    )  # fmt: skip
    log.append(said)
    [recorded] = log.read("run/a")
    assert recorded.event == said
    assert recorded.digest == said.digest == recorded.event.digest
    assert len(recorded.recorded_at) == 27


def test_what_is_absent_stays_absent(log: EventLog):
    log.append(event())
    [recorded] = log.read("run/a")
    assert recorded.event.said().keys() == event().said().keys()


def test_a_repeat_changes_nothing(log: EventLog):
    assert log.append(event(data={"a": 1, "b": 2})) is Appended.RECORDED
    before = list(log.read("run/a"))
    assert log.append(event(data={"b": 2.0, "a": 1})) is Appended.REPEATED
    assert list(log.read("run/a")) == before


@pytest.mark.parametrize("change", [{"data": {"a": 2}}, {"type": "Other"}, {"source": "other"}, {"correlation_id": "c"}])
def test_other_content_under_the_same_key_is_a_conflict(log: EventLog, change):
    first = event(data={"a": 1})
    log.append(first)
    other = msgspec.structs.replace(first, **change)
    with pytest.raises(Conflict) as raised:
        log.append(other)
    assert first.digest in str(raised.value)
    assert other.digest in str(raised.value)
    assert [recorded.event for recorded in log.read("run/a")] == [first]


def test_a_stream_is_read_in_key_order_and_alone(log: EventLog):
    late, early = event(30, "e-1"), event(10, "e-9")
    same_time = [event(20, name) for name in ("b", "a", "é", "B")]
    for one in [late, *same_time, early, event(15, stream="run/ab"), event(15, stream="model/a")]:
        log.append(one)
    positions = [recorded.event.position for recorded in log.read("run/a")]
    assert positions == sorted(positions)
    assert [position[28:] for position in positions] == ["e-9", "B", "a", "b", "é", "e-1"]


def test_a_stream_of_many_pages(log: EventLog):
    """DynamoDB answers a query in pages of at most 1 MB."""
    big = "x" * 300_000
    for second in range(9):
        log.append(event(second, data={"big": big}))
    assert [recorded.event.occurred_at[17:19] for recorded in log.read("run/a")] == [f"{second:02d}" for second in range(9)]


def test_many_writers_of_the_same_events_record_each_once(log: EventLog):
    answers: list[Appended] = []

    def write():
        answers.extend(log.append(event(second)) for second in range(10))

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(list(log.read("run/a"))) == 10
    assert len(answers) == 40
