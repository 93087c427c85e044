"""A progress bar on standard error for work on many bytes: only on a terminal, and removed at the end."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Advance: TypeAlias = Callable[[int], object]

WORTH_SHOWING_BYTES = 64 * 2**20
"""Less is read or sent before anybody has read the bar."""


@contextmanager
def progress(description: str, total_bytes: int) -> Iterator[Advance]:
    """Gives a function to call with each further number of bytes that are done."""
    if total_bytes < WORTH_SHOWING_BYTES or sys.stderr is None or not sys.stderr.isatty():
        yield lambda _: None
        return
    # imported here: most trainings never show a bar, and rich takes as long to import as all of this package
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}", markup=False),  # a file's name is no markup
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    # what the training prints meanwhile is not redirected
    console = Console(stderr=True, highlight=False)
    with Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False) as bar:
        task = bar.add_task(description, total=total_bytes)
        yield lambda count: bar.advance(task, count)
