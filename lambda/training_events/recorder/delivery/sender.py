"""Sends what the spool holds, in a thread of its own, so that nothing ever waits for the network.

What cannot be sent stays in the spool, and is tried again with growing pauses. Once all of its own is sent, the sender sends
what other recorders have left for the same destination: those that were killed, or ended without a network. That takes a part
of the time only, and at the end of a program hardly any: there may be thousands of files.
"""

from __future__ import annotations

import logging
import random
import time
from math import inf
from threading import Condition, Thread
from typing import TYPE_CHECKING

from training_events.recorder.delivery.delivery import Delivery
from training_events.recorder.delivery.destination import REPLY_SECONDS
from training_events.recorder.delivery.orphans import Orphans
from training_events.recorder.reporting import log

if TYPE_CHECKING:
    from pathlib import Path

    from training_events.recorder.delivery.destination import Destination, Unsent
    from training_events.recorder.delivery.spool import Spool

FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.5, 30.0
CLOSING_RETRY_SECONDS = 3.0
"""The end of a program does not wait for an outage that has lasted this long. A bus may be busy for a moment."""
ORPHANS_SHARE = 0.2
"""Of the sender's time, at most, for what others have left: it takes the interpreter from the training."""
MIN_ORPHAN_SECONDS = 1.0
"""So long, at least, the end waits for a batch of others that is on its way."""


class Sender:
    """Sends one recorder's spool, and then what others have left, until it is closed."""

    def __init__(self, spool: Spool, to: Destination, home: Path) -> None:
        self._spool, self._to = spool, to
        self._delivery = Delivery(to, self._pause)
        self._orphans = Orphans(home, to)
        self._changed = Condition()
        self._has_news = False  # there are events that the thread has not seen
        # attempts to send the recorder's own spool are numbered from 1
        self._attempt = 0  # the last one that began
        self._attempt_began: float | None = None  # when the present one did
        self._failed_attempt = 0  # the last one that failed
        self._awaited_attempt = 0  # the one that a flush waits for
        self._deadline: float | None = None  # when to give up, once the sender is closing
        self._has_ended = False
        self._has_warned = False
        self._last_success = 0.0
        self._max_pause = FIRST_PAUSE_SECONDS
        self._thread = Thread(target=self._run, name="training-events-sender", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There is something new to send."""
        with self._changed:
            self._has_news = True
            self._changed.notify_all()

    def flush(self, seconds: float) -> bool:
        """Wait until the recorder's own spool is sent, an attempt to send it has failed, or the time is over.

        Returns whether all is sent. An attempt that has begun before counts only if it succeeds: whatever made it fail may
        be over by now.
        """
        with self._changed:
            awaited = self._awaited_attempt = self._attempt + 1
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: not self._spool.pending or self._failed_attempt >= awaited or self._has_ended, seconds
            )
            return not self._spool.pending and not self._spool.lost

    def close(self, seconds: float) -> None:
        """Send the rest and wait for that. If it fails or takes too long, the rest is left for the next recorder.

        A second call does not give more time than the first.
        """
        with self._changed:
            deadline = time.monotonic() + seconds
            if self._attempt_began is not None:  # a flush may have waited for this answer, too
                patience = max(self._attempt_began + REPLY_SECONDS, time.monotonic() + CLOSING_RETRY_SECONDS)
                deadline = min(deadline, patience)
            self._deadline = deadline = deadline if self._deadline is None else min(deadline, self._deadline)
            self._changed.notify_all()
            if self._thread.ident is None:  # it was not started
                return
            self._changed.wait_for(
                lambda: self._has_ended or not (self._spool.pending or self._spool.lost), deadline - time.monotonic()
            )
        if self._spool.pending:
            if not self._has_ended and seconds:
                self._warn(f"there is no whole answer yet about {self._spool.pending} of them")
            return
        # all of its own is sent: it may be about to end, or in the middle of what others have left
        self._thread.join(max(min(deadline - time.monotonic(), MIN_ORPHAN_SECONDS), 0))

    def _run(self) -> None:
        self._last_success = time.monotonic()
        try:
            self._send_until_closed()
        except Exception:  # noqa: BLE001 - the log has it; the program goes on
            log.exception("a mistake in training_events itself: events wait in %s", self._spool.path.parent)
        finally:
            self._end()

    def _send_until_closed(self) -> None:
        while True:
            deadline = self._deadline  # read first: an event that comes during the look, or an attempt, is before the end
            spool = self._next_spool()
            if spool is None:
                if deadline is not None:
                    return
                self._wait_for_news()
                self._last_success = time.monotonic()
            elif (failure := self._send_batch(spool)) is None:
                self._max_pause = FIRST_PAUSE_SECONDS
            else:
                self._warn(failure.why)
                is_overdue = time.monotonic() > min(deadline or inf, self._last_success + CLOSING_RETRY_SECONDS)
                if deadline is not None and (is_overdue or spool is not self._spool):
                    return
                self._pause(random.uniform(0, self._max_pause))  # noqa: S311 - no secret
                self._max_pause = min(2 * self._max_pause, MAX_PAUSE_SECONDS)

    def _next_spool(self) -> Spool | None:
        """The spool to send from: the recorder's own first. None if there is nothing to send, or no time."""
        if self._spool.pending:
            return self._spool
        if self._to.is_file and self._spool.begun_in is None:  # which log is there is not known before it has an event
            return None
        return self._orphans.next_spool(self._spool.begun_in, is_closing=self._deadline is not None)

    def _send_batch(self, spool: Spool) -> Unsent | None:
        """Returns the first event that was not sent, if any."""
        sent_before, is_own = self._delivery.sent_count, spool is self._spool
        began = time.monotonic()
        if is_own:
            self._attempt += 1
            self._attempt_began = began
        unsent = self._delivery.send(spool)
        with self._changed:
            self._attempt_began = None
            if unsent and is_own:
                self._failed_attempt = self._attempt
            self._changed.notify_all()
        if not is_own:
            self._rest((time.monotonic() - began) * (1 / ORPHANS_SHARE - 1))
        if self._delivery.sent_count > sent_before:
            self._last_success = time.monotonic()
        return unsent[0] if unsent else None

    def _rest(self, seconds: float) -> None:
        """The training has the interpreter to itself, until there is something of its own to send."""
        with self._changed:
            self._changed.wait_for(lambda: self._spool.pending or self._deadline is not None, seconds)

    def _wait_for_news(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._has_news or self._deadline is not None)
            self._has_news = False

    def _pause(self, seconds: float) -> None:
        """New events do not cut it short: a destination that refused one event should not get more requests for that.

        A flush and the end do; once the sender is closing, pauses are short.
        """
        with self._changed:
            if self._deadline is None:
                self._changed.wait_for(lambda: self._is_awaited or self._deadline is not None, seconds)
            else:
                self._changed.wait(min(seconds, FIRST_PAUSE_SECONDS))

    @property
    def _is_awaited(self) -> bool:
        """Whether a flush waits for an attempt that has not begun yet."""
        return self._spool.pending > 0 and self._attempt < self._awaited_attempt

    def _warn(self, why: str) -> None:
        """Warn once, whatever happens later: the output of the training is its own."""
        level = logging.INFO if self._has_warned else logging.WARNING
        self._has_warned = True
        log.log(
            level,
            "events cannot be sent to %s: %s; the training goes on. They wait in %s, and are sent when that works again,"
            " by the next recorder, or by `training-events flush`",
            self._to,
            why,
            self._spool.path.parent,
        )

    def _end(self) -> None:
        self._orphans.close()
        self._spool.close()
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()
        if self._spool.lost:
            log.error("%d event(s) are lost: they could not be sent, and the disk took none", self._spool.lost)
