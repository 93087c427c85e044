"""The signals that end a program from outside, and what takes the place of a program's own handler while runs are open.

Nothing of the program's changes: its handler runs as it does without recording, and where it has none, the signal ends it with
the same exit code as before.
"""

from __future__ import annotations

import ctypes
import os
import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

WATCHED = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGXCPU, signal.SIGUSR1, signal.SIGUSR2)
"""Each ends a program that does nothing about it: `kill`, a terminal that closes, Ctrl-\\, a limit of CPU time, and the warning
that Slurm sends ahead of a job's end (`--signal=USR1@90`, https://slurm.schedmd.com/sbatch.html). Ctrl-C needs no handler:
Python makes an exception of it."""
ASKING_TO_STOP = frozenset({signal.SIGTERM, signal.SIGXCPU})
"""A program that handles one of these stops, sooner or later. What it means by the others is its own affair: to save a
checkpoint, to requeue its job, to print where it is."""

_sigaction = ctypes.PyDLL(None).sigaction
_KERNELS_DEFAULT = 0
_STRUCT_BYTES = 1024
"""More than the struct of sigaction(2) has on any system."""


class Handler:
    """What Python calls at a signal in place of `replaced`.

    In place of the default action it is equal to that, because it ends in that. So a framework that first asks whether the
    program handles the signal gets the right answer: Lightning sets its handler for Slurm's warning only where there is none
    (`_has_already_handler` in lightning/pytorch/trainer/connectors/signal_connector.py).
    """

    def __init__(self, replaced: Any, notify: Callable[[Handler, signal.Signals, FrameType | None], None]) -> None:
        self.replaced = replaced
        self._notify = notify

    @property
    def replaces_default(self) -> bool:
        return not callable(self.replaced)

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        self._notify(self, signal.Signals(signum), frame)

    def __eq__(self, other: object) -> bool:
        return other is self or (self.replaces_default and other == self.replaced)

    __hash__ = object.__hash__  # not that of the default action, or `signal.getsignal` would give that in its place


class Replacement:
    """A handler in place of the one that a signal had, until it is put back. Made in the main thread."""

    def __init__(self, signum: signal.Signals, handler: Handler) -> None:
        self.signum, self.handler = signum, handler
        signal.signal(signum, handler)
        self._in_kernel = _handler_in_kernel(signum)

    def put_back(self) -> None:
        """Leave the signal as it was found; as it is, if the program has set another handler since."""
        is_in_place = signal.getsignal(self.signum) is self.handler
        if is_in_place and _handler_in_kernel(self.signum) == self._in_kernel:
            signal.signal(self.signum, self.handler.replaced)


def replaceable(signum: signal.Signals) -> Any:
    """The program's handler, or SIG_DFL where the signal ends the program. None for a signal that must stay as it is."""
    handler: Any = signal.getsignal(signum)
    if isinstance(handler, Handler):  # Ctrl-C came before it was put back
        return handler.replaced
    if callable(handler):
        return handler
    if handler != signal.SIG_DFL or _handler_in_kernel(signum) != _KERNELS_DEFAULT:
        return None  # ignored, as `nohup` does, or handled by something that is not Python's, such as faulthandler.register
    if os.getpid() == 1 and signum != signal.SIGTERM:
        return None  # the kernel spares the first process of a container, which goes on
    return handler


def _handler_in_kernel(signum: signal.Signals) -> int:
    """The address of the handler, 0 for the default action: sigaction(2) gives it in the first field of its answer.

    Python only knows what was set by Python.
    """
    answer = ctypes.create_string_buffer(_STRUCT_BYTES)
    if _sigaction(int(signum), None, answer):
        return _KERNELS_DEFAULT
    return ctypes.c_void_p.from_buffer(answer).value or _KERNELS_DEFAULT
