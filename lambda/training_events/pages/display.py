"""Values as a page shows them, before they are escaped for HTML."""

from __future__ import annotations

import unicodedata
from typing import Any
from urllib.parse import urlsplit

from training_events.reading.wording.text import to_json

ABSENT = "-"
_SHOWN_AS_THEY_ARE = frozenset("\n\t\u200c\u200d")
"""Lines are kept in a traceback. The two joiners belong to how Persian, Hindi and emoji are written, and reorder nothing."""


def display_text(value: Any) -> str:
    """Any value as text. Control characters, direction overrides and half surrogate pairs become escapes that can be seen."""
    if value is None:
        return ABSENT
    text = value if isinstance(value, str) else to_json(value)
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter in _SHOWN_AS_THEY_ARE else _shown(letter) for letter in text)


def _shown(letter: str) -> str:
    return " " if unicodedata.category(letter) == "Zs" else ascii(letter).strip("'")


def display_number(value: float | str | None) -> str:
    """As the commands print it: a whole number with commas, any other with six digits; `NaN` by its name."""
    if value is None:
        return ABSENT
    if isinstance(value, str):
        return display_text(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"


def is_web_address(value: Any) -> bool:
    """Whether this may be a link: https or http, with a host. Any other address that an event has is only text."""
    if not isinstance(value, str) or display_text(value) != value or any(letter.isspace() for letter in value):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
