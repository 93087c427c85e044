"""A line on standard error that says how far a command is: on a terminal only, and gone at the end."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class ShowProgress(Protocol):
    def __call__(self, text: str, share: float | None = None) -> None:
        """Show this text, and where it is known, which share of the work is done (0 to 1)."""


@contextmanager
def progress() -> Iterator[ShowProgress]:
    if not sys.stderr.isatty():
        yield lambda text, share=None: None  # noqa: ARG005
        return
    # imported here: only a terminal needs it, and it takes longer than most commands
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    line = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True, highlight=False),
        transient=True,
        # on the same terminal rows have to be printed above the line; anywhere else standard output is not Rich's to take
        redirect_stdout=sys.stdout.isatty(),
        redirect_stderr=False,
    )
    with line:
        task = line.add_task("", total=None)

        def show(text: str, share: float | None = None) -> None:
            line.update(task, description=text, total=None if share is None else 1, completed=share or 0)

        yield show
