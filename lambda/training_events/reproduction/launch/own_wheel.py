"""The package that runs here, as a wheel: a run that is done again is recorded by the same recorder, wherever this came from.

https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution, requires
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile

import training_events
from training_events.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "training-events"
_PACKAGE = Path(training_events.__file__).parent
_WHEEL = "Wheel-Version: 1.0\nGenerator: training-events\nRoot-Is-Purelib: true\nTag: py3-none-any\n"

_REQUIRED = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA = re.compile(r";.*\bextra\s*==")


def own_wheel(folder: Path) -> Path:
    """The wheel, in `folder`. An editable installation becomes what it is at this moment."""
    about = f"training_events-{__version__}.dist-info"
    wheel = folder / f"training_events-{__version__}-py3-none-any.whl"
    lines = []
    with ZipFile(wheel, "x", ZIP_DEFLATED) as archive:
        for name, content in [*_modules(), *((f"{about}/{name}", content) for name, content in _metadata())]:
            archive.writestr(name, content)
            digest = base64.urlsafe_b64encode(sha256(content).digest()).rstrip(b"=").decode()
            lines.append(f"{name},sha256={digest},{len(content)}\n")
        archive.writestr(f"{about}/RECORD", "".join([*lines, f"{about}/RECORD,,\n"]))
    return wheel


def requirements() -> Iterator[tuple[str, str]]:
    """What the package requires: each by its normalized name, and as a requirement."""
    for line in requires(NAME) or ():
        if not _EXTRA.search(line) and (name := _REQUIRED.match(line)):
            yield re.sub(r"[-_.]+", "-", name[0]).lower(), line


def _modules() -> Iterator[tuple[str, bytes]]:
    for file in sorted(_PACKAGE.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            yield file.relative_to(_PACKAGE.parent).as_posix(), file.read_bytes()


def _metadata() -> Iterator[tuple[str, bytes]]:
    yield "WHEEL", _WHEEL.encode()
    try:
        installed = distribution(NAME)
    except PackageNotFoundError:  # it is only on the path
        yield "METADATA", f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {__version__}\n".encode()
        return
    lines = (installed.read_text("METADATA") or "").splitlines(keepends=True)
    # an editable installation may have been made of an earlier version
    yield "METADATA", "".join(f"Version: {__version__}\n" if line.startswith("Version:") else line for line in lines).encode()
    if commands := installed.read_text("entry_points.txt"):
        yield "entry_points.txt", commands.encode()
