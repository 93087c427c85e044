"""Standard output and error, whatever they are: closed, full, a pipe whose reader went away, a terminal without UTF-8."""

from __future__ import annotations

import os
import sys

CLOSED_PIPE = 141
"""128 + SIGPIPE: what the shell reports of any program whose reader went away."""


def prepare_standard_streams() -> None:
    # a closed stream would be None, and the next file that is opened would take its place
    sys.stdout, sys.stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115, PTH123
    if hasattr(sys.stdout, "reconfigure"):  # JSON is UTF-8, whatever the terminal's language
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def end_for_closed_pipe() -> int:
    """The exit code when the reader of standard output went away; nothing is left to write."""
    _discard_output()
    return CLOSED_PIPE


def discard_unwritten() -> None:
    """Forget what standard output does not take any more, because the disk is full. The error was reported before."""
    try:
        sys.stdout.flush()
    except OSError:
        _discard_output()


def _discard_output() -> None:
    """Keeps Python from complaining once more when it flushes standard output at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
