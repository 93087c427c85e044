"""A line on standard error that says how far a command is: on a terminal only, and gone at the end."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack, contextmanager
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


@contextmanager
def progress_after(seconds: float = 1) -> Iterator[ShowProgress]:
    """The same line, from the first time that something is shown after so many seconds.

    For work that nearly always ends before: then nobody waits for the import of what draws the line.
    """
    begun = time.monotonic()
    shows: list[ShowProgress] = []
    with ExitStack() as lines:

        def show(text: str, share: float | None = None) -> None:
            if not shows and time.monotonic() - begun >= seconds:
                shows.append(lines.enter_context(progress()))
            for show_now in shows:
                show_now(text, share)

        yield show
