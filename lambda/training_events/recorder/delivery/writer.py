"""The one thread that makes events of what a process records. It batches, numbers, chains, and puts them into the spool.

It does so for any number of streams: each has a producer of its own.
"""

from __future__ import annotations

import time
from enum import Enum, auto
from queue import Empty, SimpleQueue
from threading import Condition, Thread
from threading import Event as Flag
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Raw

from training_events.bus.envelope import to_envelope
from training_events.bus.publisher import MAX_REQUEST_BYTES
from training_events.canonical import canonical_json
from training_events.recorder.delivery.breaks import Breaks
from training_events.recorder.delivery.points import MetricCall
from training_events.recorder.reporting import log, report_loss

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Iterator

    from training_events.event import Event
    from training_events.recorder.delivery.producer import StreamProducer
    from training_events.recorder.delivery.sender import Sender
    from training_events.recorder.delivery.spool import Spool

FLUSH_SECONDS = 2.0
"""How long a point may wait until it is part of an event: a `kill -9` loses the points of that time."""
MAX_BUFFERED_POINTS, MAX_PENDING_POINTS = 2_000, 20_000
"""More points than the first number wake the writer early. More than the second slow down the thread that records them."""
POINTS_BETWEEN_PAUSES, MAX_PAUSE_SECONDS = 2_000, 0.05
"""Of a thread that is slowed down, one call in so many pauses, until as many points are in events, or for so long."""
MAX_EVENT_BYTES = MAX_REQUEST_BYTES - 16 * 1024
"""Of an event's data. The rest is for its header."""
MIN_STALL_SECONDS = 1.0
"""Whoever waits less for the disk is not told what is not on it yet: a busy machine may take that long."""


class _Reason(Enum):
    """Why the writer makes events of the buffered points."""

    INTERVAL_OVER = auto()
    TOO_MANY_POINTS = auto()
    BEFORE_ACTION = auto()
    CLOSING = auto()


class _Task(NamedTuple):
    """What the writer does next: make events of the points up to a time, and then the action."""

    reason: _Reason
    producer: StreamProducer | None = None  # whose points; by default those of all
    up_to_ns: int = 2**63 - 1  # later points stay in the buffer; by default all of them become events
    action: Callable[[], object] | None = None  # what is done afterwards


class Writer:
    """Points come in by a deque of each producer, everything else by a queue.

    Any thread may fill both, and a signal's handler too. `on_event` gets each event once it is in the spool, in the writer's
    thread.
    """

    def __init__(self, spool: Spool, sender: Sender, on_event: Callable[[Event], object] | None = None) -> None:
        self._producers: list[StreamProducer] = []
        self._spool, self._sender, self._on_event = spool, sender, on_event
        self._tasks: SimpleQueue[_Task] = SimpleQueue()
        self._taken_events = self._spooled_events = self._points_in_work = 0
        self._has_reported_stall = False
        self._points_since_pause = 0
        self._breaks = Breaks()
        self._changed = Condition()  # reentrant: a signal's handler may interrupt a thread that holds it
        self._is_open = self._has_ended = False
        self._thread = Thread(target=self._run, name="training-events-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._is_open = True

    def add(self, producer: StreamProducer) -> None:
        """From now on make events of what this producer buffers, too."""
        self._producers.append(producer)

    def remove(self, producer: StreamProducer) -> None:
        """The producer buffers no more points. What it has buffered becomes events."""
        self._enqueue(_Task(_Reason.BEFORE_ACTION, producer, action=lambda: self._producers.remove(producer)))

    @property
    def pending_points(self) -> int:
        """How many points no event holds yet."""
        return sum(len(producer.points) for producer in tuple(self._producers))

    @property
    def is_idle(self) -> bool:
        """Whether all that was recorded before is in the spool."""
        return not (self.pending_events or self._points_in_work or self.pending_points)

    @property
    def pending_events(self) -> int:
        """How many events are not in the spool yet, beside those of points."""
        return self._taken_events - self._spooled_events

    def record(
        self,
        producer: StreamProducer,
        type_: str,
        data: dict[str, Any],
        at_ns: int | None = None,
        *,
        is_numbered: bool = True,
    ) -> bool:
        """Record an event, after all points up to now and before later ones. False if the writer is closed already.

        `at_ns` is when it happened, in nanoseconds since 1970; the default is now. `is_numbered` is as with a Journal.
        """
        now = time.time_ns()
        event = type_, data, now if at_ns is None else at_ns
        with self._changed:
            is_taken = self._enqueue(
                _Task(
                    _Reason.BEFORE_ACTION, producer, now, lambda: self._append_event(producer, *event, is_numbered=is_numbered)
                )
            )
            self._taken_events += is_taken
        return is_taken

    def limit_backlog(self, pending: int, added: int = 1) -> None:
        """Make events of this many pending points early. With far more of them a call pauses now and then.

        No training measures that fast for long. One that does is slowed down, so that the memory does not grow. A call has
        `added` so many of them.
        """
        if pending > MAX_PENDING_POINTS:
            self._points_since_pause += added
        must_pause = self._points_since_pause >= POINTS_BETWEEN_PAUSES
        if must_pause or pending % MAX_BUFFERED_POINTS < added:
            self._enqueue(_Task(_Reason.TOO_MANY_POINTS))
        if must_pause:
            self._points_since_pause = 0
            self._pause_until(pending - POINTS_BETWEEN_PAUSES)

    def _pause_until(self, pending: int) -> None:
        deadline = time.monotonic() + MAX_PAUSE_SECONDS
        while self.pending_points > pending and time.monotonic() < deadline:
            time.sleep(0.002)

    def wait_spooled(self, seconds: float) -> bool:
        """Wait until all that was recorded before is in the spool. May be called in a signal's handler.

        Where that takes too long, standard error says once what is missing: the program may end after this.
        """
        is_spooled = self.spooled_within(seconds)
        if not is_spooled and not self._has_reported_stall:
            self._has_reported_stall = self._report_stall(seconds)
        return is_spooled

    def spooled_within(self, seconds: float, producer: StreamProducer | None = None) -> bool:
        """As `wait_spooled`, without a line on standard error: for a program that goes on. By default for all producers."""
        done = Flag()
        is_taken = self._enqueue(_Task(_Reason.BEFORE_ACTION, producer, action=done.set))
        return done.wait(seconds) if is_taken else self._wait_ended(seconds)

    def close(self, seconds: float) -> None:
        """Put everything into the spool and end. What comes later is not taken. What does not get there is reported."""
        with self._changed:
            self._enqueue(_Task(_Reason.CLOSING))
            self._is_open = False
        if not self._wait_ended(seconds):
            self._report_stall(seconds)
        elif self._thread.ident is not None:
            self._thread.join(seconds)

    def _enqueue(self, task: _Task) -> bool:
        """False if the thread has its last task already: it would not do one after that."""
        with self._changed:
            if self._is_open:
                self._tasks.put(task)
            return self._is_open

    def _report_stall(self, seconds: float) -> bool:
        """Report what is not in the spool after that time, if that is long enough to matter."""
        if seconds < MIN_STALL_SECONDS:
            return False
        points = self.pending_points + self._points_in_work
        streams = ", ".join(producer.journal.stream for producer in self._producers[:1]) or "no stream"
        more = f" and {len(self._producers) - 1} other stream(s)" if len(self._producers) > 1 else ""
        report_loss(
            f"{self.pending_events} event(s) and {points} point(s) of {streams}{more} are not on disk after {seconds:.0f} s;"
            " they are lost if the process ends now"
        )
        return True

    def _wait_ended(self, seconds: float) -> bool:
        """Wait until the thread has ended, if it ever started. Unlike a join this can be called again after a Ctrl-C."""
        with self._changed:
            return self._changed.wait_for(lambda: self._has_ended or self._thread.ident is None, seconds)

    def _run(self) -> None:
        try:
            self._do_tasks()
        finally:
            with self._changed:
                self._has_ended = True
                self._changed.notify_all()

    def _do_tasks(self) -> None:
        while True:
            task = self._next_task()
            if task.reason is _Reason.TOO_MANY_POINTS and self.pending_points < MAX_BUFFERED_POINTS:
                continue  # an earlier task has made events of them
            for producer in tuple(self._producers) if task.producer is None else (task.producer,):
                _log_failure(self._append_points, producer, task.up_to_ns)
            if task.reason is _Reason.CLOSING:
                return
            if task.action is not None:
                _log_failure(task.action)

    def _next_task(self) -> _Task:
        try:
            return self._tasks.get(timeout=FLUSH_SECONDS)
        except Empty:
            return _Task(_Reason.INTERVAL_OVER)

    def _append_points(self, producer: StreamProducer, up_to_ns: int) -> None:
        if not producer.points:
            return
        for data, at_ns in producer.batcher.batches(self._buffered_calls(producer.points, up_to_ns)):
            points = [self._encoded(producer, point) for point in data["points"]]
            self._append(producer, "MetricsRecorded", {"points": points}, at_ns)
            self._points_in_work -= len(points)
        self._points_in_work = 0

    def _buffered_calls(self, points: deque[tuple[Any, ...]], up_to_ns: int) -> Iterator[MetricCall]:
        """The calls up to that time that are in the buffer by now. Calls that come meanwhile are left for the next time."""
        for _ in range(len(points)):
            if points[0][3] > up_to_ns:
                return
            self._points_in_work += 1
            self._take_break(len(points))
            yield MetricCall(*points.popleft())

    def _encoded(self, producer: StreamProducer, point: dict[str, Any]) -> Raw:
        """Each point by itself: the event of a thousand points would be encoded without a break."""
        self._take_break(len(producer.points))
        return Raw(canonical_json(point))

    def _take_break(self, pending: int) -> None:
        """Where points come faster than the writer works, breaks would only make the pauses of `limit_backlog` longer."""
        if pending <= MAX_BUFFERED_POINTS:
            self._breaks.take_if_due()

    def _append_event(
        self, producer: StreamProducer, type_: str, data: dict[str, Any], at_ns: int, *, is_numbered: bool
    ) -> None:
        try:
            self._append(producer, type_, producer.fit_to_size(data, MAX_EVENT_BYTES), at_ns, is_numbered=is_numbered)
        finally:
            self._spooled_events += 1

    def _append(
        self, producer: StreamProducer, type_: str, data: dict[str, Any], at_ns: int, *, is_numbered: bool = True
    ) -> None:
        event = producer.journal.next_event(type_, data, at_ns, is_numbered=is_numbered)
        self._take_break(len(producer.points))
        self._spool.append(to_envelope(event))
        if self._on_event is not None:
            self._on_event(event)
        self._sender.wake()


def _log_failure(work: Callable[..., object], *args: Any) -> None:
    """Do it; where it fails, everything else goes on."""
    try:
        work(*args)
    except Exception:  # noqa: BLE001 - the log has it
        log.exception("a mistake in training_events itself; the training goes on")
