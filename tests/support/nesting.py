"""Objects inside each other."""

from typing import Any


def nested(levels: int) -> dict[str, Any]:
    """As many levels of objects, the outermost counted as 1."""
    value: dict[str, Any] = {}
    for _ in range(levels - 1):
        value = {"x": value}
    return value
