"""How a run ends: its last event, and whether that is recorded yet.

A signal's handler may interrupt a run between any two lines. What is kept here tells the handler what is left to do.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any, NamedTuple

from training_events.recorder.plain import plain_text

if TYPE_CHECKING:
    from collections.abc import Callable


class LastEvent(NamedTuple):
    """The event that says how a run ended."""

    type: str
    data: dict[str, Any]


class Ending:
    """The end of one run in one process: open, then decided, then recorded. It may be interrupted while it is open.

    Each state has an attribute of its own, so that a handler or another thread may set one at any moment.
    """

    def __init__(self) -> None:
        self._interruption: str | None = None
        self._decided: LastEvent | None = None
        self._recorded = False

    @property
    def is_decided(self) -> bool:
        return self._decided is not None

    def interrupt(self, reason: str) -> None:
        """The program was asked to stop, and decides itself when it does."""
        self._interruption = reason

    def decide(self, event: LastEvent) -> None:
        """Let this be the last event. The first decision counts."""
        if self._decided is None:
            self._decided = event

    def record(self, record: Callable[[str, dict[str, Any]], object]) -> None:
        """Record the last event, if it is decided and not recorded yet.

        A handler that interrupts this records it as well: twice is better than never.
        """
        if self._decided is not None and not self._recorded:
            record(*self._decided)
            self._recorded = True

    def of_return(self) -> LastEvent:
        """The last event of a training that came to its end: if it was asked to stop, it has stopped."""
        return completed() if self._interruption is None else stopped(self._interruption)

    def of_exception(self, error: BaseException) -> LastEvent:
        """The last event of a training that this exception ended."""
        if isinstance(error, SystemExit) and error.code in (None, 0):
            return self.of_return()
        if isinstance(error, SystemExit) and self._interruption is not None:
            return stopped(self._interruption)
        if isinstance(error, KeyboardInterrupt | GeneratorExit):
            return stopped(type(error).__name__)
        return failed(error)


def completed() -> LastEvent:
    return LastEvent("TrainingCompleted", {})


def stopped(reason: str) -> LastEvent:
    return LastEvent("TrainingStopped", {"reason": plain_text(reason)})


def failed(error: BaseException | str) -> LastEvent:
    """An exception is recorded with its traceback."""
    if not isinstance(error, BaseException):
        return LastEvent("TrainingFailed", {"error": plain_text(error)})
    message = "".join(traceback.format_exception_only(error)).strip()
    trace = "".join(traceback.format_exception(error))
    return LastEvent("TrainingFailed", {"error": plain_text(message), "traceback": plain_text(trace)})
