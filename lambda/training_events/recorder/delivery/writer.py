"""The one thread that makes events of what a training records. It batches, numbers, chains, and puts them into the spool."""

from __future__ import annotations

import time
from collections import deque
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
from training_events.recorder.delivery.points import MetricCall, PointBatcher
from training_events.recorder.reporting import log, report_loss

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training_events.recorder.delivery.journal import Journal
    from training_events.recorder.delivery.sender import Sender
    from training_events.recorder.delivery.spool import Spool

    FitToSize = Callable[[dict[str, Any], int], dict[str, Any]]

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
    up_to_ns: int = 2**63 - 1  # later points stay in the buffer; by default all of them become events
    action: Callable[[], object] | None = None  # what is done afterwards


class Writer:
    """Points come in by a deque, everything else by a queue. Any thread may fill both, and a signal's handler too."""

    def __init__(self, journal: Journal, spool: Spool, sender: Sender, fit_to_size: FitToSize) -> None:
        self.points: deque[tuple[Any, Any, Any, int]] = deque()
        self._journal, self._spool, self._sender, self._fit_to_size = journal, spool, sender, fit_to_size
        self._tasks: SimpleQueue[_Task] = SimpleQueue()
        self._taken_events = self._spooled_events = self._points_in_work = 0
        self._has_reported_stall = False
        self._calls_since_pause = 0
        self._batcher, self._breaks = PointBatcher(), Breaks()
        self._changed = Condition()  # reentrant: a signal's handler may interrupt a thread that holds it
        self._is_open = self._has_ended = False
        self._thread = Thread(target=self._run, name="training-events-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._is_open = True

    def record(self, type_: str, data: dict[str, Any]) -> bool:
        """Record an event of now, after all points up to now and before later ones. False if the writer is closed already."""
        now = time.time_ns()
        with self._changed:
            is_taken = self._enqueue(_Task(_Reason.BEFORE_ACTION, now, lambda: self._append_event(type_, data, now)))
            self._taken_events += is_taken
        return is_taken

    def limit_backlog(self, pending: int) -> None:
        """Make events of this many pending points early. With far more of them a call pauses now and then.

        No training measures that fast for long. One that does is slowed down, so that the memory does not grow.
        """
        if pending > MAX_PENDING_POINTS:
            self._calls_since_pause += 1
        must_pause = self._calls_since_pause >= POINTS_BETWEEN_PAUSES
        if must_pause or pending % MAX_BUFFERED_POINTS == 0:
            self._enqueue(_Task(_Reason.TOO_MANY_POINTS))
        if must_pause:
            self._calls_since_pause = 0
            self._pause_until(pending - POINTS_BETWEEN_PAUSES)

    def _pause_until(self, pending: int) -> None:
        deadline = time.monotonic() + MAX_PAUSE_SECONDS
        while len(self.points) > pending and time.monotonic() < deadline:
            time.sleep(0.002)

    def wait_spooled(self, seconds: float) -> bool:
        """Wait until all that was recorded before is in the spool. May be called in a signal's handler.

        Where that takes too long, standard error says once what is missing: the program may end after this.
        """
        is_spooled = self.spooled_within(seconds)
        if not is_spooled and not self._has_reported_stall:
            self._has_reported_stall = self._report_stall(seconds)
        return is_spooled

    def spooled_within(self, seconds: float) -> bool:
        """As `wait_spooled`, without a line on standard error: for a program that goes on."""
        done = Flag()
        is_taken = self._enqueue(_Task(_Reason.BEFORE_ACTION, action=done.set))
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
        events, points = self._taken_events - self._spooled_events, len(self.points) + self._points_in_work
        report_loss(
            f"{events} event(s) and {points} point(s) of {self._journal.stream} are not on disk after {seconds:.0f} s;"
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
            if task.reason is _Reason.TOO_MANY_POINTS and len(self.points) < MAX_BUFFERED_POINTS:
                continue  # an earlier task has made events of them
            _log_failure(self._append_points, task.up_to_ns)
            if task.reason is _Reason.CLOSING:
                return
            if task.action is not None:
                _log_failure(task.action)

    def _next_task(self) -> _Task:
        try:
            return self._tasks.get(timeout=FLUSH_SECONDS)
        except Empty:
            return _Task(_Reason.INTERVAL_OVER)

    def _append_points(self, up_to_ns: int) -> None:
        for data, at_ns in self._batcher.batches(self._buffered_calls(up_to_ns)):
            points = [self._encoded(point) for point in data["points"]]
            self._append("MetricsRecorded", {"points": points}, at_ns)
            self._points_in_work -= len(points)
        self._points_in_work = 0

    def _buffered_calls(self, up_to_ns: int) -> Iterator[MetricCall]:
        """The calls up to that time that are in the buffer by now. Calls that come meanwhile are left for the next time."""
        points = self.points
        for _ in range(len(points)):
            if points[0][3] > up_to_ns:
                return
            self._points_in_work += 1
            self._take_break()
            yield MetricCall(*points.popleft())

    def _encoded(self, point: dict[str, Any]) -> Raw:
        """Each point by itself: the event of a thousand points would be encoded without a break."""
        self._take_break()
        return Raw(canonical_json(point))

    def _take_break(self) -> None:
        """Where points come faster than the writer works, breaks would only make the pauses of `limit_backlog` longer."""
        if len(self.points) <= MAX_BUFFERED_POINTS:
            self._breaks.take_if_due()

    def _append_event(self, type_: str, data: dict[str, Any], at_ns: int) -> None:
        try:
            self._append(type_, self._fit_to_size(data, MAX_EVENT_BYTES), at_ns)
        finally:
            self._spooled_events += 1

    def _append(self, type_: str, data: dict[str, Any], at_ns: int) -> None:
        event = self._journal.next_event(type_, data, at_ns)
        self._take_break()
        self._spool.append(to_envelope(event))
        self._sender.wake()


def _log_failure(work: Callable[..., object], *args: Any) -> None:
    """Do it; where it fails, everything else goes on."""
    try:
        work(*args)
    except Exception:  # noqa: BLE001 - the log has it
        log.exception("a mistake in training_events itself; the training goes on")
