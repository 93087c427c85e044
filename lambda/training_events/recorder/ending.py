"""How a run ends: its last event, and whether that is recorded yet.

A signal's handler may interrupt a run between any two lines. What is kept here tells the handler what is left to do.
"""

from __future__ import annotations

import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from training_events.recorder.plain import plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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

    def of_abandonment(self) -> LastEvent:
        """The last event of a run that is still open when the program ends, by no exception that is known."""
        return stopped(self._interruption or "the program ended without finishing the run")

    def of_exception(self, error: BaseException) -> LastEvent:
        """The last event of a training that this exception ended."""
        if type(error) is SystemExit and error.code in (None, 0):
            return self.of_return()
        if self._interruption is not None and isinstance(error, SystemExit):
            return stopped(self._interruption)
        return failed(error) if (reason := _interruption(error)) is None else stopped(reason)


_SIGNAL = "_training_events_signal"
_CANCELLED = ("CancelledError", "Cancelled", "GreenletExit")
"""What asyncio and concurrent.futures, trio, and gevent raise in what is cancelled. By name: no import for what nobody uses."""


def mark_as_raised_at(signal_name: str, error: BaseException) -> None:
    """Note on the exception that the program's own handler of a signal has raised it, to end the training."""
    with suppress(AttributeError, TypeError):  # a class may allow no attributes
        setattr(error, _SIGNAL, signal_name)


def _interruption(error: BaseException) -> str | None:
    """What interrupted the training from outside, if this exception came of that; None if the training failed by itself."""
    for cause in _causes(error):
        if (signal_name := getattr(cause, _SIGNAL, None)) is not None:
            return str(signal_name)
    if isinstance(error, BaseExceptionGroup):  # of tasks that ran side by side
        reasons = [_interruption(one) for one in error.exceptions]
        return reasons[0] if all(reasons) else None
    if isinstance(error, KeyboardInterrupt | GeneratorExit) or type(error).__name__ in _CANCELLED:
        return type(error).__name__
    if isinstance(error, SystemExit):
        if error.code in (None, 0):  # a kind of its own, as Lightning's SIGTERMException
            return type(error).__name__
        # whoever catches Ctrl-C often leaves with an exit code
        return next((type(cause).__name__ for cause in _causes(error) if isinstance(cause, KeyboardInterrupt)), None)
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The exception, the one that it was raised from or while handling, and so on."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:  # a program may tie them in a ring
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__


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
