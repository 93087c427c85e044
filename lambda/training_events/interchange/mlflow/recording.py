"""What one process records in one log by MLflow's calls: any number of streams at once, by one writer and one sender.

What is recorded gets to the spool on disk in a moment, and from there to the log, whatever ends the process. Nothing here waits
for the network.
"""

from __future__ import annotations

import atexit
import os
import sys
import time
from threading import RLock
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from training_events.errors import BadTime
from training_events.event import Event, RecordedEvent
from training_events.interchange.mlflow.endings import ENDS, active_streams, with_cause
from training_events.interchange.mlflow.own_events import OwnEvents
from training_events.recordable import check_recordable
from training_events.recorder import termination
from training_events.recorder.delivery.channel import object_store, recordable
from training_events.recorder.delivery.outbox import Outbox
from training_events.recorder.delivery.writer import MAX_BUFFERED_POINTS
from training_events.recorder.ending import stopped
from training_events.settings import DEFAULT_SOURCE
from training_events.stores.event_log import check_due
from training_events.times import from_nanoseconds, now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training_events.catalogue.run import Point
    from training_events.event import LogEntry
    from training_events.recorder.delivery.producer import StreamProducer
    from training_events.settings import Settings

MAX_PRODUCERS = 500
"""A server may see thousands of runs that nobody ends. The producer that was used least recently makes room for another one."""
MAX_PENDING_EVENTS = 1_000
"""Whoever records faster than the disk takes it waits for the disk."""
SPOOL_SECONDS = 2.0
"""The longest that the start and the end of a run wait for the disk. From then on not even a kill loses them."""
_STARTED = "TrainingStarted"
_NS_IN_MS = 1_000_000
_END_MS = 253_402_300_800_000
"""The end of the year 9999."""


class Recording:
    """Any thread may use it, and any process that is forked from its own. An `OpenRun` for `termination`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.own = OwnEvents()
        self._begin()
        _all.add(self)

    def _begin(self) -> None:
        self._lock = RLock()  # reentrant: a signal's handler may interrupt a thread that holds it
        self._outbox: Outbox | None = None
        self._producers: dict[str, StreamProducer] = {}  # those used most recently come last
        self._started: set[str] = set()  # the runs that these producers have started
        self._is_ending = False

    def record(self, stream: str, type_: str, data: dict[str, Any], at_ms: int | None) -> None:
        """Raises the NotRecordable that says what no event can hold."""
        if type_ in ENDS:
            type_, data = with_cause(type_, data)
        _check(stream, type_, data, at_ms)
        self._put(stream, type_, data, None if at_ms is None else at_ms * _NS_IN_MS)
        self._finish_if_ending()

    def _put(self, stream: str, type_: str, data: dict[str, Any], at_ns: int | None = None) -> None:
        with self._lock:
            outbox, producer = self._open(), self._producer(stream)
            if type_ == _STARTED:
                self._started.add(stream)
            # by its own producer, or by none, is it the end of the run: folds count no other one
            is_numbered = type_ not in ENDS or stream in self._started
            outbox.writer.record(producer, type_, data, at_ns, is_numbered=is_numbered)
        if type_ == _STARTED:
            termination.watch(self)
        if type_ == _STARTED or type_ in ENDS or outbox.writer.pending_events > MAX_PENDING_EVENTS:
            outbox.writer.spooled_within(SPOOL_SECONDS, producer)

    def record_points(self, stream: str, points: Sequence[Point]) -> None:
        at_ns = time.time_ns()
        calls = [(point.name, float(point.value), point.step, at_ns, point.time) for point in points]
        with self._lock:
            writer = self._open().writer
            self._producer(stream).points.extend(calls)
        if (pending := writer.pending_points) > MAX_BUFFERED_POINTS:
            writer.limit_backlog(pending, len(calls))
        self._finish_if_ending()

    def close_stream(self, stream: str) -> None:
        with self._lock:
            self._remove(stream)
            if not self._started:
                termination.unwatch(self)

    def flush(self, seconds: float) -> bool:
        """Whether all that this process recorded is sent, within that time. The rest is in the spool."""
        outbox = self._outbox
        return outbox is None or outbox.is_idle or outbox.flush(seconds)

    def settle(self, stream: str, seconds: float) -> list[LogEntry]:
        """What was recorded of a stream, and may not be in the log yet. Nothing waits for the log: only for the spool."""
        with self._lock:
            outbox, producer = self._outbox, self._producers.get(stream)
        if outbox is not None and producer is not None:
            outbox.writer.spooled_within(seconds, producer)
        return self.own.of(stream)

    def settle_all(self, kind: str, seconds: float) -> set[str]:
        """The streams of a kind of which something may not be in the log yet."""
        self.settle_log(seconds)
        return self.own.streams(kind)

    def settle_log(self, seconds: float) -> None:
        """Let all that was recorded be in the log, if it is written to directly. Over a bus it is spooled."""
        outbox = self._outbox
        if outbox is None:
            return
        if outbox.to.kind == "bus":
            outbox.writer.spooled_within(seconds)
            return
        if not outbox.is_idle:
            outbox.flush_silently(seconds)
        self.own.forget_sent(lambda: outbox.unsent)

    def on_fatal_signal(self, name: str) -> None:
        """The program ends at once, and with it the runs that MLflow's fluent API has open here."""
        for stream in self._started.intersection(active_streams()):
            self._put(stream, *stopped(name))

    def on_handled_signal(self, name: str) -> None:
        """The program decides itself how its runs end."""

    def on_program_end(self, error: BaseException | None) -> None:  # noqa: ARG002 - MLflow itself ends what is open
        """From now on nothing waits to be sent later: MLflow may end its runs before this, or after it."""
        self._is_ending = True
        self._finish_if_ending()

    def on_fork(self) -> None:
        """`reset_after_fork` does what there is to do, also where no run is open."""

    def reset_after_fork(self) -> None:
        """In a child everything starts again with the first event: threads and buffers are the parent's."""
        self.own.reset_after_fork()
        self._begin()

    def _finish_if_ending(self) -> None:
        if self._is_ending and self._outbox is not None:
            self._outbox.finish()

    def _open(self) -> Outbox:
        if self._outbox is None:
            outbox = Outbox(self._settings, self._note_own)
            self._objects = object_store(self._settings)
            outbox.start()
            self._outbox = outbox
            if multiprocessing := sys.modules.get("multiprocessing.util"):  # its processes end without atexit
                multiprocessing.Finalize(None, outbox.finish, exitpriority=100)
        return self._outbox

    def _producer(self, stream: str) -> StreamProducer:
        producer = self._producers.pop(stream, None)
        if producer is None:
            if len(self._producers) >= MAX_PRODUCERS:
                self._remove(next(iter(self._producers)))
            outbox = self._open()
            producer = outbox.producer(stream, recordable(outbox.home, stream, self._objects))
        self._producers[stream] = producer
        return producer

    def _remove(self, stream: str) -> None:
        producer = self._producers.pop(stream, None)
        self._started.discard(stream)
        if producer is not None:
            self._open().writer.remove(producer)

    def _note_own(self, event: Event) -> None:
        outbox = self._outbox
        direct = outbox is not None and outbox.to.kind == "log"
        entry = RecordedEvent(event, event.occurred_at, event.digest).entry
        self.own.add(event.stream, entry, (lambda: outbox.unsent) if direct and outbox is not None else None)


def _check(stream: str, type_: str, data: dict[str, Any], at_ms: int | None) -> None:
    """Raises a NotRecordable now: what the writer finds out later reaches nobody."""
    if at_ms is not None and not 0 <= at_ms < _END_MS:
        raise BadTime(f"the time is {at_ms} ms since 1970", "0 to the end of the year 9999", ("occurred_at",))
    present = now()
    at = present if at_ms is None else from_nanoseconds(at_ms * _NS_IN_MS)
    event = Event("to be checked", stream, type_, at, DEFAULT_SOURCE, data)
    check_recordable(event)
    check_due(event, present)


_all: WeakSet[Recording] = WeakSet()


@atexit.register
def _at_program_end() -> None:
    for recording in list(_all):
        recording.on_program_end(None)


def _in_child() -> None:
    for recording in list(_all):
        recording.reset_after_fork()


os.register_at_fork(after_in_child=_in_child)
