"""What every chapter of the demo uses: it runs commands as a user types them, and waits for their effects."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from training_events.proof.seal_store import SealStore
from training_events.stores.event_log import EventLog
from training_events.stores.read_models import ReadModels

from command_line import CommandError
from local.environment import LocalEnvironment

PATIENCE_SECONDS = 60.0
"""How long events may take from the bus to the log and the read models. On this machine it usually takes a moment."""

out = Console(highlight=False, soft_wrap=True)


class DemoError(CommandError):
    """Something in the demo did not happen as announced."""


@dataclass(frozen=True)
class Stage:
    """The deployed stack with its log, read models and seals."""

    environment: LocalEnvironment
    log: EventLog
    read_models: ReadModels
    seals: SealStore


def chapter(title: str) -> None:
    out.rule(f"[bold]{title}", align="left")


def run(command: list[str], *, exit_code: int = 0) -> str:
    """Run a command as a user would. Show its output and return it. Raises DemoError for another exit code."""
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


@contextmanager
def worker(state: Path) -> Iterator[None]:
    """A worker while the block runs. It keeps what it has started in this folder."""
    out.print("[dim]$ training-events worker &[/dim]")
    command, environment = ["training-events", "worker"], {**os.environ, "XDG_STATE_HOME": str(state)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
        try:
            print(f"  {process.stdout.readline()}", end="")  # from now on it knows of each new version
            yield
        finally:
            process.terminate()
            for line in process.communicate()[0].splitlines():
                print(f"  {line}")


def search(pattern: str, output: str) -> re.Match[str]:
    """The first match in the output of a command. Raises DemoError if there is none."""
    match = re.search(pattern, output)
    if match is None:
        raise DemoError(f"the output has no {pattern!r}")
    return match


def wait_until(condition: Callable[[], bool], description: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise DemoError(f"waited {PATIENCE_SECONDS:.0f} s, and it is still not true that {description}")
        time.sleep(0.2)
