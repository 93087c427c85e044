"""The runs of a log as OpenLineage's run events, in the order in which the log took what they come of."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

from training_events import folds
from training_events.canonical import canonical_json
from training_events.errors import NoSuchStream
from training_events.folds.run_state import RunState
from training_events.interchange.exports.lines import Line
from training_events.openlineage.parents import Parents
from training_events.openlineage.run_life import RunLife
from training_events.projection.time_travel import state_now
from training_events.reading.recording_order import index_of, sorted_on_disk, streams_recorded_since

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training_events.openlineage.run_life import RunEvent
    from training_events.reading.opening import Sources


def run_events_in_order(
    sources: Sources, namespace: str, after: str, on_progress: Callable[[int, int], None]
) -> Iterator[Line]:
    """The run events of all runs, as JSON, in the order in which the log took what they come of, from a time on.

    `on_progress` gets how many runs were read, and of how many. Memory does not grow with the log.
    """
    made = RunEvents(sources, namespace)
    with sorted_on_disk() as lines:
        streams = [stream for stream in streams_recorded_since(sources.log, after) if folds.kind_of(stream) == "run"]
        for done, stream in enumerate(streams):
            on_progress(done, len(streams))
            for event in made.of_run(stream):
                index = index_of(event.cause.recorded_at, stream, event.cause.position)
                if index >= after:
                    lines.add(f"{index} {event.number:03d}", canonical_json(event.body))
        for index, body in lines:
            yield Line(index, body)


class RunEvents:
    """Makes the run events of the runs of a log. The jobs are in this namespace."""

    def __init__(self, sources: Sources, namespace: str) -> None:
        self._sources, self._namespace = sources, namespace
        self._state_now = lru_cache(maxsize=128)(self._current)  # runs of a group have the same parent
        self._parents = Parents(namespace, self._state_now)

    def of_run(self, stream: str) -> Iterator[RunEvent]:
        """In the order of its life."""
        current = self._state_now(stream)
        if current is not None:
            yield from RunLife(current, self._namespace, self._parents).events(self._sources.log.entries(stream))

    def _current(self, stream: str) -> RunState | None:
        with suppress(NoSuchStream):
            state = state_now(self._sources.log, self._sources.read_models, stream)
            return state if isinstance(state, RunState) else None
        return None
