"""Virtual environments for what must not share this project's own, made on demand from hash-locked requirements."""

import fcntl
import hashlib
import importlib.util
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.errors import LocalError, LocalUsageError

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
                said = [line for line in str(error.stderr or error.stdout or "").splitlines() if line.startswith("ERROR")]
                raise LocalError(f"{what} could not be installed: {said[-1] if said else error}") from None
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
    """A virtual environment with the locked packages and nothing else.

    The running interpreter's pip installs into it where there is one, which also works where the system's Python comes
    without the parts that put pip into a virtual environment.
    """
    own_pip = importlib.util.find_spec("pip") is not None
    pip = [sys.executable, "-m", "pip", "--python", str(python)] if own_pip else [str(python), "-m", "pip"]
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes", "--only-binary", ":all:"]
    venv.create(home, with_pip=not own_pip, symlinks=True)
    subprocess.run([*pip, "install", *options, "-r", str(requirements)], check=True, capture_output=True, text=True)
