"""Virtual environments for what must not share this project's own, made on demand from hash-locked requirements."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.errors import LocalError, LocalUsageError

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def python_of_emulators(build: Path, requirements: Path = REQUIREMENTS) -> Path:
    """The interpreter of `<build>/emulators`. Raises LocalError when the packages cannot be installed."""
    return python_of(build / "emulators", "the AWS emulators", requirements)


def python_of(home: Path, what: str, requirements: Path) -> Path:
    """The interpreter of the virtual environment `home`, installed first where it is missing, half made or out of date.

    what: is in it, for people. Raises LocalError when the packages cannot be installed.
    """
    home = home.resolve()
    python = home / "bin" / "python"
    stamp = home / "installed"
    with exclusive(home.with_suffix(".lock"), wait=True):
        if not (python.exists() and stamp.is_file() and stamp.read_text() == _fingerprint(requirements)):
            print(f"Installing {what} into {home} (once, about 20 s) …", file=sys.stderr, flush=True)
            shutil.rmtree(home, ignore_errors=True)
            try:
                _install(home, python, requirements)
            except subprocess.CalledProcessError as error:
                raise LocalError(f"{what} could not be installed: {' '.join(error.stderr.split()):.300}") from None
            except OSError as error:
                raise LocalError(f"{what} could not be installed: {error}") from None
            # Last of all: an installation that was cut short has no stamp and is done again.
            stamp.write_text(_fingerprint(requirements))
    return python


@contextmanager
def exclusive(path: Path, *, wait: bool, busy: str = "") -> Iterator[None]:
    """Hold the lock `path`, so that two commands do not do the same thing at once.

    The kernel frees it when its holder ends, however that happens. Raises LocalUsageError with the text `busy` where
    another holds it and `wait` is false.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise LocalUsageError(busy) from None
        yield


def _fingerprint(requirements: Path) -> str:
    """What the installation depends on: the requirements' content and this Python."""
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    return f"{digest} {sys.implementation.cache_tag} {sys.version.split()[0]}\n"


def _install(home: Path, python: Path, requirements: Path) -> None:
    """A virtual environment with the locked packages and nothing else, made by uv, which takes a third of the time of pip.

    Set-up keeps uv beside a pip, for the sake of its settings. Who installed with pipenv has uv in the project's environment.
    """
    venv.create(home, with_pip=False, symlinks=True)
    set_up = ROOT / ".build" / "uv" / "bin" / "python"
    uv = [str(set_up if set_up.exists() else sys.executable), "-m", "tools.uv_with_pip_settings"]
    options = ["--quiet", "--python", str(python), "--require-hashes", "--only-binary", ":all:"]
    command = [*uv, "pip", "install", *options, "--requirement", str(requirements.resolve())]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
