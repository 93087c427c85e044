"""What happened to a stream, as people read it: its events in order, with series of them told together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.reading.events import entries_of
from training_events.reading.timeline.lines import Line, lines_of

if TYPE_CHECKING:
    from training_events.stores.event_log import EventLog


class Timeline(Struct, frozen=True):
    """The lines of a stream, the oldest first. Where there were too many, one of them tells those in the middle."""

    lines: list[Line]

    @property
    def events(self) -> int:
        return sum(line.events for line in self.lines)

    @property
    def late(self) -> int:
        """How many events the log took long after they had occurred."""
        return sum(line.late for line in self.lines)


def timeline(log: EventLog, stream: str, *, as_of: str | None = None, known_at: str | None = None) -> Timeline:
    """What had happened by `as_of`, as far as it was known at `known_at` (27-character times).

    The log is read once, and few lines are held, however long the stream is. A stream that had no event yet has no line.
    """
    return Timeline(list(lines_of(stream, entries_of(log, stream, as_of=as_of, known_at=known_at))))
