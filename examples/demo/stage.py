"""What every chapter of the demo is told with: commands as a user types them, and waiting for what has to come true."""

import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console
from training_events.proof.seal_store import SealStore
from training_events.stores.event_log import EventLog
from training_events.stores.read_models import ReadModels

from command_line import CommandError
from local.environment import LocalEnvironment

PATIENCE_SECONDS = 60.0
"""For events to get from the bus to the log and into the read models; here it takes moments."""

out = Console(highlight=False, soft_wrap=True)


class DemoError(CommandError):
    """The story did not go as told."""


@dataclass(frozen=True)
class Stage:
    """The deployed stack, and what it holds."""

    environment: LocalEnvironment
    log: EventLog
    read_models: ReadModels
    seals: SealStore


def chapter(title: str) -> None:
    out.rule(f"[bold]{title}", align="left")


def run(command: list[str], *, exit_code: int = 0) -> str:
    """Run a command as a user would, showing what it prints, and return that. It has to end with this exit code."""
    out.print(f"[dim]$ {' '.join('python' if part == sys.executable else part for part in command)}[/dim]", soft_wrap=True)
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
        for line in process.stdout:
            lines.append(line)
            print(f"  {line}", end="", flush=True)
    if process.returncode != exit_code:
        raise DemoError(f"{command[0]} ended with exit code {process.returncode}")
    return "".join(lines)


def found(pattern: str, said: str) -> re.Match[str]:
    """Where the pattern is in what a command said."""
    match = re.search(pattern, said)
    if match is None:
        raise DemoError(f"nobody said {pattern!r}")
    return match


def wait_until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        if time.monotonic() > deadline:
            raise DemoError(f"waited {PATIENCE_SECONDS:.0f} s, and it is still not true that {what}")
        time.sleep(0.2)
