"""The run events that the life of a run comes to: each attempt starts, and completes, fails or is aborted.

An attempt that was superseded, or stopped from outside, is aborted. A run of which only SageMaker tells starts and ends when
its end is known. A run that runs has its START alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from training_events import folds
from training_events.folds.instant import instants
from training_events.folds.run_state import RunState
from training_events.openlineage.facets import PRODUCER, error_facet, inputs, job_facets, outputs, run_facets
from training_events.openlineage.naming import job_name, run_uuid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from training_events.event import LogEntry

SCHEMA_URL = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
DECIDING = frozenset(
    {
        "TrainingStarted",
        "TrainingCompleted",
        "TrainingFailed",
        "TrainingStopped",
        "TrainingJobStateChanged",
        "PipelineExecutionStateChanged",
    }
)
"""The types of events that start or end an attempt. All others are folded many at once."""
_ENTRIES_AT_ONCE = 1000
_ENDS = {"completed": "COMPLETE", "failed": "FAIL", "stopped": "ABORT", "superseded": "ABORT"}


class RunEvent(NamedTuple):
    """A run event, when it happened, and the event of the log that it comes of. `number` counts those of one instant."""

    at: str
    cause: LogEntry
    number: int
    body: dict[str, Any]


class RunLife:
    """A run as it becomes event by event.

    `current` is the run as it is now: its tags are in every run event. `parent` finds the facet of its parent at a time.
    `before` is the run as it was before the first event that `events` gets, by default with no event at all.
    """

    def __init__(
        self,
        current: RunState,
        namespace: str,
        parent: Callable[[RunState, str], dict[str, Any] | None],
        before: RunState | None = None,
    ) -> None:
        self._state = before or RunState(current.stream)
        self._current, self._namespace, self._parent = current, namespace, parent

    def events(self, entries: Iterable[LogEntry]) -> Iterator[RunEvent]:
        """What happens to the run by these events of the log, which are in key order and occurred after all before."""
        waiting: list[LogEntry] = []
        for at, instant in instants(entries):
            deciding = [entry for entry in instant if entry.type in DECIDING]
            if not deciding:
                waiting += instant
            if deciding or len(waiting) >= _ENTRIES_AT_ONCE:
                folds.fold(self._state, waiting)
                waiting = []
            if deciding:
                newest = max(deciding, key=lambda entry: (entry.recorded_at, entry.position))
                for number, body in enumerate(self._changes(at, instant)):
                    yield RunEvent(at, newest, number, body)

    def _changes(self, at: str, instant: list[LogEntry]) -> Iterator[dict[str, Any]]:
        """Fold what happened at this moment: what started by that, and what ended.

        It is told by the states before and after alone, so that a life can be gone on with from a state.
        """
        state = self._state
        started, was_over = state.starts, state.status in _ENDS
        before = self._event("ABORT", started, at) if started and not was_over else None  # a start replaces the spec
        folds.fold(state, instant)
        attempts = {attempt.number: attempt for attempt in state.attempts}
        for number in range(started + 1, state.starts + 1):
            if number > started + 1:
                yield self._event("ABORT", number - 1, at)
            elif before is not None:
                status = attempts[started].status if started in attempts else "superseded"
                yield {**before, "eventType": _ENDS.get(status, "ABORT")}
            yield self._event("START", number, attempts[number].started_at if number in attempts else at)
        if state.status not in _ENDS or (was_over and state.starts == started):
            return
        if not state.starts:  # only SageMaker tells of it
            yield self._event("START", 1, state.started_at or at)
        more = {"errorMessage": error_facet(state)} if state.status == "failed" else {}
        yield self._event(_ENDS[state.status], state.starts or 1, at, more)

    def _event(self, type_: str, number: int, at: str, more: dict[str, Any] | None = None) -> dict[str, Any]:
        state, namespace = self._state, self._namespace
        parent = self._parent(self._current, at)
        since = state.attempts[-1].started_at if state.attempts else ""
        facets = {
            **run_facets(state, namespace, number, self._current.tags),
            **({} if parent is None else {"parent": parent}),
            **(more or {}),
        }
        return {
            "eventType": type_,
            "eventTime": at,
            "run": {"runId": run_uuid(namespace, state.stream, number), "facets": facets},
            "job": {**job_name(namespace, state).to_dict(), "facets": job_facets(state)},
            "inputs": inputs(state, namespace),
            "outputs": [] if type_ == "START" else outputs(state, namespace, since),
            "producer": PRODUCER,
            "schemaURL": SCHEMA_URL,
        }
