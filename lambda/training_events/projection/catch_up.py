"""Brings a laptop's read models and seals up to date before a command reads them.

On AWS the log's change stream and the projector do this as events arrive. Any number of processes may catch up at once: doing
the same work twice is harmless.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from training_events.errors import NotUnderstood
from training_events.projection.projector import has_state
from training_events.proof.sealing import seal_stream

if TYPE_CHECKING:
    from training_events.event import LogEntry
    from training_events.projection.projector import Projector
    from training_events.proof.seal_store import SealStore
    from training_events.stores.sqlite.event_log import SqliteLog

BATCH = 1000
"""Arrivals handled together: few enough to hold in memory, many enough that most streams are written only once."""


def catch_up(log: SqliteLog, projector: Projector, seals: SealStore) -> None:
    """Project what arrived since the last time, and seal the streams that have finished."""
    while arrivals := log.arrivals(BATCH):
        streams: dict[str, list[LogEntry]] = {}
        for _, stream, entry in arrivals:
            if has_state(stream):
                streams.setdefault(stream, []).append(entry)
        for stream, entries in streams.items():
            with suppress(NotUnderstood):  # the log was altered, which `verify` reports; every other stream can still be read
                if projector.project(stream, entries).state.finished:
                    seal_stream(log, seals, stream)
        last_number, _, _ = arrivals[-1]
        log.forget_arrivals(last_number)
