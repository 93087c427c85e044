"""What the recorder reports to people: lines in the program's log, under the name `training_events`.

A failure of the recorder becomes a warning there, and the training goes on.
"""

from __future__ import annotations

import functools
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from training_events.recorder import forks

if TYPE_CHECKING:
    from collections.abc import Callable


if TYPE_CHECKING:
    _Adapter = logging.LoggerAdapter[logging.Logger]
else:
    _Adapter = logging.LoggerAdapter


class _ForkSafeLogger(_Adapter):
    """A fork waits until a line is written. Else a child that prints would wait for the rest of the line for ever."""

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        # if a handler of the program's raised here, it would end a thread of the recorder, or the training
        with forks.log_line.passing(), suppress(Exception):
            super().log(level, msg, *args, **{"stacklevel": 2, **kwargs})


log = _ForkSafeLogger(logging.getLogger("training_events"))


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
