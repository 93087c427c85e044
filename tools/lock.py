"""`python -m tools.lock`: renews every lock file of the project, except npm's."""

import json
import os
import subprocess
import sys
from pathlib import Path

from command_line import CommandError, run_command
from local.installation import python_of

ROOT = Path(__file__).resolve().parent.parent
COMPILE = ["pip", "compile", "--quiet", "--upgrade", "--universal", "--python-version", "3.11", "--generate-hashes"]
"""The header of each compiled file has these options, which tell Dependabot how to compile the file."""
PIPENV_SETTINGS = {
    "PIPENV_IGNORE_VIRTUALENVS": "1",
    "PIPENV_NOSPIN": "1",
    "PIPENV_VENV_IN_PROJECT": "1",
    "PIPENV_VERBOSITY": "-1",
}


def lock_pipfile() -> None:
    """Renew Pipfile.lock. Raises CommandError."""
    python = python_of(ROOT / ".build" / "tools", "pipenv and twine", ROOT / "tools" / "requirements.txt")
    _run([str(python), "-m", "pipenv", "lock"], PIPENV_SETTINGS)
    file = ROOT / "Pipfile.lock"
    lock = json.loads(file.read_text(encoding="utf-8"))
    lock["_meta"]["sources"] = []  # the lock must not depend on the package index of one machine
    file.write_text(json.dumps(lock, indent=4) + "\n", encoding="utf-8")


def compile_requirements() -> None:
    """Renew the requirements.txt beside every requirements.in. Raises CommandError."""
    uv = [str(ROOT / ".build" / "uv" / "bin" / "python"), "-m", "tools.uv_with_pip_settings"]
    listed = subprocess.run(["git", "ls-files", "*requirements.in"], cwd=ROOT, capture_output=True, text=True, check=True)
    for source in listed.stdout.splitlines():
        _run([*uv, *COMPILE, "--no-annotate", source, "--output-file", str(Path(source).with_suffix(".txt"))])


def _run(command: list[str], variables: dict[str, str] | None = None) -> None:
    print(f"==> {' '.join(command)}", file=sys.stderr)
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **(variables or {})}, check=False)
    if done.returncode:
        raise CommandError(f"{' '.join(command)} failed with exit code {done.returncode}")


def main() -> int:
    lock_pipfile()
    compile_requirements()
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
