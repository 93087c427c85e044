"""The values of a run of any length, for this project and for others: nothing of either is imported."""

from typing import Any


def points(number: int) -> list[dict[str, Any]]:
    """The points of this step, as an event has them."""
    return [
        {"name": name, "step": number, "value": 1 / (number % 977 + rank)} for rank, name in enumerate(("loss", "accuracy"), 1)
    ]
