"""Reads an `order_by`: `-metrics.accuracy`, `metrics.accuracy DESC`, several with commas between them or as a list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from training_events.errors import BadSearch
from training_events.reading.search.names import WRITTEN_NAME, read_name
from training_events.stores.search import Order

if TYPE_CHECKING:
    from collections.abc import Sequence

_SORTED_BY = re.compile(rf"\s*(-?)\s*({WRITTEN_NAME})(?:\s+(ASC|DESC))?\s*(?:,|$)", re.IGNORECASE)
MAX_NAMES = 8
"""More make no difference that anybody sees, and SQLite joins only so many tables."""


def read_order(order_by: str | Sequence[str]) -> tuple[Order, ...]:
    """Raises BadSearch."""
    texts = [order_by] if isinstance(order_by, str) else list(order_by)
    orders = [order for text in texts if text.strip() for order in _orders(text)]
    if len(orders) > MAX_NAMES:
        raise BadSearch(f"order: it has more than {MAX_NAMES} names")
    return tuple(orders)


def _orders(text: str) -> list[Order]:
    orders, start = [], 0
    while start < len(text):
        match = _SORTED_BY.match(text, start)
        if match is None:
            raise BadSearch(
                f"order, at character {start + 1}: expected a name such as -metrics.accuracy or started_at DESC,"
                f" not {text[start : start + 40]!r}"
            )
        minus, written, direction = match.groups()
        try:
            name = read_name(written)
        except BadSearch as flaw:
            raise BadSearch(f"order, at character {match.start(2) + 1}: {flaw}") from None
        if name.key.startswith("datasets."):
            raise BadSearch(f"order, at character {match.start(2) + 1}: a run may have several datasets: no order is by them")
        orders.append(Order(name, descending=(direction or "").upper() == "DESC" or bool(minus)))
        start = match.end()
    return orders
