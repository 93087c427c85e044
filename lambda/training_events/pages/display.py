"""Values as a page shows them, before they are escaped for HTML."""

from __future__ import annotations

import unicodedata
from typing import Any
from urllib.parse import urlsplit

from training_events.reading.wording.text import to_json

ABSENT = "-"
_SHOWN_AS_THEY_ARE = frozenset("\n\t\u200c\u200d")
"""Lines are kept in a traceback. The two joiners belong to how Persian, Hindi and emoji are written, and reorder nothing."""
_MAX_EXACT_BYTES = 1000
_ROUNDED_TO_1000 = 999.5
"""From here on, three digits say 1e+03."""


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


def display_bytes(count: int | None) -> str:
    """A size in decimal units: `2.1 MB`."""
    if count is None:
        return ABSENT
    if count < _MAX_EXACT_BYTES:
        return f"{count:,} B"
    size, units = count / 1000, ["TB", "GB", "MB", "kB"]
    while size >= _ROUNDED_TO_1000 and len(units) > 1:
        size /= 1000
        units.pop()
    return f"{size:.3g} {units[-1]}"


def is_web_address(value: Any) -> bool:
    """Whether this may be a link: https or http, with a host. Any other address that an event has is only text."""
    if not isinstance(value, str) or display_text(value) != value or any(letter.isspace() for letter in value):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
