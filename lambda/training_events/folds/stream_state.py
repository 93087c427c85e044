"""What the states of all kinds of streams have in common."""

from __future__ import annotations

from msgspec import Struct, field

from training_events.folds.version import VERSION


class Counts(Struct):
    """`events` are all. Of them `unknown` are of a type and `newer` of a schema version that this code does not know, and the
    data of `unreadable` ones does not fit their type: these are in the log, but nothing was made of them.
    """

    events: int = 0
    unknown: int = 0
    newer: int = 0
    unreadable: int = 0


class StreamState(Struct):
    """`position` is that of the newest event folded; `first_at` and `last_at` are when the first and this one occurred."""

    stream: str
    folded_by: int = VERSION
    position: str = ""
    first_at: str = ""
    last_at: str = ""
    counts: Counts = field(default_factory=Counts)
