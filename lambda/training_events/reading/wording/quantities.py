"""Sizes, in as many digits as people read."""

from __future__ import annotations

_MAX_EXACT_BYTES = 1000
_ROUNDED_TO_1000 = 999.5
"""From here on, three digits say 1e+03."""


def size_text(count: int) -> str:
    """A number of bytes in decimal units: `2.1 MB`."""
    if count < _MAX_EXACT_BYTES:
        return f"{count:,} B"
    size, units = count / 1000, ["TB", "GB", "MB", "kB"]
    while size >= _ROUNDED_TO_1000 and len(units) > 1:
        size /= 1000
        units.pop()
    return f"{size:.3g} {units[-1]}"
