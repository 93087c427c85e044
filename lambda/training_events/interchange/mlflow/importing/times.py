"""The times of a store of MLflow, as an event may have them: not far ahead of the log's clock."""

from __future__ import annotations

from contextlib import suppress

from training_events import times
from training_events.interchange.mlflow.facts import text_of
from training_events.stores.event_log import MAX_LEAD_HOURS

NO_TIME = "1970-01-01T00:00:00.000000Z"
"""In place of a time that the store does not have. MLflow counts from here."""
_MICROSECOND = 1e-6


class Clock:
    """The moment of an import, and what of MLflow's times can be the time of an event then."""

    def __init__(self) -> None:
        self.now = times.now()
        self._latest = times.hours_after(self.now, MAX_LEAD_HOURS - 1)

    def moment(self, milliseconds: int | None) -> str | None:
        """None for what no event can have as its time: nothing, or a number of another unit."""
        with suppress(OverflowError, ValueError):
            if milliseconds is not None and (text := text_of(milliseconds)) <= self._latest:
                return text
        return None

    def first(self, *milliseconds: int | None) -> str:
        """The first of these that can be the time of an event."""
        return next(filter(None, map(self.moment, milliseconds)), NO_TIME)


def is_writable(milliseconds: int) -> bool:
    """Whether the time has a text, as a point has it: in the years 1 to 9999."""
    try:
        text_of(milliseconds)
    except (OverflowError, ValueError):
        return False
    return True


class Distinct:
    """Gives each event with points a time of its own: nothing else would tell which of two came first."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = taken

    def __call__(self, time: str) -> str:
        while time in self._taken:
            time = times.later(time, _MICROSECOND)
        self._taken.add(time)
        return time
