"""What the states of all kinds of streams share."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from training_events.folds.version import VERSION


class Counts(Struct):
    """How many events were folded. `events` counts all of them.

    The other three are in the log, but the state says nothing of them: this code does not know the type of the `unknown` ones
    and the schema version of the `newer` ones, and the data of the `unreadable` ones does not fit their type.
    """

    events: int = 0
    unknown: int = 0
    newer: int = 0
    unreadable: int = 0


class Hiding(Struct):
    """Since when lists leave the stream out, who hid it, and why."""

    at: str
    by: str | None
    reason: str | None


class StreamState(Struct):
    """`name`, `description` and `tags` are what people call the stream. `hidden` is null unless lists leave it out.

    `position` is that of the newest event. `first_at` and `last_at` are when the first and the newest event occurred.

    `order_unknown` names what is in doubt, each with its instant: several events that occurred then decide it differently, and
    nothing tells which of them came last.
    """

    stream: str
    folded_by: int = VERSION
    position: str = ""
    first_at: str = ""
    last_at: str = ""
    counts: Counts = field(default_factory=Counts)
    order_unknown: dict[str, str] = field(default_factory=dict)
    name: str | None = None
    description: str | None = None
    tags: dict[str, Any] = field(default_factory=dict)
    hidden: Hiding | None = None

    def living(self) -> set[str]:
        """What has begun and has not ended, by the names that catalogue/order.py gives it."""
        return set()
