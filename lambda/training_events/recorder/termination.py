"""What ends a program from outside reaches the runs that are open: SIGTERM, the end of the interpreter, and a fork.

A handler that the program has set for SIGTERM runs as it does without recording. Where there is none, the signal ends the
program with the same exit code as before. In a forked child every run continues as a producer of its own.
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


class OpenRun(Protocol):
    """A run between its start and its end."""

    def on_fatal_signal(self, name: str) -> None: ...
    def on_handled_signal(self, name: str) -> None: ...
    def on_program_end(self, error: BaseException | None) -> None: ...
    def on_fork(self) -> None: ...
    def flush(self, seconds: float) -> bool: ...


SIGNAL_FLUSH_SECONDS = 5.0
"""The longest that the handler of a signal holds up the program's end: Docker waits 10 s before it kills, SageMaker 120 s."""

_open: set[OpenRun] = set()
_previous_handler: Any = None
_watching = False


def watch(run: OpenRun) -> None:
    """Tell the run from now on. Of signals only where that can be: in the main thread, and if SIGTERM is not ignored."""
    global _previous_handler, _watching
    _open.add(run)
    if _watching or threading.current_thread() is not threading.main_thread():
        return
    handler = signal.getsignal(signal.SIGTERM)
    if handler is None or handler == signal.SIG_IGN:  # None: set by something that is not Python
        return
    _previous_handler, _watching = handler, True  # first: the signal may come as soon as there is a handler for it
    signal.signal(signal.SIGTERM, _on_sigterm)


def unwatch(run: OpenRun) -> None:
    """The run has ended. After the last one the program's own handler is put back, unless it has set another since."""
    global _watching  # noqa: PLW0603
    _open.discard(run)
    if not _watching or _open or threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGTERM) == _on_sigterm:
        signal.signal(signal.SIGTERM, _previous_handler)
    _watching = False


def _on_sigterm(signum: int, frame: FrameType | None) -> None:
    is_handled, runs = callable(_previous_handler), list(_open)
    for run in runs:
        if is_handled:
            run.on_handled_signal("SIGTERM")
        else:
            run.on_fatal_signal("SIGTERM")
    deadline = monotonic() + SIGNAL_FLUSH_SECONDS
    for run in runs:
        run.flush(max(deadline - monotonic(), 0))
    if is_handled:
        _previous_handler(signum, frame)
        return
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)
    # still here: the kernel spares the first process of a container. The program continues as it does without recording.
    signal.signal(signal.SIGTERM, _on_sigterm)


@atexit.register
def end_open_runs() -> None:
    """End the runs that the program has left open, at the end of the interpreter."""
    for run in list(_open):
        run.on_program_end(getattr(sys, "last_value", None))


def _in_child() -> None:
    global _watching  # noqa: PLW0603
    for run in list(_open):
        run.on_fork()
    if _watching:  # Python runs no handler while a child blocks in C: SIGTERM would not end it, and its parent waits for it
        _watching = False
        signal.signal(signal.SIGTERM, _previous_handler)


os.register_at_fork(after_in_child=_in_child)
