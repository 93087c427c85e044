"""How much of each curve a page has, so that it stays small however many runs, metrics and points there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_POINTS = 65_536
"""So many points are in a file: as data 2.1 MB."""
POINTS_OF_LINE = 11
"""As much room takes a line for itself: the names of its fields, and its row in a table."""
MIN_POINTS_OF_LINE = 16
"""A line with so many points is still a curve. Metrics for which there is no room for that are fetched when they are looked at;
a file leaves them out, and says so."""
MAX_DRAWN_POINTS = 60_000
"""So many points have all drawings of a page together: half a megabyte."""
MAX_DRAWN_POINTS_OF_LINE = 480
"""A drawing is 480 pixels wide at most: two points for each second one."""


def share_out(total: float, wanted: Sequence[int], weights: Sequence[float] | None = None) -> list[int]:
    """Fair shares of the total, by these weights. Nobody gets more than is wanted; what one does not need, the others get."""
    weights = weights or [1.0] * len(wanted)
    shares = [0] * len(wanted)
    left, weight_left = float(total), sum(weights)
    # who wants least for his weight comes first: then what he leaves is known when the others get theirs
    for place in sorted(range(len(wanted)), key=lambda place: wanted[place] / weights[place]):
        shares[place] = min(wanted[place], int(left * weights[place] / weight_left))
        left -= shares[place]
        weight_left -= weights[place]
    return shares
