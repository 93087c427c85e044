"""The parameters in the address of a list, and its address with others."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from training_events.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from training_events.pages.page import Asked, Query

MAX_PAGE = 1_000_000


def list_address(asked: Asked, parameters: Iterable[tuple[str, str]]) -> str:
    """Relative to the page, about the same times."""
    of_times = [(name, time) for name, time in (("as_of", asked.as_of), ("known_at", asked.known_at)) if time is not None]
    # half a surrogate pair, which only an altered log has, stays what it is
    return f"?{urlencode([*of_times, *parameters], errors='surrogatepass')}"


def number_in(query: Query, name: str, usual: int, most: int) -> int:
    """The parameter as a whole number from 1. Raises Misused."""
    text = query.one(name)
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 1 <= int(text) <= most):
        raise Misused(f"{name} is {text[:40]!r}; it is a whole number from 1 to {most:,}")
    return int(text)
