"""Builds what other people's pip installs, and checks it for PyPI.

`python -m tools.wheel`: the wheel and the source archive of training-events, into dist/python.
`python -m tools.wheel stack`: the wheel of the stack as a library, into dist/library.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from command_line import CommandError, run_command
from local.installation import python_of

ROOT = Path(__file__).resolve().parent.parent
CLIENT, LIBRARY = ROOT / "dist" / "python", ROOT / "dist" / "library"
CHARTS = ROOT / "lambda" / "training_events" / "pages" / "static" / "uplot"


def build(folder: Path = CLIENT) -> list[Path]:
    """Replace the folder's content by the wheel and the source archive, and return them. Raises CommandError."""
    return _hatchling(ROOT / "lambda", folder)


def build_stack(folder: Path = LIBRARY) -> list[Path]:
    """Replace the folder's content by the wheel of the stack, and return it. Raises CommandError.

    There is no source archive: what is installed from one would lack uPlot, without which no synth builds the client.
    """
    if not CHARTS.is_dir():
        raise CommandError(f"{CHARTS.relative_to(ROOT)} is not there, and belongs into the wheel: make setup brings it")
    return _hatchling(ROOT, folder, "--target", "wheel")


def check(files: list[Path]) -> None:
    """Raises CommandError if PyPI would not accept a file, or could not show its readme."""
    python = python_of(ROOT / ".build" / "tools", "pipenv and twine", ROOT / "tools" / "requirements.txt")
    _run([str(python), "-m", "twine", "--no-color", "check", "--strict", *map(str, files)], ROOT)


def _hatchling(project: Path, folder: Path, *options: str) -> list[Path]:
    shutil.rmtree(folder, ignore_errors=True)
    _run([sys.executable, "-m", "hatchling", "build", *options, "--directory", str(folder)], project)
    return sorted(folder.iterdir())


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandError(f"{command[2]} failed: {' '.join((done.stderr or done.stdout).split())}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m tools.wheel", description=__doc__.partition("\n")[0])
    parser.add_argument("what", nargs="?", choices=["client", "stack"], default="client", help="default: %(default)s")
    what = parser.parse_args(arguments).what
    files = build() if what == "client" else build_stack()
    check(files)
    print(*(file.relative_to(ROOT) for file in files), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
