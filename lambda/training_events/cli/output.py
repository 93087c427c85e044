"""What the commands print with: tables row by row for people, one JSON document for programs, both in constant memory."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

CLOSED_PIPE = 141
"""128 + SIGPIPE: what the shell reports of any program whose reader went away."""


class _PipeAwareConsole(Console):
    def on_broken_pipe(self) -> None:
        raise SystemExit(ended_by_closed_pipe())


def ended_by_closed_pipe() -> int:
    """Keeps Python from complaining once more when it flushes standard output at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return CLOSED_PIPE


def print_json_document(head: dict[str, Any], name: str, items: Iterable[Any]) -> None:
    """`{…head, "name": [items]}` on standard output, the items one by one, one a line."""
    write = sys.stdout.write
    try:
        write(msgspec.json.encode(head).decode()[:-1] + f',"{name}":[')
        separator = "\n"
        for item in items:
            write(separator + msgspec.json.encode(item).decode())
            separator = ",\n"
        write("\n]}\n")
    except BrokenPipeError:  # caught here because Typer makes an exit code 1 of it
        raise SystemExit(ended_by_closed_pipe()) from None


def print_rows(titles: tuple[str, ...], widths: tuple[int, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Rows under titles. The last column takes what is left of the terminal; into a pipe or file it goes whole."""
    console = _PipeAwareConsole(highlight=False)

    def show(cells: tuple[str, ...], style: str = "") -> None:
        line = Text("  ".join([*map(str.ljust, cells, widths), cells[-1]]), style=style)
        if console.is_terminal:
            console.print(line, no_wrap=True, overflow="ellipsis")
        else:
            console.print(line, soft_wrap=True)

    show(titles, "bold")
    for row in rows:
        show(row)
