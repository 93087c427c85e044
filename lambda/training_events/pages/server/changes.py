"""Whether what a page shows has changed, and who waits to hear of it.

One look in each pause serves all who listen, and where nobody does, nobody looks. A look costs a read of a number: of a SQLite
file how many events have arrived, on AWS the revision of a stream's state. DynamoDB does not tell that about all streams
together, so there a list counts as changed every few seconds.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from anyio import to_thread

from training_events.stores.sqlite.event_log import SqliteLog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from training_events.pages.server.shared_sources import SharedSources

SQLITE_PAUSE_SECONDS = 1.0
DYNAMODB_PAUSE_SECONDS = 2.0
_PAUSE_SHARE = 9
"""So many times as long as the last look took is the pause at least: a training on the same machine keeps it for itself."""
_LIST_SECONDS = 10
"""How often a list of a log in DynamoDB counts as changed: docs/operate/costs.md says what that comes to."""
_SILENCE_SECONDS = 60
"""How often everything counts as changed: a page also tells for how long a run has been silent, and then no event comes."""
_STILL_HERE_SECONDS = 15
"""A server notices that a browser is gone when it sends something."""


class Changes:
    """A subject is a stream, or None for all streams. Its mark is another one after each change."""

    def __init__(self, sources: SharedSources) -> None:
        self._sources = sources
        self._listening: list[str | None] = []
        self._marks: dict[str | None, str] = {}
        self._looked = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._closed = False

    def mark(self, subject: str | None) -> str:
        """The subject's mark at this moment. For a thread that may wait: it asks the log."""
        minute = int(time.time() // _SILENCE_SECONDS)
        try:
            return f"{self._revision(subject)}.{minute}"
        except Exception as error:  # noqa: BLE001 - that the log cannot be asked is a change, too: the page says why
            return f"{type(error).__name__}.{minute}"

    def _revision(self, subject: str | None) -> int | None:
        self._sources.bring_up_to_date()
        log, read_models = self._sources.shared.log, self._sources.shared.read_models
        if subject is not None:
            return None if read_models is None else read_models.revision(subject)
        return log.arrived() if isinstance(log, SqliteLog) else int(time.time() // _LIST_SECONDS)

    async def after(self, subject: str | None, seen: str) -> AsyncIterator[str | None]:
        """The subject's mark whenever it is another one than before; first if it is not the one that was `seen`.

        None where nothing has changed for a while. It ends with the server.
        """
        self._listening.append(subject)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_again_and_again())
        sent = time.monotonic()
        try:
            while not self._closed:
                mark = self._marks.get(subject, seen)
                if mark != seen:
                    seen, sent = mark, time.monotonic()
                    yield seen
                elif time.monotonic() - sent > _STILL_HERE_SECONDS:
                    sent = time.monotonic()
                    yield None
                await self._looked.wait()
        finally:
            self._listening.remove(subject)

    def close(self) -> None:
        """Nobody hears of any further change."""
        self._closed = True
        self._looked.set()
        if self._looking is not None:
            self._looking.cancel()

    async def _look_again_and_again(self) -> None:
        pause = SQLITE_PAUSE_SECONDS if isinstance(self._sources.shared.log, SqliteLog) else DYNAMODB_PAUSE_SECONDS
        while self._listening:
            began = time.monotonic()
            self._marks = await to_thread.run_sync(self._marks_of, set(self._listening))
            self._looked.set()
            self._looked = asyncio.Event()
            await asyncio.sleep(max(pause, (time.monotonic() - began) * _PAUSE_SHARE))
        self._marks = {}

    def _marks_of(self, subjects: set[str | None]) -> dict[str | None, str]:
        return {subject: self.mark(subject) for subject in subjects}
