"""Sends what the spool holds: a thread of its own, so that nothing ever waits for the network.

What cannot be sent stays in the spool, and is tried again with growing pauses. When all of its own is sent, it sends what
recorders that were killed, or ended without a network, have left for the same destination.
"""

from __future__ import annotations

import logging
import random
import time
from threading import Condition, Thread
from typing import TYPE_CHECKING

from training_events.errors import TrainingEventsError
from training_events.recorder import forks
from training_events.recorder.delivery.destination import Unsent
from training_events.recorder.delivery.spool import orphaned_spools
from training_events.recorder.reporting import log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from training_events.recorder.delivery.destination import Destination, Sink
    from training_events.recorder.delivery.spool import OrphanedSpool, Spool

FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.5, 30.0
CLOSING_RETRY_SECONDS = 3.0
"""An outage that has lasted so long outlasts the end of the program: it is not waited for. A bus may be busy for a moment."""


class Delivery:
    """Sends from any spool to one destination. `pause` waits, in seconds, and may be cut short."""

    def __init__(self, to: Destination, pause: Callable[[float], None] = time.sleep) -> None:
        self.to = to
        self.sent_count = 0
        self._pause = pause
        self._sink: Sink | None = None

    def send(self, spool: Spool) -> list[Unsent]:
        """Try once to send what comes next. What did not arrive stays in the spool; what never will is set aside."""
        lines = spool.next_batch()
        try:
            if self._sink is None:
                with forks.client_setup.passing():  # the first request too: it still imports, looks up names and connects
                    self._sink = self.to.sink(self._pause)
                    unsent = self._sink.send(lines)
            else:
                with forks.request.passing():
                    unsent = self._sink.send(lines)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the settings, the events are kept
            why = str(error) if isinstance(error, TrainingEventsError) else f"{type(error).__name__}: {error}"
            unsent = [Unsent(line, why) for line in lines]
        if (refused := [one for one in unsent if one.final]) and spool.set_aside(refused):
            unsent = [one for one in unsent if not one.final]
            log.warning(
                "%d event(s) can never be recorded: %s; they are kept in %s", len(refused), refused[0].why, spool.refused_path
            )
        self.sent_count += len(lines) - len(unsent)
        spool.acknowledge([one.line for one in unsent])
        return unsent


class Sender:
    """Delivers one recorder's spool, and then what others have left, until it is closed."""

    def __init__(self, spool: Spool, to: Destination, home: Path) -> None:
        self._spool, self._to = spool, to
        self._delivery = Delivery(to, self._pause)
        self._changed = Condition()
        self._news = False  # said since the thread last looked
        self._attempts = 0  # to send the recorder's own, begun so far
        self._failed = 0  # the number of the last that failed
        self._wanted = 0  # the number of the one that somebody waits for
        self._ended = False
        self._until: float | None = None  # when to give up, once it is closing
        self._warned = False
        self._others: Iterator[OrphanedSpool] = orphaned_spools(home, to)
        self._other: OrphanedSpool | None = None
        self._thread = Thread(target=self._work, name="training-events-sender", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There is something new to send."""
        with self._changed:
            self._news = True
            self._changed.notify_all()

    def flush(self, seconds: float) -> bool:
        """Wait until all of the recorder's own is sent, an attempt to has failed, or the time is over: whether all is sent.

        One that is under way may be from before the trouble ended: it counts only if it succeeds.
        """
        with self._changed:
            wanted = self._wanted = self._attempts + 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._spool.pending or self._failed >= wanted or self._ended, seconds)
            return not self._spool.pending and not self._spool.lost

    def close(self, seconds: float) -> None:
        """Send the rest, and wait for it, unless it fails or takes too long: then it is left for the next recorder.

        Closed again, it does not get more time than it had.
        """
        with self._changed:
            until = time.monotonic() + seconds
            self._until = until = until if self._until is None else min(until, self._until)
            self._changed.notify_all()
        if self._thread.ident is not None:  # it was started
            self._thread.join(max(until - time.monotonic(), 0))

    def _work(self) -> None:
        pause, well_at = FIRST_PAUSE_SECONDS, time.monotonic()
        try:
            while True:
                until = self._until  # asked before the look: an event said during it, or an attempt begun, comes before the end
                spool = self._next_spool()
                if spool is None:
                    if until is not None:
                        break
                    self._idle()
                    well_at = time.monotonic()
                    continue
                before, own = self._delivery.sent_count, spool is self._spool
                self._attempts += own
                unsent = self._delivery.send(spool)
                with self._changed:
                    if unsent and own:
                        self._failed = self._attempts
                    self._changed.notify_all()
                if self._delivery.sent_count > before:
                    well_at = time.monotonic()
                if not unsent:
                    pause = FIRST_PAUSE_SECONDS
                    continue
                self._warn(unsent[0])
                if until is not None and time.monotonic() > min(until, well_at + CLOSING_RETRY_SECONDS):
                    break
                self._pause(random.uniform(0, pause))  # noqa: S311 - no secret
                pause = min(2 * pause, MAX_PAUSE_SECONDS)
        except Exception:  # noqa: BLE001 - told in the log; the program goes on
            log.exception("a mistake in training_events itself: events wait in %s", self._spool.path.parent)
        finally:
            self._end()

    def _next_spool(self) -> Spool | None:
        if self._spool.pending:
            return self._spool
        if self._until is not None and time.monotonic() > self._until:
            return None
        while self._other is None or not self._other.pending:
            if self._other is not None:
                self._other.close()
            self._other = next(self._others, None)
            if self._other is None:
                return None
        return self._other

    def _idle(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._news or self._until is not None)
            self._news = False

    def _pause(self, seconds: float) -> None:
        """What is said meanwhile does not cut it short: whoever refused one event should not get more requests for it.

        The end does; then pauses are short.
        """
        with self._changed:
            if self._until is None:
                self._changed.wait_for(lambda: self._hurried or self._until is not None, seconds)
            else:
                self._changed.wait(min(seconds, FIRST_PAUSE_SECONDS))

    @property
    def _hurried(self) -> bool:
        """Somebody waits for an attempt that has not begun yet."""
        return self._spool.pending > 0 and self._attempts < self._wanted

    def _warn(self, failed: Unsent) -> None:
        """Once, whatever happens later: the training's output is its own."""
        level = logging.INFO if self._warned else logging.WARNING
        self._warned = True
        log.log(
            level,
            "events cannot be sent to %s: %s; the training goes on. They wait in %s, and are sent when that works again,"
            " by the next recorder, or by `training-events flush`",
            self._to,
            failed.why,
            self._spool.path.parent,
        )

    def _end(self) -> None:
        if self._other is not None:
            self._other.close()
        self._spool.close()
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        if self._spool.lost:
            log.error("%d event(s) are lost: they could not be sent, and the disk took none", self._spool.lost)
