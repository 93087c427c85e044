"""Sends from a spool to a destination, batch by batch, and sets aside what the destination will never take."""

from __future__ import annotations

import time
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING

from training_events.errors import TrainingEventsError
from training_events.recorder import forks
from training_events.recorder.delivery.destination import LogSink, Unsent
from training_events.recorder.reporting import log

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.recorder.delivery.destination import Destination, Sink
    from training_events.recorder.delivery.spool import Spool


class Delivery:
    """Sends from any spool to one destination. `pause` waits that many seconds, and may be cut short."""

    def __init__(self, to: Destination, pause: Callable[[float], None] = time.sleep) -> None:
        self.to = to
        self.sent_count = 0
        self._pause = pause
        self._sink: Sink | None = None

    def send(self, spool: Spool) -> list[Unsent]:
        """Try once to send the spool's next batch. Returns the events that did not arrive.

        They stay in the spool. Events that the destination will never take are set aside, and not returned.
        """
        lines = spool.next_batch()
        unsent = self._set_aside_refused(spool, self._try_send(spool, lines))
        self.sent_count += len(lines) - len(unsent)
        spool.acknowledge([event.line for event in unsent])
        return unsent

    def send_within(self, seconds: float, spool: Spool) -> list[Unsent]:
        """As `send`, for a thread that must not wait for ever. Raises TimeoutError; the events are still in the spool then.

        An answer may come byte by byte, and a client has a limit for each of them only.
        """
        sent: Future[list[Unsent]] = Future()

        def send() -> None:
            try:
                sent.set_result(self.send(spool))
            except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                sent.set_exception(error)

        Thread(target=send, name="training-events-delivery", daemon=True).start()
        try:
            return sent.result(seconds)
        except TimeoutError:
            raise TimeoutError(f"its answer did not end within {seconds:.0f} s") from None

    def _try_send(self, spool: Spool, lines: list[bytes]) -> list[Unsent]:
        try:
            if self._sink is None:
                self._sink = self.to.sink(self._pause)
            with forks.request.entered():
                return _send_into_its_log(self._sink, spool, lines)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the settings, the events are kept
            why = str(error) if isinstance(error, TrainingEventsError) else f"{type(error).__name__}: {error}"
            return [Unsent(line, why) for line in lines]

    def _set_aside_refused(self, spool: Spool, unsent: list[Unsent]) -> list[Unsent]:
        """Returns the events that are still to be sent."""
        refused = [event for event in unsent if event.final]
        if not refused or not spool.set_aside(refused):
            return unsent
        log.warning(
            "%d event(s) can never be recorded: %s; they are kept in %s", len(refused), refused[0].why, spool.refused_path
        )
        return [event for event in unsent if not event.final]


def _send_into_its_log(sink: Sink, spool: Spool, lines: list[bytes]) -> list[Unsent]:
    """Half of a run in one file and half in another would be two runs. Raises LogUnavailable where the log is not the same."""
    file = sink.file if isinstance(sink, LogSink) else None
    if file is not None and spool.begun_in is not None:
        file.require(spool.begun_in)
    unsent = sink.send(lines)
    if file is not None and file.identity is not None and len(unsent) < len(lines):
        spool.begin_in(file.identity)
    return unsent
