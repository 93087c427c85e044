"""Shows the progress of a deployment: a line that counts on a terminal; without a terminal, a plain line every few seconds.

Rich's progress bars show nothing without a terminal, and a log has to show that a deployment goes on.
"""

import re
import shutil
import time
from collections.abc import Callable
from typing import TextIO

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
NOISE = re.compile(r"Stacks? (deploying|done|waiting)|^\S\s+(Starting|Synthesizing)$")
PLANNED = re.compile(r"Plan: (\d+) to add, (\d+) to change, (\d+) to destroy")
FINISHED = re.compile(r"([\w.\[\]\"/-]+)\)?: (?:Creation|Modifications|Destruction) complete after")
"""A resource that is finished. cdktf writes the construct's path in brackets after the address, Terraform the address only."""
QUIET_SECONDS = 5.0
"""The time between two lines where there is no terminal."""


class Progress:
    """Reads cdktf's output line by line, and counts the resources that are finished."""

    def __init__(self, title: str, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self.title = title
        self.planned = 0
        self.finished = 0
        self.latest = ""
        self._stream = stream
        self._clock = clock
        self._started = self._last_shown = clock()

    def read(self, line: str) -> None:
        """Take one line of cdktf's output, or of Terraform's."""
        line = ESCAPES.sub("", line)
        if planned := PLANNED.search(line):
            self.planned = sum(map(int, planned.groups()))
        if finished := FINISHED.search(line):
            self.finished += 1
            self.latest = finished[1]
        self.show()

    def show(self) -> None:
        """Show the progress; without a terminal, only if it is time for another line."""
        now = self._clock()
        if self._stream.isatty():
            width = shutil.get_terminal_size().columns - 1  # a line that wraps cannot be overwritten
            self._stream.write(f"\r\x1b[K{self.state(now)[:width]}")
        elif now - self._last_shown < QUIET_SECONDS:
            return
        else:
            self._stream.write(f"{self.state(now)}\n")
        self._last_shown = now
        self._stream.flush()

    def end(self, outcome: str) -> None:
        """Show the last line."""
        start = "\r\x1b[K" if self._stream.isatty() else ""
        self._stream.write(f"{start}{self.title}: {outcome} in {self._clock() - self._started:.0f} s\n")
        self._stream.flush()

    def state(self, now: float) -> str:
        """The progress as one line."""
        counts = f"{self.finished} of {self.planned} resources" if self.planned else "preparing"
        latest = f", {self.latest}" if self.latest else ""
        return f"{self.title}: {counts}, {now - self._started:.0f} s{latest}"


def readable(output: str) -> list[str]:
    """The lines of cdktf's output that have something to read, without colours and spinners."""
    lines = (ESCAPES.sub("", line).strip(" \r│╷╵") for line in output.splitlines())
    return [line for line in lines if line and not NOISE.search(line)]
