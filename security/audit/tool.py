"""Runs what asks a service for known vulnerabilities: with the network and the settings of whoever runs it."""

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from security.errors import GateError

_SAID = re.compile(r"(?:\b\w*Error: |^ERROR:[\w.]+:)(.+)")  # of an exception, and of a logger


def answer_of(command: Sequence[str], folder: Path) -> Any:
    """The JSON that a command prints, however it ends: both tools end with 1 when they found something.

    Raises GateError where it prints none: then the service did not answer, and that nothing was found means nothing.
    """
    try:
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace", check=False
        )
    except OSError as error:
        raise GateError(f"{Path(command[0]).name} cannot be run: {error}") from None
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise GateError(_reason(done.stderr) or f"{Path(command[0]).name} ended with {done.returncode}") from None


def _reason(said: str) -> str:
    """The last line that tells of an error, of a traceback too; else the last line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [found[1] for line in lines if (found := _SAID.search(line))]
    return f"{(errors or lines or [''])[-1]:.200}"
