"""Keeps the tests' process from having ever more files open."""

import gc
from pathlib import Path

_OPEN = Path("/proc/self/fd")
"""Linux shows here what a process has open."""
_MANY = 256
"""select() takes no file beyond number 1023, and some programs of others use it."""


class OpenFiles:
    """Closes what tests have left behind: where millions of objects live, Python itself looks for such rarely."""

    def __init__(self) -> None:
        self._limit = _MANY

    def close_forgotten(self) -> None:
        """Cheap, but where many are open: then forgotten connections are closed."""
        if _OPEN.is_dir() and _count() > self._limit:
            gc.collect()
            self._limit = max(_MANY, 2 * _count())  # what is really in use is not looked through each time


def _count() -> int:
    return sum(1 for _ in _OPEN.iterdir())
