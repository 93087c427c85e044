"""Breaks of a thread that works in the background, so that the training does not wait for the interpreter.

Python hands the interpreter from one working thread to another after 5 ms only (`sys.getswitchinterval`), and a training that
comes back from a computation, or from a pause, waits so long. The interval is the program's own, and stays as it is.
"""

from __future__ import annotations

import time

WORK_SECONDS, BREAK_SECONDS = 0.0003, 0.00005
"""Work takes about so long between two breaks. A break has to be long enough for another thread to wake up."""


class Breaks:
    """For one thread."""

    def __init__(self) -> None:
        self._began = 0.0

    def take_if_due(self) -> None:
        """Call it often, and where no lock is held."""
        now = time.perf_counter()
        if now - self._began > WORK_SECONDS:
            if now - self._began < 10 * WORK_SECONDS:  # else the thread has waited for something since
                time.sleep(BREAK_SECONDS)
            self._began = time.perf_counter()
