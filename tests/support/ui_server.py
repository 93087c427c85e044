"""`training-events ui` as a process of its own, for a browser to ask."""

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tests.support.environment import without_aws
from tests.support.patience import PATIENCE_SECONDS

_ADDRESS = re.compile(r"http://[^\s]+")
_SCRIPT = "from training_events.cli import main; main()"


class UiServer(NamedTuple):
    """`address` is the one that it printed, without the slash at its end."""

    address: str
    process: subprocess.Popen[str]


@contextmanager
def running_ui(url: str) -> Iterator[UiServer]:
    """The pages of this log, on a port that is free."""
    command = [sys.executable, "-c", _SCRIPT, "ui", "--log", url, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=without_aws()) as process:
        try:
            yield UiServer(_printed_address(process), process)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _printed_address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    printed = ""
    for line in process.stdout:
        printed += line
        if found := _ADDRESS.search(line):
            threading.Thread(target=process.stdout.read, daemon=True).start()  # a pipe that is full would stop it
            return found.group().rstrip("/")
    raise AssertionError(f"ui ended with {process.wait()}: {printed}")
