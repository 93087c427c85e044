"""`python -m tools.wheel`: builds the wheel and source archive of training-events in dist/python, and checks them for PyPI."""

import shutil
import subprocess
import sys
from pathlib import Path

from command_line import CommandError, run_command
from local.installation import python_of

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "dist" / "python"


def build(folder: Path = FOLDER) -> list[Path]:
    """Replace the folder's content by the wheel and the source archive, and return them. Raises CommandError."""
    shutil.rmtree(folder, ignore_errors=True)
    _run([sys.executable, "-m", "hatchling", "build", "--directory", str(folder)], ROOT / "lambda")
    return sorted(folder.iterdir())


def check(files: list[Path]) -> None:
    """Raises CommandError if PyPI would not accept a file, or could not show its readme."""
    python = python_of(ROOT / ".build" / "tools", "pipenv and twine", ROOT / "tools" / "requirements.txt")
    _run([str(python), "-m", "twine", "--no-color", "check", "--strict", *map(str, files)], ROOT)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandError(f"{command[2]} failed: {' '.join((done.stderr or done.stdout).split())}")


def main() -> int:
    files = build()
    check(files)
    print(*files, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
