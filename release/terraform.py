"""Runs Terraform, by the name that the environment has for it, and keeps what it says."""

import os
import subprocess
from pathlib import Path


def terraform(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    binary = os.environ.get("TERRAFORM_BINARY_NAME", "terraform")
    return subprocess.run([binary, *arguments], cwd=folder, capture_output=True, text=True, check=False)
