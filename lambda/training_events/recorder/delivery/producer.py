"""One stream in one process: what the process records of it is numbered and chained, as that of no other producer."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from training_events.recorder.delivery.points import PointBatcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.recorder.delivery.journal import Journal


class StreamProducer:
    """The points that no event holds yet, as `MetricCall` has them, and how events are made. Its writer makes them."""

    def __init__(self, journal: Journal, fit_to_size: Callable[[dict[str, Any], int], dict[str, Any]]) -> None:
        self.points: deque[tuple[Any, ...]] = deque()
        self.journal, self.fit_to_size = journal, fit_to_size
        self.batcher = PointBatcher()
