"""How a report was made, which it says of itself."""

from __future__ import annotations

from msgspec import Struct


class Made(Struct, frozen=True):
    """How a report was made: of which log, when (a 27-character text), and by which command one makes it again."""

    log: str
    at: str
    command: str
