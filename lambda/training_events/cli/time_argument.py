"""Options that take a time, in any form that `reading/time_text.py` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from training_events.errors import Misused
from training_events.reading import time_text

if TYPE_CHECKING:
    from collections.abc import Callable


def time_option(*names: str, meaning: str, show_default: str | bool = True) -> Any:
    """An option that takes a time."""
    return _option(time_text.parse_time, names, meaning, show_default)


def start_option(*names: str, meaning: str, show_default: str | bool = True) -> Any:
    """An option that takes the start of a period, which may be given by its name: today, last week."""
    return _option(time_text.parse_start, names, meaning, show_default)


def _option(parse: Callable[[str], str], names: tuple[str, ...], meaning: str, show_default: str | bool) -> Any:
    def parsed(text: str) -> str:
        try:
            return parse(text)
        except Misused as mistake:
            raise typer.BadParameter(str(mistake)) from None

    return typer.Option(*names, parser=parsed, metavar="TIME", help=meaning, show_default=show_default)
