"""What the recorder reports to people: lines in the program's log, under the name `training_events`.

A failure of the recorder becomes a warning there, and the training goes on.
"""

from __future__ import annotations

import functools
import logging
import os
import select
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from training_events.recorder import forks
from training_events.redaction.text import redacted_text

if TYPE_CHECKING:
    from collections.abc import Callable


if TYPE_CHECKING:
    _Adapter = logging.LoggerAdapter[logging.Logger]
else:
    _Adapter = logging.LoggerAdapter


MAX_WAIT_SECONDS = 1.0
"""For another line of the recorder: a handler may hang, and the training must not."""
_STANDARD_ERROR = 2
_MAX_LINE_BYTES = select.PIPE_BUF
"""A pipe that is ready takes so many bytes without a wait (pipe(7)): at least 512, POSIX says."""


class _ForkSafeLogger(_Adapter):
    """A fork waits until a line is written. Else a child that prints would wait for the rest of the line for ever."""

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        # if a handler of the program's raised here, it would end a thread of the recorder, or the training
        with forks.log_line.entered(MAX_WAIT_SECONDS) as is_inside, suppress(Exception):
            shown = tuple(redacted_text(str(arg)) if isinstance(arg, (str, Exception)) else arg for arg in args)
            if is_inside:
                super().log(level, msg, *shown, **{"stacklevel": 2, **kwargs})
            else:
                to_standard_error(str(msg) % shown)


log = _ForkSafeLogger(logging.getLogger("training_events"))


def report_loss(line: str) -> None:
    """Report what may be lost, whatever hangs: straight to standard error, and to the handlers that the program has set."""
    to_standard_error(line)
    if log.hasHandlers():  # without any, logging itself would write the line to standard error once more
        log.error("%s", line)


def to_standard_error(line: str) -> None:
    """Write a line past Python's buffer and locks. If standard error is closed, or a pipe that is full, there is no line."""
    with suppress(OSError, ValueError):
        ready = select.poll()
        ready.register(_STANDARD_ERROR, select.POLLOUT)
        if ready.poll(0):
            os.write(_STANDARD_ERROR, f"training_events: {line}\n".encode(errors="backslashreplace")[:_MAX_LINE_BYTES])


_P = ParamSpec("_P")
_T = TypeVar("_T")


def reported_not_raised(method: Callable[_P, _T]) -> Callable[_P, _T | None]:
    """The method, which warns and returns None where it would raise an Exception. Ctrl-C and SystemExit are raised on."""

    @functools.wraps(method)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _T | None:
        try:
            return method(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - whatever it is, the training goes on
            what = method.__name__.strip("_").replace("_", " ")
            log.warning("recording failed (%s): %s: %s; the training goes on", what, type(error).__name__, error)
            return None

    return guarded
