"""Ctrl-C, SIGTERM and a terminal that closes, while there is something to take away before the end.

They are noted whenever they come, and raised only where the caller waits: between two waits nothing is half done, and what is
taken away at the end is taken away whole.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):  # as KeyboardInterrupt is: nothing on the way takes it for an error
    """Somebody has asked for the end."""


class StopSignals:
    """A context in the main thread. `received` is the first signal that asked for the end, `count` how many did."""

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self.count = 0
        self._raises = False
        self._replaced: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for signum in _SIGNALS:
            if signal.getsignal(signum) is not signal.SIG_IGN:  # as of nohup, or of a shell's background
                self._replaced[signum] = signal.signal(signum, self._handle)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for signum, handler in self._replaced.items():
            signal.signal(signum, handler)

    @contextmanager
    def raised(self) -> Iterator[None]:
        """While the caller waits: a signal raises Stopped, also one that came before."""
        self._raises = True
        try:
            if self.received is not None:
                raise Stopped
            yield
        finally:
            self._raises = False

    def _handle(self, signum: int, _frame: FrameType | None) -> None:
        self.received = self.received or signal.Signals(signum)
        self.count += 1
        if self._raises:
            self._raises = False
            raise Stopped
