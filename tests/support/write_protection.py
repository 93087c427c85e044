"""What can only be read, for any user of this machine. Permissions do not bind root, so root gives up its rights."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NOBODY = 65534


@contextmanager
def public_folder() -> Iterator[Path]:
    """A folder that every user can enter."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@contextmanager
def write_protected(*paths: Path) -> Iterator[None]:
    """Nobody may write to these files and folders. What was not imported before may not be importable inside."""
    modes = [(path, path.stat().st_mode) for path in paths]
    user = os.geteuid()
    for path, mode in modes:
        path.chmod(mode & 0o555)
    try:
        if user == 0:
            os.seteuid(_NOBODY)
        yield
    finally:
        if user == 0:
            os.seteuid(user)
        for path, mode in modes:
            path.chmod(mode)
