"""Runs a scanner: apart from this project, without the user's settings, and without a network. What it finds is a Finding."""

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from security.errors import GateError


@dataclass(frozen=True, order=True)
class Finding:
    """Something that a scanner finds wrong with one resource."""

    environment: str
    address: str
    check: str
    says: str

    def __str__(self) -> str:
        return f"{self.environment}: {self.address}: {self.check}: {self.says}"


def run_scanner(command: Sequence[str], standard_input: str = "") -> Any:
    """The JSON that a command prints. Raises GateError if it fails, or prints anything else."""
    with tempfile.TemporaryDirectory() as home:
        # The scanners read configuration from the working folder, the home folder and from variables. With it, one machine
        # could accept what another one refuses.
        environment = {"PATH": os.environ["PATH"], "HOME": home, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            command, input=standard_input, cwd=home, env=environment, capture_output=True, text=True, check=False
        )
    title = f"{' '.join(command[:4])} …"
    if done.returncode:
        errors = done.stderr.splitlines() or [f"it ended with {done.returncode}"]
        raise GateError(f"{title}: {errors[-1]}")
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise GateError(f"{title}: did not answer in JSON: {done.stdout:.80}") from None
