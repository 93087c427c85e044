"""Bold and colour, on a terminal that shows them: standard output is one, it is not `dumb`, and NO_COLOR is not set.

https://no-color.org
"""

from __future__ import annotations

import os
import sys

BOLD, RED, GREEN, YELLOW, CYAN = "1", "31", "32", "33", "36"
"""Codes of SGR, the control sequence that sets how the next letters look.
https://www.ecma-international.org/publications-and-standards/standards/ecma-48/"""

_STATUSES = {
    "completed": GREEN,
    "active": GREEN,
    "sound": GREEN,
    "failed": RED,
    "refused": RED,
    "broken": RED,
    "stopped": YELLOW,
    "incomplete": YELLOW,
    "superseded": YELLOW,
    "running": CYAN,
}
_SILENT = ", silent for "


def styled(text: str, code: str) -> str:
    """The text, in this style where the terminal shows it. It has to be printable: only then no other sequence is in it."""
    return f"\x1b[{code}m{text}\x1b[0m" if code and text and is_styled() else text


def style_of_status(status: str) -> str:
    """The colour of a status or verdict; none where it calls for no attention. A run that is silent may need some."""
    return YELLOW if _SILENT in status else _STATUSES.get(status.partition(",")[0], "")


def is_styled() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")
