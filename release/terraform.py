"""Runs Terraform, or the binary in TERRAFORM_BINARY_NAME, and captures its output."""

import os
import subprocess
from pathlib import Path


def terraform(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    binary = os.environ.get("TERRAFORM_BINARY_NAME", "terraform")
    return subprocess.run([binary, *arguments], cwd=folder, capture_output=True, text=True, check=False)
