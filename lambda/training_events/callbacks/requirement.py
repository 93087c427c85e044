"""A framework that is not installed is named in one line."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def required(module: str, package: str) -> Iterator[None]:
    """Around the import of a framework's module. Raises ImportError if this package is what is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # the framework is there, and lacks something itself
        needed_by = f"training_events.callbacks.{module.partition('.')[0]}"
        raise ImportError(f"{needed_by} needs {module}, which is not installed: pip install {package}") from None
