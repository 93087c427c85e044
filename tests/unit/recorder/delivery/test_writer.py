"""The writer when it closes: what was recorded before is in the spool, and later calls learn that they come too late."""

import json
import threading
import time
from typing import TYPE_CHECKING, Any, cast

import pytest
from training_events.recorder.delivery import writer as module
from training_events.recorder.delivery.journal import Journal
from training_events.recorder.delivery.producer import StreamProducer
from training_events.recorder.delivery.writer import Writer

from tests.support.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from training_events.event import Event
    from training_events.recorder.delivery.sender import Sender
    from training_events.recorder.delivery.spool import Spool


class SlowSpool(list):
    """Holds each event up until `may_write` is set."""

    def __init__(self):
        super().__init__()
        self.is_writing, self.may_write = threading.Event(), threading.Event()

    def append(self, line):
        self.is_writing.set()
        assert self.may_write.wait(PATIENCE_SECONDS)
        super().append(line)


class SenderOfNothing:
    def wake(self):
        pass


@pytest.fixture
def spool():
    return SlowSpool()


class OneRunsWriter(Writer):
    """A writer of a single producer, as `record_run` has it."""

    def __init__(self, spool: Any, sender: Any) -> None:
        super().__init__(spool, sender)
        self.producer = producer_of("run/a")
        self.add(self.producer)
        self.points = self.producer.points

    def of_run(self, type_: str) -> bool:
        return self.record(self.producer, type_, {})


def producer_of(stream: str) -> StreamProducer:
    return StreamProducer(Journal(stream), lambda data, _: data)


def writer_into(spool: Any, sender: Any) -> OneRunsWriter:
    return OneRunsWriter(spool, sender)


@pytest.fixture
def writer(spool):
    writer = writer_into(spool, SenderOfNothing())
    writer.start()
    yield writer
    spool.may_write.set()
    writer.close(60)


def close_while_it_writes(writer, spool):
    assert writer.of_run("TrainingCompleted")
    assert spool.is_writing.wait(PATIENCE_SECONDS)
    writer.close(0)


def test_an_event_after_the_end_is_not_taken(writer, spool):
    close_while_it_writes(writer, spool)
    assert not writer.of_run("CheckpointSaved")
    spool.may_write.set()
    writer.close(60)
    assert not writer.of_run("CheckpointSaved")
    assert len(spool) == 1


@pytest.fixture
def released_by_a_wait(spool, monkeypatch):
    """The spool may write as soon as a thread waits for the writer longer than a moment."""

    class Condition(threading.Condition):
        def wait_for(self, predicate, timeout=None):
            if timeout:
                spool.may_write.set()
            return super().wait_for(predicate, timeout)

    monkeypatch.setattr(module, "Condition", Condition)


def test_a_wait_while_the_writer_closes_is_a_wait_for_its_end(released_by_a_wait, writer, spool):
    close_while_it_writes(writer, spool)
    assert not writer.wait_spooled(0)
    assert writer.wait_spooled(3600)
    assert len(spool) == 1


def test_what_a_flush_did_not_get_to_the_disk_is_reported_once(writer, spool, monkeypatch, capfd):
    """The program may end by os._exit after a flush. A line in the log may be what hangs."""
    monkeypatch.setattr(module, "MIN_STALL_SECONDS", 0.0)
    writer.points.extend([("loss", 0.5, step, 1) for step in range(7)])
    assert writer.of_run("CheckpointSaved")
    assert spool.is_writing.wait(PATIENCE_SECONDS)
    writer.points.append(("loss", 0.5, 7, 1))
    assert not writer.wait_spooled(0)
    assert not writer.wait_spooled(0)
    line = (
        "training_events: 1 event(s) and 8 point(s) of run/a are not on disk after 0 s; they are lost if the process ends now\n"
    )
    assert capfd.readouterr().err == line


def test_what_an_end_does_not_get_to_the_disk_is_reported(writer, spool, monkeypatch, capfd):
    monkeypatch.setattr(module, "MIN_STALL_SECONDS", 0.0)
    close_while_it_writes(writer, spool)
    assert "1 event(s) and 0 point(s) of run/a are not on disk" in capfd.readouterr().err


def test_a_wait_that_is_short_reports_nothing(writer, spool, capfd):
    close_while_it_writes(writer, spool)
    assert not writer.wait_spooled(0)
    assert capfd.readouterr().err == ""


@pytest.fixture
def small_backlog(monkeypatch):
    monkeypatch.setattr(module, "MAX_BUFFERED_POINTS", 5)
    monkeypatch.setattr(module, "MAX_PENDING_POINTS", 20)
    monkeypatch.setattr(module, "POINTS_BETWEEN_PAUSES", 10)


def record_points(writer, count):
    """As `metric` does. Returns the most points that waited."""
    most = 0
    for step in range(count):
        writer.points.append(("loss", 0.5, step, 1))
        most = max(most, len(writer.points))
        writer.limit_backlog(len(writer.points))
    return most


def test_a_backlog_does_not_grow_beyond_its_limit(small_backlog, monkeypatch):
    """However fast points come: the calls pause until the writer has made events of some."""
    monkeypatch.setattr(module, "MAX_PAUSE_SECONDS", PATIENCE_SECONDS)
    spooled: list[bytes] = []
    writer = writer_into(spooled, SenderOfNothing())
    writer.start()
    most = record_points(writer, 2_000)
    writer.close(PATIENCE_SECONDS)
    assert most <= 20 + 2 * 10
    points = [point for line in spooled for point in json.loads(line)["detail"]["data"]["points"]]
    assert [point["step"] for point in points] == list(range(2_000))


def test_one_call_in_many_pauses_and_never_for_long(small_backlog, writer, spool, monkeypatch):
    """The writer may hang. The training goes on."""
    pauses: list[float] = []
    monkeypatch.setattr(module, "MAX_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(time, "sleep", pauses.append)
    assert writer.of_run("CheckpointSaved")
    assert spool.is_writing.wait(PATIENCE_SECONDS)
    longest = 0
    for step in range(100):
        writer.points.append(("loss", 0.5, step, 1))
        before = len(pauses)
        writer.limit_backlog(len(writer.points))
        longest += len(pauses) > before
    assert longest == 8, "one in ten of those above the limit"


def test_nothing_waits_for_a_writer_that_never_started(spool):
    writer = writer_into(spool, SenderOfNothing())
    assert not writer.of_run("TrainingStarted")
    assert writer.wait_spooled(3600)
    writer.close(3600)


@pytest.fixture
def two_streams():
    """What is spooled, its writer, and a producer of each of two streams."""
    spooled: list[bytes] = []
    writer = Writer(cast("Spool", spooled), cast("Sender", SenderOfNothing()))
    first, second = producer_of("run/a"), producer_of("run/b")
    writer.add(first)
    writer.add(second)
    writer.start()
    yield spooled, writer, first, second
    writer.close(60)


def recorded(spooled):
    return [(event["detail"]["stream"], event["detail-type"]) for event in map(json.loads, spooled)]


def test_an_event_of_one_stream_leaves_the_points_of_others_in_their_buffer(two_streams):
    """A server records hundreds of runs: their points are to be batched, whatever else is recorded meanwhile."""
    spooled, writer, first, second = two_streams
    second.points.append(("loss", 0.5, 1, 1))
    first.points.append(("loss", 0.5, 1, 1))
    writer.record(first, "CheckpointSaved", {})
    assert writer.spooled_within(PATIENCE_SECONDS, first)
    assert recorded(spooled) == [("run/a", "MetricsRecorded"), ("run/a", "CheckpointSaved")]
    assert writer.pending_points == 1
    assert writer.spooled_within(PATIENCE_SECONDS)
    assert recorded(spooled)[2:] == [("run/b", "MetricsRecorded")]


def test_what_a_removed_producer_has_buffered_becomes_events(two_streams):
    spooled, writer, first, second = two_streams
    first.points.append(("loss", 0.5, 1, 1))
    writer.remove(first)
    assert writer.spooled_within(PATIENCE_SECONDS, second)
    assert recorded(spooled) == [("run/a", "MetricsRecorded")]


def test_each_event_that_is_in_the_spool_is_told_in_its_order():
    spooled: list[bytes] = []
    told: list[tuple[Event, int]] = []
    writer = Writer(cast("Spool", spooled), cast("Sender", SenderOfNothing()), lambda event: told.append((event, len(spooled))))
    producer = producer_of("run/a")
    writer.add(producer)
    writer.start()
    writer.record(producer, "TrainingStarted", {})
    writer.record(producer, "TrainingCompleted", {}, is_numbered=False)
    writer.close(PATIENCE_SECONDS)
    assert [(event.type, count) for event, count in told] == [("TrainingStarted", 1), ("TrainingCompleted", 2)]
    assert [event.producer is None for event, _ in told] == [False, True]
