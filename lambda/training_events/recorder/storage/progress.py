"""A bar on standard error for work over many bytes: on a terminal only, and gone at the end."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Advance: TypeAlias = Callable[[int], object]

WORTH_SHOWING_BYTES = 64 * 2**20
"""Less is read, or sent, before anybody has read the bar."""


@contextmanager
def progress(doing: str, total_bytes: int) -> Iterator[Advance]:
    """What is called with each number of bytes more that are done."""
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
    # what the training prints meanwhile is its own
    console = Console(stderr=True, highlight=False)
    with Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False) as bar:
        task = bar.add_task(doing, total=total_bytes)
        yield lambda count: bar.advance(task, count)
