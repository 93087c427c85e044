"""The one thread that makes events of what a training says: it batches, numbers, chains, and puts them into the spool."""

from __future__ import annotations

import time
from collections import deque
from queue import Empty, SimpleQueue
from threading import Condition, Thread
from threading import Event as Flag
from typing import TYPE_CHECKING, Any

from training_events.bus.envelope import to_envelope
from training_events.bus.publisher import MAX_REQUEST_BYTES
from training_events.recorder.delivery.points import MetricCall, Points
from training_events.recorder.reporting import log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training_events.recorder.delivery.journal import Journal
    from training_events.recorder.delivery.sender import Sender
    from training_events.recorder.delivery.spool import Spool

    Within = Callable[[dict[str, Any], int], dict[str, Any]]

FLUSH_SECONDS = 2.0
"""How long a point may wait to become part of an event: what a `kill -9` takes with it."""
MAX_BUFFERED_POINTS, MAX_PENDING_POINTS = 2_000, 20_000
"""Points: when the writer is called before their time is over, and when who says more of them has to wait."""
_ALL = 2**63 - 1
"""No time is later."""
MAX_EVENT_BYTES = MAX_REQUEST_BYTES - 16 * 1024
"""Of an event's data: what is left is for its header."""


class Writer:
    """Points come in by a deque, everything else by a queue: both may be filled from any thread and from a signal handler."""

    def __init__(self, journal: Journal, spool: Spool, sender: Sender, within: Within) -> None:
        self.points: deque[tuple[Any, Any, Any, int]] = deque()
        self._journal, self._spool, self._sender, self._within = journal, spool, sender, within
        self._orders: SimpleQueue[tuple[Callable[[], object] | None, int]] = SimpleQueue()
        self._batches = Points()
        self._changed = Condition()  # a signal's handler may come to it where its thread is at it
        self._open = self._ended = False
        self._thread = Thread(target=self._work, name="training-events-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._open = True

    def record(self, type_: str, data: dict[str, Any]) -> bool:
        """Record an event of now, behind all points up to now and before those that come later. False: it came too late."""
        now = time.time_ns()
        return self._take(lambda: self._record(type_, self._within(data, MAX_EVENT_BYTES), now), now)

    def relieve(self, waiting: int) -> None:
        """So many points are waiting that they are worth an event at once; far more, and the caller gives way a moment.

        No training measures that fast for long. One that does is slowed down rather than let the memory grow.
        """
        if waiting % MAX_BUFFERED_POINTS == 0 or waiting > MAX_PENDING_POINTS:
            self._take(_crowded)
        if waiting > MAX_PENDING_POINTS:
            time.sleep(0.001)

    def wait_spooled(self, seconds: float) -> bool:
        """Wait until all that was said before is in the spool. May be called in a signal handler."""
        done = Flag()
        return done.wait(seconds) if self._take(done.set) else self._wait(seconds)

    def close(self, seconds: float) -> None:
        """Put everything into the spool and end; what comes later is not taken."""
        with self._changed:
            self._take(None)
            self._open = False
        if self._wait(seconds) and self._thread.ident is not None:
            self._thread.join(seconds)

    def _take(self, order: Callable[[], object] | None, until_ns: int = _ALL) -> bool:
        """False if the last order is given: nobody would see to one behind it."""
        with self._changed:
            if self._open:
                self._orders.put((order, until_ns))
            return self._open

    def _wait(self, seconds: float) -> bool:
        """Until the thread has ended, if it was ever started. A join that Ctrl-C cuts short could not be begun again."""
        with self._changed:
            return self._changed.wait_for(lambda: self._ended or self._thread.ident is None, seconds)

    def _work(self) -> None:
        try:
            self._serve()
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _serve(self) -> None:
        while True:
            try:
                order, at_ns = self._orders.get(timeout=FLUSH_SECONDS)
            except Empty:
                order, at_ns = _timed, _ALL
            if order is _crowded and len(self.points) < MAX_BUFFERED_POINTS:  # an order before it has seen to that
                continue
            _guarded(self._drain, at_ns)
            if order is None:
                return
            _guarded(order)

    def _drain(self, until_ns: int) -> None:
        for data, at_ns in self._batches.batches(self._waiting(until_ns)):
            self._record("MetricsRecorded", data, at_ns)

    def _waiting(self, until_ns: int) -> Iterator[MetricCall]:
        """What was said up to then, and is there by now: what comes meanwhile is for the next time."""
        points = self.points
        for _ in range(len(points)):
            if points[0][3] > until_ns:
                return
            yield MetricCall(*points.popleft())

    def _record(self, type_: str, data: dict[str, Any], at_ns: int) -> None:
        self._spool.append(to_envelope(self._journal.next_event(type_, data, at_ns)))
        self._sender.wake()


def _guarded(work: Callable[..., object], *args: Any) -> None:
    """What fails leaves everything else as it is."""
    try:
        work(*args)
    except Exception:  # noqa: BLE001 - told in the log; the program goes on
        log.exception("a mistake in training_events itself; the training goes on")


def _timed() -> None:
    """The points' time is over."""


def _crowded() -> None:
    """There are many points."""
