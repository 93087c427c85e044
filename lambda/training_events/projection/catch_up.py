"""Brings a laptop's read models and seals up to date before a command reads them.

On AWS the log's change stream and the projector do this as events arrive. Any number of processes may catch up at once, and be
interrupted at any moment: a batch of events is either done and forgotten, or not begun.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from training_events.errors import NotUnderstood
from training_events.projection.projector import has_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.event import LogEntry
    from training_events.projection.projector import Projector
    from training_events.projection.sealer import Sealer
    from training_events.stores.sqlite.event_log import SqliteLog

BATCH = 1000
"""Arrivals handled together: few enough to hold in memory, many enough that most streams are written only once."""
_PAUSE_SHARE = 0.05
"""The part of the time in which other programs may write: SQLite has no queue, and whoever waits looks ten times a second."""


def catch_up(
    log: SqliteLog,
    projector: Projector,
    sealer: Sealer,
    on_progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
) -> None:
    """Project what arrived since the last time, and seal the streams that are due.

    All that is written for a batch is one transaction: the read models and the seals use the log's own Database.
    `on_progress` gets how many arrivals are done, and of how many.
    """
    done = 0
    while log.arrivals(1):
        on_progress(done, done + log.arrivals_left())
        started = time.monotonic()
        with log.database.together():
            done += _catch_up_with_batch(log, projector, sealer)
        time.sleep((time.monotonic() - started) * _PAUSE_SHARE)
    for name in sealer.due():
        with suppress(NotUnderstood), log.database.together():
            sealer.wake(name)


def _catch_up_with_batch(log: SqliteLog, projector: Projector, sealer: Sealer) -> int:
    """Returns how many arrivals were in it; none if another process was faster."""
    arrivals = log.arrivals(BATCH)
    streams: dict[str, list[LogEntry]] = {}
    for _, stream, entry in arrivals:
        if has_state(stream):
            streams.setdefault(stream, []).append(entry)
    for stream, entries in streams.items():
        with suppress(NotUnderstood):  # the log was altered, which `verify` reports; every other stream can still be read
            sealer.after(projector.project(stream, entries).state)
    if arrivals:
        last_number, _, _ = arrivals[-1]
        log.forget_arrivals(last_number)
    return len(arrivals)
