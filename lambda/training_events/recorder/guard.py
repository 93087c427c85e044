"""Recording is never in the way: what goes wrong in it is said in the log, and the training goes on."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from training_events.recorder.reporting import log

if TYPE_CHECKING:
    from collections.abc import Callable

_P = ParamSpec("_P")
_T = TypeVar("_T")


def never_in_the_way(method: Callable[_P, _T]) -> Callable[_P, _T | None]:
    """The method, which warns and answers None instead of raising. Ctrl-C and the program's end pass."""

    @functools.wraps(method)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _T | None:
        try:
            return method(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - that is the point
            what = method.__name__.strip("_").replace("_", " ")
            log.warning("recording failed (%s): %s: %s; the training goes on", what, type(error).__name__, error)
            return None

    return guarded
