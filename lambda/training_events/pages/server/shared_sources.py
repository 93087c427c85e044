"""What a server of many threads reads: the log's file by a connection for each answer, AWS by clients that all share."""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from training_events.reading.opening import bring_up_to_date, open_sources, url_to_read
from training_events.stores.sqlite.event_log import SqliteLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training_events.reading.opening import Sources

_NO_STREAM = "#"
"""Asked for only to see whether there is an answer: nothing has this name, so it costs least."""


class SharedSources:
    """Sources for any thread.

    One connection to a SQLite file answers one question at a time: with one for each answer, no page waits for the long
    question of another. botocore's clients may be shared by threads. So may a file that can only be read: what is made
    from its events is kept in its one connection.
    """

    def __init__(self, url: str = "") -> None:
        """Raises MissingSetting or BadLogUrl."""
        self.url = url_to_read(url)
        self.shared = open_sources(self.url)
        self._free: list[Sources] = []
        self._updating = Lock()
        self._update_began = float("-inf")

    def require_log(self, on_progress: Callable[[str, float], None]) -> None:
        """Bring a laptop's states up to date. Raises what is wrong with the log, NoSuchLog for one."""
        bring_up_to_date(self.shared, on_progress)
        next(self.shared.log.entries(_NO_STREAM), None)
        if self.shared.read_models is not None:
            self.shared.read_models.note(_NO_STREAM)

    @contextmanager
    def borrowed(self) -> Iterator[Sources]:
        """Sources for one answer, with a laptop's states as its newest events leave them."""
        self.bring_up_to_date()
        if not isinstance(self.shared.log, SqliteLog) or self.shared.log.database.read_only:
            yield self.shared
            return
        try:
            sources = self._free.pop()
        except IndexError:
            sources = open_sources(self.url)
        try:
            yield sources
        finally:
            self._free.append(sources)

    def bring_up_to_date(self) -> None:
        """One thread does it for all that wait for it: an update that began after a request has what the request asks for."""
        asked = time.monotonic()
        with self._updating:
            if self._update_began < asked:
                self._update_began = time.monotonic()
                bring_up_to_date(self.shared)

    def close(self) -> None:
        """Give back the file or the connections. Whatever asks again opens them again."""
        while self._free:
            self._free.pop().log.close()
        self.shared.log.close()
