"""Which runs are asked for and not started, from the read models: a look costs little, however long the log is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from training_events import times
from training_events.errors import NoSuchLog
from training_events.reading.search.find import answers
from training_events.reading.search.question import Question, attribute_is, created_since
from training_events.stores.search import AllOf
from training_events.stores.sqlite.event_log import SqliteLog

if TYPE_CHECKING:
    from training_events.reading.opening import Sources

LATE_HOURS = 1
"""Where the store has no index of the runs' states, a look reads the runs that are younger than this …"""
FULL_LOOK_SECONDS = 600.0
"""… and once in so many seconds all of them: an event may be recorded long after it occurred."""


class Requests:
    """Asked again and again by one worker."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._seen: int | None = None
        self._full_look_at = float("-inf")

    def has_news(self) -> bool:
        """Whether the log may have changed since the last time that this was asked. DynamoDB does not tell."""
        log = self._sources.log
        if not isinstance(log, SqliteLog):
            return True
        try:
            arrived = log.arrived()
        except NoSuchLog:  # the first training, or request, makes it
            return False
        has_news, self._seen = arrived != self._seen, arrived
        return has_news

    def open_runs(self) -> list[str]:
        """The streams of the runs whose state is `requested`, the oldest first. The read models are up to date.

        Raises BadLogUrl where the log's address names none.
        """
        question = Question(AllOf((attribute_is("status", "requested"),)))
        if not isinstance(self._sources.log, SqliteLog):
            if time.monotonic() < self._full_look_at + FULL_LOOK_SECONDS:
                question = question.also(created_since(times.hours_after(times.now(), -LATE_HOURS)))
            else:
                self._full_look_at = time.monotonic()
        return [run.stream for run in answers(self._sources, question)][::-1]
