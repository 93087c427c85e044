"""A line on standard error while a tool works that prints nothing: on a terminal only, and gone at the end."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def shown_while_waiting(text: str) -> Iterator[None]:
    """Show the text, and for how long it has been true."""
    if not sys.stderr.isatty():
        yield
        return
    # imported here: only a terminal needs it
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    console = Console(stderr=True, highlight=False)
    with Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False) as line:
        line.add_task(text, total=None)
        yield
