"""`python -m tools.site`: builds the documentation site of mkdocs.yml into .build/docs, in a virtual environment of its own."""

import os
import subprocess
import sys
from pathlib import Path

from command_line import run_command
from local.installation import python_of

ROOT = Path(__file__).resolve().parent.parent
VARIABLES = {"NO_MKDOCS_2_WARNING": "1"}  # docs/requirements.in explains the warning


def build(project: Path = ROOT) -> int:
    """Build the site and return the exit code of mkdocs. Raises LocalError if mkdocs cannot be installed."""
    python = python_of(ROOT / ".build" / "mkdocs", "mkdocs", ROOT / "docs" / "requirements.txt")
    command = [
        str(python),
        "-m",
        "mkdocs",
        "build",
    ]  # with --quiet, mkdocs counts no warnings, and accepts dead links
    return subprocess.run(command, cwd=project, env=os.environ | VARIABLES, check=False).returncode


if __name__ == "__main__":
    sys.exit(run_command(build))
