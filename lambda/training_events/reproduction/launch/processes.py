"""Programs that a launch starts: each in a process group of its own, which is gone when the program is."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from training_events.errors import NotLaunched
from training_events.recorder.storage.files import one_line_reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from training_events.reproduction.launch.stopping import StopSignals

    _Process: TypeAlias = subprocess.Popen[str]

GENTLE_SECONDS = 30.0
"""How long a program may take to end once it is asked to: a training sends what it has recorded. A second Ctrl-C ends it."""
_POLL_SECONDS = 0.05


class Output(NamedTuple):
    code: int
    out: str
    err: str


class Processes:
    """Starts programs, one at a time, and ends with each whatever it has started."""

    def __init__(self, stops: StopSignals, variables: Mapping[str, str]) -> None:
        """`variables` are those of tools."""
        self._stops, self._variables = stops, dict(variables)

    def output(self, command: Sequence[str], folder: Path, variables: Mapping[str, str] | None = None) -> Output:
        """What a tool prints. `variables` are for what its user has not set. Raises NotLaunched if it cannot be started."""
        pipe = subprocess.PIPE
        environment = {**(variables or {}), **self._variables}
        process = self._start(command, folder, environment, stdout=pipe, stderr=pipe, text=True, errors="replace")
        try:
            with self._stops.raised():
                out, err = process.communicate()
        finally:
            self._end(process)
        return Output(process.returncode, out, err)

    def run(self, command: Sequence[str], folder: Path, environment: Mapping[str, str], out: int) -> int:
        """The exit code of a program whose standard output goes to the file descriptor `out`. Raises NotLaunched."""
        process = self._start(command, folder, environment, stdout=out)
        try:
            with self._stops.raised():
                return process.wait()
        finally:
            self._end(process)

    def _start(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str], **pipes: Any
    ) -> subprocess.Popen[str]:
        try:
            # a session of its own: Ctrl-C at a terminal reaches it through this process, which knows how to end it
            return subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, start_new_session=True, **pipes
            )
        except (OSError, ValueError) as error:  # ValueError: a null character in an argument or a variable
            raise NotLaunched(f"{Path(command[0]).name} cannot be started: {one_line_reason(error)}") from None

    def _end(self, process: _Process) -> None:
        """Gently, then hard."""
        _signal_group(process, signal.SIGTERM)
        deadline, asked = time.monotonic() + GENTLE_SECONDS, self._stops.count
        while process.poll() is None and time.monotonic() < deadline and self._stops.count <= max(asked, 1):
            time.sleep(_POLL_SECONDS)
        _signal_group(process, signal.SIGKILL)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        process.wait()


def _signal_group(process: _Process, signum: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # macOS: nobody is left who could get it
        os.killpg(process.pid, signum)
