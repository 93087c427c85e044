"""What the recorder has to say to people: in the log of the program, under the name `training_events`."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from training_events.recorder import forks

if TYPE_CHECKING:
    _Adapter = logging.LoggerAdapter[logging.Logger]
else:
    _Adapter = logging.LoggerAdapter


class _Telling(_Adapter):
    """A fork waits until a line is written: in a child, whoever prints next would wait for the rest of it for ever."""

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        # a handler of the program's that raises would end a thread of ours, or the training
        with forks.telling.passing(), suppress(Exception):
            super().log(level, msg, *args, **{"stacklevel": 2, **kwargs})


log = _Telling(logging.getLogger("training_events"))
