"""What other recorders have left for the same destination, as a sender takes it up: now and then, and hardly at its end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from training_events.recorder.delivery.spool import orphaned_spools

if TYPE_CHECKING:
    from pathlib import Path

    from training_events.recorder.delivery.destination import Destination
    from training_events.recorder.delivery.spool import OrphanedSpool

CLOSING_SHARE = 0.1
"""Of the time that the recorder has run: so long its end goes on with what others have left. That may be thousands of files."""


class Orphans:
    """For one thread. It holds one file at a time."""

    def __init__(self, home: Path, to: Destination) -> None:
        self._spools = orphaned_spools(home, to)
        self._spool: OrphanedSpool | None = None
        self._started = time.monotonic()
        self._closing_until: float | None = None

    def next_spool(self, log: str | None, *, is_closing: bool) -> OrphanedSpool | None:
        """A spool with events to send: the same one until it has none. None if there is no other, or at the end no time.

        What has begun in another laptop's log than this one is left for `flush`, which tells of it.
        """
        while self._spool is None or not self._spool.pending or self._spool.begun_in not in (None, log):
            if is_closing and not self._has_time():
                return None
            self._close_spool()
            self._spool = next(self._spools, None)
            if self._spool is None:
                return None
        return self._spool if not is_closing or self._has_time() else None

    def close(self) -> None:
        self._close_spool()
        self._spools.close()

    def _close_spool(self) -> None:
        if self._spool is not None:
            self._spool.close()
            self._spool = None

    def _has_time(self) -> bool:
        now = time.monotonic()
        if self._closing_until is None:
            self._closing_until = now + CLOSING_SHARE * (now - self._started)
        return now <= self._closing_until
