"""What ends a program from outside, told to the runs that are open: SIGTERM, the end of the interpreter, and a fork.

The program's own handler runs as without recording, and where it has none the signal ends it as before: its exit code is the
same. In a forked child every run goes on as a producer of its own.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from types import FrameType


class Open(Protocol):
    """A run between its start and its end."""

    def interrupted(self, reason: str, *, ends_now: bool) -> None: ...
    def flush(self, seconds: float) -> bool: ...
    def left_open(self, error: BaseException | None) -> None: ...
    def forked(self) -> None: ...


SIGNAL_FLUSH_SECONDS = 5.0
"""What a signal's handler takes at most before the program ends: Docker waits 10 s before it kills, SageMaker 120 s."""

_open: set[Open] = set()
_before: Any = None
_watching = False


def watch(run: Open) -> None:
    """From now on the run is told. Signals only where they can be: by the main thread, and if nobody ignores SIGTERM."""
    global _before, _watching
    _open.add(run)
    if _watching or threading.current_thread() is not threading.main_thread():
        return
    before = signal.getsignal(signal.SIGTERM)
    if before is None or before == signal.SIG_IGN:  # None: set by something that is not Python
        return
    _before, _watching = before, True  # first: the signal may come as soon as there is a handler for it
    signal.signal(signal.SIGTERM, _terminated)


def unwatch(run: Open) -> None:
    """The run has ended; with the last one the program's own handler is put back, unless it has set another since."""
    global _watching  # noqa: PLW0603
    _open.discard(run)
    if not _watching or _open or threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGTERM) == _terminated:
        signal.signal(signal.SIGTERM, _before)
    _watching = False


def _terminated(signum: int, frame: FrameType | None) -> None:
    own, runs = callable(_before), list(_open)
    for run in runs:
        run.interrupted("SIGTERM", ends_now=not own)
    until = monotonic() + SIGNAL_FLUSH_SECONDS
    for run in runs:
        run.flush(max(until - monotonic(), 0))
    if own:
        _before(signum, frame)
        return
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)
    # still here: the kernel spares a container's first process. It goes on as without recording.
    signal.signal(signal.SIGTERM, _terminated)


@atexit.register
def _at_exit() -> None:
    for run in list(_open):
        run.left_open(getattr(sys, "last_value", None))


def _in_child() -> None:
    global _watching  # noqa: PLW0603
    for run in list(_open):
        run.forked()
    if _watching:  # a child blocked in C would not end by a handler in Python, and its parent waits for it
        _watching = False
        signal.signal(signal.SIGTERM, _before)


os.register_at_fork(after_in_child=_in_child)
