"""What every event log must do. A new implementation needs one line in conftest.py."""

import threading
from collections import defaultdict
from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from training_events.errors import Conflict, DamagedEvent, InTheFuture
from training_events.event import Event, Numbering, Producer
from training_events.stores.dynamodb.event_log import DynamoDbLog
from training_events.stores.event_log import Appended, AuditedEvent, Damaged, EventLog, ProducerLink
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.times import hours_after, now

from tests.support.dynamodb import TABLE

STREAMS = map("run/{}".format, count())
"""A new stream for each example, because all examples share the log."""
SECONDS = st.integers(0, 5)
IDS = st.sampled_from(["a", "b", "B", "é", "😀", "\uffff"])
"""Two of them sort by UTF-8 bytes, as they must, in another order than by UTF-16 code units."""


def event(second=0, event_id="e-1", stream="run/a", **more):
    return Event(event_id, stream, "Happened", f"2026-11-22T15:08:{second:02d}.000000Z", "tests", more.pop("data", {}), **more)


def test_an_unknown_stream_is_empty(log: EventLog):
    assert list(log.read("run/never")) == []
    assert list(log.audit("run/never")) == []
    assert list(log.entries("run/never")) == []
    assert list(log.streams()) == []
    assert [page for part in range(3) for page in log.scan(part, 3) if page.entries or page.after] == []


def test_an_event_comes_back_as_it_was_recorded(log: EventLog):
    original = event(
        data={"loss": 0.1, "tiny": 5e-324, "huge": 1.7976931348623157e308, "seed": 2**64 - 1, "longer": 10**60,
              "text": "Éé😀\x00\x7f ", "empty": "", "nothing": None, "list": [[], {}, True]},
        schema_version=3,
        producer=Producer("p", 7, "sha256:00", {"key_id": "k"}),
        correlation_id="c",
        resources=("arn:1", "arn:2"),
        extensions={"trace": {"span": "s", "rate": 0.25}},
    )  # fmt: skip
    log.append(original)
    [recorded] = log.read("run/a")
    assert recorded.event == original
    assert recorded.digest == original.digest == recorded.event.digest
    assert len(recorded.recorded_at) == 27
    [audited] = log.audit("run/a")
    link = ProducerLink("p", 7, "sha256:00")
    position, taken, data = original.position, recorded.recorded_at, original.canonical_data.decode()
    assert audited == AuditedEvent(position, taken, original.digest, link, None, "Happened", 3, data, original.source)
    [entry] = log.entries("run/a")
    assert entry[:5] == (original.position, recorded.recorded_at, "Happened", 3, original.canonical_data.decode())
    assert (entry.numbering, recorded.entry.numbering) == (Numbering("p", 7), Numbering("p", 7))


def test_the_account_that_sent_it_is_noted_beside_the_event_where_the_log_can_be_on_a_bus(log: EventLog):
    assert log.append(event(), account="123456789012") is Appended.RECORDED
    assert log.append(event(), account="210987654321") is Appended.REPEATED
    noted = None if isinstance(log, SqliteLog) else "123456789012"
    [recorded], [audited] = log.read("run/a"), log.audit("run/a")
    assert isinstance(audited, AuditedEvent)
    assert (recorded.account, audited.account, audited.alteration) == (noted, noted, None)
    assert recorded.digest == event().digest


def test_events_are_fetched_by_their_places_in_the_order_asked_for(log: EventLog):
    recorded = [event(number % 60, f"e-{number}", f"run/{number % 7}") for number in range(230)]
    for one in recorded:
        log.append(one)
    places = [(one.stream, one.position) for one in reversed(recorded)]
    places[7] = ("run/7", recorded[0].position)
    places.append(places[0])
    fetched: list[Any] = list(log.fetch(places))
    assert fetched[7] is None
    assert [None if found is None else (found.event.stream, found.event.position) for found in fetched] == [
        None if number == 7 else place for number, place in enumerate(places)
    ]  # fmt: skip
    assert list(log.fetch([])) == []


def test_what_is_absent_stays_absent(log: EventLog):
    log.append(event())
    [recorded] = log.read("run/a")
    assert recorded.event.to_dict().keys() == event().to_dict().keys()


def test_a_repeat_changes_nothing(log: EventLog):
    assert log.append(event(data={"a": 1, "b": 2})) is Appended.RECORDED
    before = list(log.read("run/a"))
    assert log.append(event(data={"b": 2.0, "a": 1})) is Appended.REPEATED
    assert list(log.read("run/a")) == before


def test_an_event_from_far_ahead_is_refused_until_it_is_due(log: EventLog):
    present = now()
    due, ahead = hours_after(present, 23), hours_after(present, 25)
    assert log.append(replace(event(), occurred_at=due)) is Appended.RECORDED
    for occurred_at in (ahead, hours_after(present, 24 * 365), "2999-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"):
        far = replace(event(), occurred_at=occurred_at)
        with pytest.raises(InTheFuture, match="at most 24 hours ahead") as raised:
            log.append(far)
        assert raised.value.reason == "in_the_future"
        assert occurred_at in str(raised.value)
    assert [recorded.event.occurred_at for recorded in log.read("run/a")] == [due]


def test_a_person_may_accept_an_event_from_far_ahead(log: EventLog):
    """As a log of 0.1.0 may have one. It is read as any other."""
    far = replace(event(), occurred_at="2999-01-01T00:00:00.000000Z")
    assert log.append(far, accept_future=True) is Appended.RECORDED
    assert log.append(far, accept_future=True) is Appended.REPEATED
    assert [recorded.event for recorded in log.read("run/a")] == [far]
    assert [entry.position for entry in log.entries("run/a")] == [far.position]


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
    for event_ in [late, *same_time, early, event(15, stream="run/ab"), event(15, stream="model/a")]:
        log.append(event_)
    positions = [recorded.event.position for recorded in log.read("run/a")]
    assert positions == sorted(positions)
    assert [position[28:] for position in positions] == ["e-9", "B", "a", "b", "é", "e-1"]
    assert [entry.position for entry in log.entries("run/a")] == positions
    assert sorted(log.streams()) == ["model/a", "run/a", "run/ab"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=25)
@given(kept=st.sets(st.tuples(SECONDS, IDS), max_size=12), start=st.tuples(SECONDS, IDS), end=st.none() | SECONDS)
def test_a_range_has_exactly_the_events_between_its_ends(log: EventLog, kept, start, end):
    stream = next(STREAMS)
    for second, name in kept:
        log.append(event(second, name, stream))
    after, until = event(*start).position, None if end is None else event(end).occurred_at
    whole = list(log.entries(stream))
    assert [entry.position for entry in whole] == sorted(event(*second_and_id).position for second_and_id in kept)

    assert list(log.entries(stream, after=after)) == [entry for entry in whole if entry.position > after]
    assert list(log.entries(stream, until=until)) == [entry for entry in whole if until is None or entry.position[:27] <= until]
    assert list(log.entries(stream, after=after, until=until)) == [
        entry for entry in whole if entry.position > after and (until is None or entry.position[:27] <= until)
    ]
    everything = list(log.read(stream))
    assert list(log.read(stream, after=after)) == [record for record in everything if record.event.position > after]
    assert [audited.position for audited in log.audit(stream)] == [record.event.position for record in everything]


def test_a_range_can_begin_behind_the_longest_position(log: EventLog):
    """DynamoDB refuses a sort key of more than 1024 bytes, even one that is only compared with."""
    longest = event(1, "x" * (1024 - 28))
    log.append(longest)
    log.append(event(2))
    after = longest.position
    assert [entry.position for entry in log.entries("run/a", after=after)] == [event(2).position]
    assert [entry.position for entry in log.entries("run/a", after=after, until=event(2).occurred_at)] == [event(2).position]


def test_the_parts_of_a_scan_are_the_whole_log_and_can_continue_behind_every_page(log: EventLog):
    big = "x" * 300_000
    for second in range(9):
        log.append(event(second, data={"big": big}))
        log.append(event(second, stream=f"model/{second}"))
        log.append(event(second, stream="dataset/\uffff"))
        log.append(event(second, stream="dataset/😀"))
    expected = sorted((stream, entry) for stream in log.streams() for entry in log.entries(stream))
    assert len(expected) == 36
    for parts in (1, 3):
        entries = []
        for part in range(parts):
            pages = list(log.scan(part, parts))
            in_part = [entry for page in pages for entry in page.entries]
            entries += in_part
            for number, page in enumerate(pages):
                assert (page.after is None) == (number == len(pages) - 1)
                if page.after is not None:
                    rest = [entry for later in pages[number + 1 :] for entry in later.entries]
                    assert [entry for later in log.scan(part, parts, page.after) for entry in later.entries] == rest
            by_stream = defaultdict(list)
            for stream, entry in in_part:
                by_stream[stream].append(entry.position)
            assert all(positions == sorted(positions) for positions in by_stream.values())
        assert sorted(entries) == expected
        assert parts > 1 or len(pages) > 1


def damage(log: EventLog, event: Event) -> None:
    """Alter the store itself, as an attacker or a bug could."""
    if isinstance(log, DynamoDbLog):
        key = {"stream": {"S": event.stream}, "position": {"S": event.position}}
        log.client.put_item(TableName=TABLE, Item={**key, "data": {"N": "7"}})
    elif isinstance(log, SqliteLog):
        with log.database.transaction() as connection:
            connection.execute("UPDATE events SET data = '[' WHERE position = ?", (event.position,))
    else:
        log.records[event.stream, event.position] = Damaged(event.stream, event.position, "damaged")  # type: ignore[attr-defined]


def test_a_damaged_event_is_reported_in_its_place(log: EventLog):
    first, second, third = (event(number) for number in range(3))
    for event_ in (first, second, third):
        log.append(event_)
    damage(log, second)
    before, damaged, behind = log.audit("run/a")
    assert [before.position, behind.position] == [first.position, third.position]
    assert isinstance(damaged, Damaged)
    assert (damaged.stream, damaged.position) == ("run/a", second.position)
    assert damaged.why
    reading = log.read("run/a")
    assert next(reading).event == first
    with pytest.raises(DamagedEvent, match=damaged.why.replace("$", r"\$")):
        next(reading)
    positions = [first.position, second.position, third.position]
    assert [entry.position for entry in log.entries("run/a")] == positions
    assert [entry.position for page in log.scan(0, 1) for _, entry in page.entries] == positions
    assert list(log.streams()) == ["run/a"]


def test_a_stream_of_many_pages(log: EventLog):
    """DynamoDB answers a query in pages of at most 1 MB."""
    big = "x" * 300_000
    for second in range(9):
        log.append(event(second, data={"big": big}))
    seconds = [f"{second:02d}" for second in range(9)]
    assert [recorded.event.occurred_at[17:19] for recorded in log.read("run/a")] == seconds
    assert [entry.position[17:19] for entry in log.entries("run/a")] == seconds
    assert [audited.position[17:19] for audited in log.audit("run/a")] == seconds
    assert [entry.position[17:19] for entry in log.entries("run/a", until=event(5).occurred_at)] == seconds[:6]


def test_many_writers_of_the_same_events_record_each_event_once(log: EventLog):
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


def test_what_was_recorded_after_a_time_is_given_and_the_rest_counted(log: EventLog):
    """Events arrive in another order than that of their keys, and fill several pages."""
    for second in (5, 1, 9, 3, 7, 2):
        log.append(event(second, data={"text": "x" * 390_000}))
        log.append(event(second, stream="run/ab"))
    records = list(log.audit("run/a"))
    times = sorted(recorded.recorded_at for recorded in log.read("run/a"))
    for time in ("", *times):
        pages = list(log.recorded_after("run/a", time))
        later = [page_record for page in pages for page_record in page.later]
        assert later == [record for record in records if not isinstance(record, Damaged) and record.recorded_at > time]
        assert sum(page.earlier for page in pages) == len(records) - len(later)
    assert [page for page in log.recorded_after("run/never", "") if page.earlier or list(page.later)] == []


def test_the_moments_of_a_stream_are_the_times_of_its_events(log: EventLog):
    assert list(log.moments("run/a")) == []
    for second in (2, 0, 1):
        log.append(event(second, data={"text": "x" * 50_000}))
    log.append(event(0, "e-2"))
    log.append(event(0, stream="run/b"))
    recorded = list(log.read("run/a"))
    assert [tuple(moment) for moment in log.moments("run/a")] == [
        (each.event.occurred_at, each.recorded_at) for each in recorded
    ]
    assert [moment.occurred_at[17:19] for moment in log.moments("run/a")] == ["00", "00", "01", "02"]
