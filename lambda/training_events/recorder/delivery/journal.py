"""The events that one producer makes of one stream: numbered from 1, each with the digest of the one before."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from training_events.errors import MissingSetting
from training_events.event import Event, Producer
from training_events.recordable import check_recordable
from training_events.recorder.delivery.sha256 import sha256_hex
from training_events.recorder.reporting import log
from training_events.settings import DEFAULT_SOURCE
from training_events.times import from_nanoseconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training_events.settings import Settings

produced_here: set[str] = set()
"""The streams that have a producer in this process: their events may be on their way to the log."""


def event_source(settings: Settings) -> str:
    """TRAINING_EVENTS_SOURCE. One that no event can have becomes a warning: the bus's rule takes the default source too."""
    try:
        return settings.source
    except MissingSetting as flaw:
        log.warning("%s; events are published as %s", flaw, DEFAULT_SOURCE)
        return DEFAULT_SOURCE


class Journal:
    """For one thread. `extensions` are further facts about the producer, such as its rank."""

    def __init__(self, stream: str, extensions: Mapping[str, Any] | None = None, *, source: str = DEFAULT_SOURCE) -> None:
        self.stream = stream
        self.source = source
        produced_here.add(stream)
        self.producer = uuid.uuid4().hex
        self.count = 0
        self._extensions = dict(extensions or {})
        self._previous: str | None = None
        self._last_ns = 0

    def next_event(self, type_: str, data: dict[str, Any], at_ns: int | None = None, *, is_numbered: bool = True) -> Event:
        """The next event. `at_ns` is when it happened, in nanoseconds since 1970; the default is now.

        A producer's times grow with its numbers. So a clock that steps back does not change the order of its events.

        One that is not numbered has no producer: folds count the end of a run that another producer has started by no other.
        """
        at = max(time.time_ns() if at_ns is None else at_ns, self._last_ns + 1000)
        number = self.count + 1
        event = Event(
            event_id=f"{self.producer}-{number}" if is_numbered else uuid.uuid4().hex,
            stream=self.stream,
            type=type_,
            occurred_at=from_nanoseconds(at),
            source=self.source,
            data=data,
            producer=Producer(self.producer, number, self._previous, self._extensions) if is_numbered else None,
            correlation_id=self.stream.partition("/")[2],
        )
        check_recordable(event)  # if it raises, the number stays free
        self._last_ns = at
        if is_numbered:
            self._previous, self.count = f"sha256:{sha256_hex(event.canonical)}", number
        return event
