"""Installs virtual environments on demand, from hash-locked requirements: for packages that this project's own cannot have."""

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
WITHOUT_WHEEL = "pyspark"
"""The one package that is built where it is installed: its project distributes no wheel. It needs no compiler."""


def python_of_emulators(build: Path, requirements: Path = REQUIREMENTS) -> Path:
    """The interpreter of `<build>/emulators`. Raises LocalError if the packages cannot be installed."""
    return python_of(build / "emulators", "the AWS emulators", requirements)


def python_of(home: Path, what: str, requirements: Path) -> Path:
    """The interpreter of the virtual environment `home`, which is installed first if it is missing, incomplete or out of date.

    what: what it contains, for messages. Raises LocalError if the packages cannot be installed.
    """
    home = home.resolve()
    python = home / "bin" / "python"
    stamp = home / "installed"
    with wait_for_lock(home.with_suffix(".lock")):
        if not (python.exists() and stamp.is_file() and stamp.read_text() == _fingerprint(requirements)):
            print(f"Installing {what} into {home} (once) …", file=sys.stderr, flush=True)
            shutil.rmtree(home, ignore_errors=True)
            try:
                _install(home, python, requirements)
            except subprocess.CalledProcessError as error:
                raise LocalError(f"{what} could not be installed: {' '.join(error.stderr.split()):.300}") from None
            except OSError as error:
                raise LocalError(f"{what} could not be installed: {error}") from None
            # Written last: an installation that was interrupted has no stamp, and is made again.
            stamp.write_text(_fingerprint(requirements))
    return python


@contextmanager
def wait_for_lock(path: Path) -> Iterator[None]:
    """Hold the lock `path` while the block runs; first wait until no other process holds it.

    The kernel releases the lock when the process ends, however it ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def hold_lock(path: Path, *, busy: str) -> Iterator[None]:
    """As wait_for_lock, but raises LocalUsageError with the text `busy` if another process holds the lock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalUsageError(busy) from None
        yield


def _fingerprint(requirements: Path) -> str:
    """What the installation depends on: the content of the requirements, and this Python."""
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    return f"{digest} {sys.implementation.cache_tag} {sys.version.split()[0]}\n"


def _install(home: Path, python: Path, requirements: Path) -> None:
    """Make a virtual environment with the locked packages and nothing else.

    uv installs them, in a third of the time of pip. Set-up keeps uv together with a pip, because of pip's settings; after an
    installation with pipenv, uv is in the project's own environment.
    """
    venv.create(home, with_pip=False, symlinks=True)
    set_up = ROOT / ".build" / "uv" / "bin" / "python"
    uv = [str(set_up if set_up.exists() else sys.executable), "-m", "tools.uv_with_pip_settings"]
    options = ["--quiet", "--python", str(python), "--require-hashes", "--only-binary", ":all:", "--no-binary", WITHOUT_WHEEL]
    command = [*uv, "pip", "install", *options, "--requirement", str(requirements.resolve())]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
