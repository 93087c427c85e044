"""How much of a run the log has when a model is registered from it: what comes later, or is changed, shows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from training_events.catalogue.model import RunHead
from training_events.errors import DamagedEvent, MissingSetting, NoSuchLog
from training_events.recorder.lifecycle import open_participant
from training_events.recorder.outside_run import OF_STORES, publishes_on_bus, readable_store
from training_events.recorder.reporting import log

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.stores.event_log import EventLog

FLUSH_SECONDS = 30.0
_PAUSES_ON_A_BUS = (0.5, 1.0, 2.0)
"""In seconds: what was published a moment ago reaches the log within these."""


def run_head(stream: str, run: Any, sleep: Callable[[float], None] = time.sleep) -> RunHead | None:
    """The run's head in the log that the environment names. None where that cannot be read, or lacks events of this process.

    An open run of this process is flushed first. `run` is what the caller has of it: what `record_run` returned, or an id.
    """
    recorder = run if hasattr(run, "recorded") and hasattr(run, "flush") else open_participant(stream)
    if recorder is not None and not recorder.flush(FLUSH_SECONDS):
        return None
    own = 0 if recorder is None else recorder.recorded
    try:
        events = readable_store().log
        head = head_in(events, stream)
        for pause in _PAUSES_ON_A_BUS if publishes_on_bus() else ():
            if head is not None and head.events >= own:
                break
            sleep(pause)
            head = head_in(events, stream)
    except MissingSetting:  # a training job that knows only the bus
        return None
    except (*OF_STORES, DamagedEvent) as why:
        log.warning("how much the log has of %s was not recorded with the model: %s", stream, why)
        return None
    return head if head is not None and head.events >= own else None


def head_in(events: EventLog, stream: str) -> RunHead | None:
    """The head of a stream; None if the log has none of its events. Raises DamagedEvent, and what the store raises."""
    count, before, last = 0, "", ""
    try:
        for entry in events.entries(stream):
            count, before, last = count + 1, last, entry.position
        newest = list(events.read(stream, after=before)) if last else []
    except NoSuchLog:  # a laptop's log is made with the first event
        return None
    if not newest:
        return None
    return RunHead(count - 1 + len(newest), newest[-1].event.position, newest[-1].digest)
