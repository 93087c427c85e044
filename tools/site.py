"""`python -m tools.site`: builds the documentation site of mkdocs.yml into .build/docs, in a virtual environment of its own."""

import os
import subprocess
import sys
from pathlib import Path

from command_line import run_command
from local.installation import python_of

ROOT = Path(__file__).resolve().parent.parent
VARIABLES = {"NO_MKDOCS_2_WARNING": "1"}  # docs/requirements.in has what the warning tells


def build(project: Path = ROOT) -> int:
    """The exit code of mkdocs. Raises LocalError where it cannot be installed."""
    python = python_of(ROOT / ".build" / "mkdocs", "mkdocs", ROOT / "docs" / "requirements.txt")
    command = [str(python), "-m", "mkdocs", "build"]  # with --quiet it counts no warning, and lets dead links pass
    return subprocess.run(command, cwd=project, env=os.environ | VARIABLES, check=False).returncode


if __name__ == "__main__":
    sys.exit(run_command(build))
