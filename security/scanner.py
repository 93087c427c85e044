"""Runs a scanner: apart from this project, from the settings of whoever runs it, and without a network."""

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from typing import Any

from security.errors import GateError


def answer_of(command: Sequence[str], given: str = "") -> Any:
    """The JSON that a command prints. Raises GateError when it fails, or prints something else."""
    with tempfile.TemporaryDirectory() as home:
        # Both would heed configuration in the working folder, in the home folder and in variables, and so pass on one machine
        # what they refuse on another.
        environment = {"PATH": os.environ["PATH"], "HOME": home, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(command, input=given, cwd=home, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.splitlines() or [f"it ended with {done.returncode}"]
        raise GateError(f"{' '.join(command[:4])} …: {said[-1]}")
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise GateError(f"{' '.join(command[:4])} …: did not answer in JSON: {done.stdout:.80}") from None
