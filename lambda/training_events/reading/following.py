"""Follows a run: its state again and again, until the run ends."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from training_events.errors import NoSuchLog, NoSuchStream
from training_events.folds.standing import is_known
from training_events.projection.time_travel import metrics_at, state_now
from training_events.reading.opening import bring_up_to_date
from training_events.reading.stream_names import no_such_stream
from training_events.stores.sqlite.event_log import SqliteLog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.folds.run_state import RunState
    from training_events.reading.opening import Sources

SQLITE_PAUSE_SECONDS = 1.0
DYNAMODB_PAUSE_SECONDS = 2.0
"""A look costs a read of the state and one of the events behind it: docs/operate/costs.md says what that comes to."""
_PAUSE_SHARE = 9
"""So many times as long as the last look took is the pause at least: a training on the same machine keeps it for itself."""


def has_begun(sources: Sources, stream: str) -> bool:
    """Whether the log has an event of the stream. A log that does not exist has none."""
    with suppress(NoSuchLog):
        return next(iter(sources.log.entries(stream)), None) is not None
    return False


def wait_for_beginning(sources: Sources, stream: str) -> None:
    """Return when the log has the first event of the stream."""
    while not has_begun(sources, stream):
        time.sleep(_pause_seconds(sources))


def follow(sources: Sources, stream: str) -> Iterator[RunState]:
    """The state of a run, and after a pause again, until the run has ended. Raises NoSuchLog or NoSuchStream.

    The metrics are those that the state knows. Only the last state also has what it takes the whole log to know.
    """
    while True:
        begun = time.monotonic()
        bring_up_to_date(sources)
        try:
            state = cast("RunState", state_now(sources.log, sources.read_models, stream))
        except NoSuchStream:
            raise no_such_stream(sources, stream) from None
        if state.finished and not is_known(state):
            state.metrics = metrics_at(sources.log, stream, as_of=state.last_at)
        took = time.monotonic() - begun
        yield state
        if state.finished:
            return
        time.sleep(max(_pause_seconds(sources), took * _PAUSE_SHARE))


def _pause_seconds(sources: Sources) -> float:
    return SQLITE_PAUSE_SECONDS if isinstance(sources.log, SqliteLog) else DYNAMODB_PAUSE_SECONDS
