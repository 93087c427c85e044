"""What happened to a stream is told whole, whatever its events are and however many: each is in one line, in their order."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from training_events.event import Event, LogEntry
from training_events.folds import empty, fold
from training_events.reading.timeline import timeline
from training_events.reading.timeline.lines import MAX_END_LINES, lines_of

from tests.support.fakes import InMemoryLog
from tests.support.histories import STREAMS, entry, histories


def entries(stream: str, types: list[str]) -> list[LogEntry]:
    """Events of these types, a second after each other, whose data says nothing."""
    data = {"MetricsRecorded": '{"points":[{"name":"loss","value":1}]}'}
    return [
        LogEntry(
            f"2026-11-22T{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}.000000Z#e-{n}", "", type_, 1, data.get(type_, "{}")
        )
        for n, type_ in enumerate(types)
    ]


@given(histories())
def test_each_event_is_in_one_line_and_what_no_state_has_is_told(events: list[Event]):
    log = InMemoryLog()
    for event in events:
        log.append(event)
    for stream in STREAMS:
        told = timeline(log, stream)
        of_stream = [event for event in events if event.stream == stream]
        assert sum((line.types for line in told.lines), Counter()) == Counter(event.type for event in of_stream)
        counts = fold(empty(stream), sorted(map(entry, of_stream))).counts
        assert sum(line.doubtful for line in told.lines) == counts.unknown + counts.newer + counts.unreadable
        assert [line.first_at for line in told.lines] == sorted(line.first_at for line in told.lines)
        assert all(line.first_at <= line.last_at for line in told.lines)


@given(histories(), st.randoms())
def test_it_is_told_the_same_in_whatever_order_events_reached_the_log(events: list[Event], random):
    logs = InMemoryLog(lambda: "2026-11-22T16:00:00.000000Z"), InMemoryLog(lambda: "2026-11-22T16:00:00.000000Z")
    for event in events:
        logs[0].append(event)
    random.shuffle(events)
    for event in events:
        logs[1].append(event)
    for stream in STREAMS:
        assert timeline(logs[0], stream) == timeline(logs[1], stream)


TYPES = st.sampled_from(["MetricsRecorded", "CheckpointSaved", "TrainingStarted", "Tagged", "Happened"])


@given(st.lists(TYPES, max_size=30), st.integers(1, 60))
def test_however_long_a_stream_is_its_lines_are_few_and_none_of_its_events_is_lost(types: list[str], times: int):
    lines = list(lines_of("run/a", entries("run/a", types * times)))
    assert sum(line.events for line in lines) == len(types) * times
    assert len(lines) <= 2 * MAX_END_LINES + 1
    assert sum(line.points for line in lines) == times * types.count("MetricsRecorded")
