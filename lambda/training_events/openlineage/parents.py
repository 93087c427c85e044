"""What a run is a part of: the run that MLflow's tag names, else its group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.mlflow_ids import run_name
from training_events.openlineage.facets import parent_facet
from training_events.openlineage.naming import Name, job_name, run_uuid

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.folds.run_state import RunState

TAG = "mlflow.parentRunId"


class Parents:
    """Finds parents. `state_of` gives the newest state of a run by its stream, or None where there is none."""

    def __init__(self, namespace: str, state_of: Callable[[str], RunState | None]) -> None:
        self._namespace, self._state_of = namespace, state_of

    def __call__(self, state: RunState, at: str) -> dict[str, Any] | None:
        """The facet that names the parent of this run. Of a parent that is a run, it is the attempt that ran at that time."""
        if isinstance(id_ := state.tags.get(TAG), str) and (name := run_name(id_, lambda: ())):
            stream = f"run/{name}"
            parent = self._state_of(stream)
            attempts = [] if parent is None else [attempt.number for attempt in parent.attempts if attempt.started_at <= at]
            job = Name(self._namespace, name) if parent is None else job_name(self._namespace, parent)
            return parent_facet(run_uuid(self._namespace, stream, max(attempts, default=1)), job)
        if isinstance(group := state.tags.get("group"), str):
            return parent_facet(run_uuid(self._namespace, f"group/{group}"), Name(self._namespace, group))
        return None
