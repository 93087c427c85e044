"""What ends a program from outside reaches the runs that are open: a signal, the end of the interpreter, and a fork.

In a forked child every run continues as a producer of its own.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from training_events.recorder.ending import mark_as_raised_at
from training_events.recorder.signals import ASKING_TO_STOP, WATCHED, Handler, Replacement, replaceable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType


class OpenRun(Protocol):
    """A run between its start and its end."""

    def on_fatal_signal(self, name: str) -> None: ...
    def on_handled_signal(self, name: str) -> None: ...
    def on_program_end(self, error: BaseException | None) -> None: ...
    def on_fork(self) -> None: ...
    def flush(self, seconds: float) -> bool: ...


SIGNAL_FLUSH_SECONDS = 5.0
"""The longest that the handler of a signal holds up the program's end. Before they kill, Docker waits 10 s, Slurm 30 s, and
SageMaker 120 s."""

_open: set[OpenRun] = set()
_replacements: list[Replacement] = []


def watch(run: OpenRun) -> None:
    """Tell the run from now on. Of signals only where that can be: in the main thread, and unless they are ignored."""
    _open.add(run)
    if _replacements or threading.current_thread() is not threading.main_thread():
        return
    found = ((signum, replaceable(signum)) for signum in WATCHED)
    _replacements.extend(Replacement(signum, Handler(it, _on_signal)) for signum, it in found if it is not None)


def unwatch(run: OpenRun) -> None:
    """The run has ended. After the last one the program's own handlers are put back."""
    _open.discard(run)
    if not _open and threading.current_thread() is threading.main_thread():
        _put_handlers_back()


def _put_handlers_back() -> None:
    while _replacements:
        _replacements[-1].put_back()
        _replacements.pop()  # last: an interruption leaves it in the list


def _on_signal(handler: Handler, signum: signal.Signals, frame: FrameType | None) -> None:
    runs = list(_open)
    if handler.replaces_default:
        for run in runs:
            run.on_fatal_signal(signum.name)
        _flush(runs, SIGNAL_FLUSH_SECONDS)
        signal.signal(signum, signal.SIG_DFL)
        os.kill(os.getpid(), signum)
        # still here: the kernel spares the first process of a container. The program continues as it does without recording.
        signal.signal(signum, handler)
        return
    if signum in ASKING_TO_STOP:
        for run in runs:
            run.on_handled_signal(signum.name)
    _flush(runs, SIGNAL_FLUSH_SECONDS if signum in ASKING_TO_STOP else 0)  # 0: a program may use a signal as often as it likes
    try:
        handler.replaced(signum, frame)
    except SystemExit:
        for run in runs:
            run.on_handled_signal(signum.name)
        raise
    except BaseException as error:
        mark_as_raised_at(signum.name, error)  # the program may catch it, and go on
        raise


def _flush(runs: Iterable[OpenRun], seconds: float) -> None:
    deadline = monotonic() + seconds
    for run in runs:
        run.flush(max(deadline - monotonic(), 0))


@atexit.register
def end_open_runs() -> None:
    """End the runs that the program has left open, at the end of the interpreter."""
    for run in list(_open):
        run.on_program_end(exception_that_ended_the_program())


def exception_that_ended_the_program() -> BaseException | None:
    """`sys.last_value` is the last one that was shown. At a prompt and in a notebook the program went on after it."""
    error = getattr(sys, "last_value", None)
    if error is None or hasattr(sys, "ps1") or sys.flags.interactive:
        return None
    trace = error.__traceback__
    is_uncaught = trace is not None and trace.tb_frame.f_back is None  # it has left the outermost frame of the program
    return error if is_uncaught else None


def _in_child() -> None:
    for run in list(_open):
        run.on_fork()
    _put_handlers_back()  # Python runs no handler while a child blocks in C: it would not end, and its parent waits for it


os.register_at_fork(after_in_child=_in_child)
