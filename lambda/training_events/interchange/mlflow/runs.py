"""MLflow's runs: how they start, what is said of them, and how they end."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, cast

from mlflow.entities import LifecycleStage, RunStatus
from mlflow.utils.mlflow_tags import MLFLOW_LOGGED_MODELS, MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NAME
from mlflow.utils.name_utils import _generate_random_name

from training_events import mlflow_ids
from training_events.errors import NoSuchStream, NotRecordable
from training_events.folds.run_state import RunState
from training_events.interchange.mlflow import entities, facts
from training_events.interchange.mlflow.dataset_details import with_details
from training_events.interchange.mlflow.limits import check_metrics, occurred_at, params_of, texts_of_tags
from training_events.interchange.mlflow.pinned import pinned, run_of_this_process
from training_events.interchange.mlflow.problems import invalid, missing
from training_events.recorder.pinning.user import logged_in
from training_events.redaction.values import redacted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from mlflow.entities import Metric, Param, Run, RunInfo, RunTag

    from training_events.folds.summary import RunSummary
    from training_events.interchange.mlflow.artifact_roots import ArtifactRoots
    from training_events.interchange.mlflow.experiments import ExperimentStore
    from training_events.interchange.mlflow.facts import Fact
    from training_events.interchange.mlflow.workspace import Workspace

CHECKED_SECONDS = 10.0
"""For so long a run that was not deleted counts as such, unless it is deleted here: each metric would read its state."""


class RunStore:
    """The runs of a log."""

    def __init__(
        self,
        workspace: Workspace,
        experiments: ExperimentStore,
        roots: ArtifactRoots,
    ) -> None:
        self._workspace, self._experiments, self._roots = workspace, experiments, roots
        self._checked: dict[str, tuple[str, float]] = {}
        self._launched: set[str] = set()

    def create(
        self, experiment_id: str, user: str | None, start_time: int | None, tags: Sequence[RunTag] | None, name: str | None
    ) -> Run:
        experiment = self._experiments.require_active(experiment_id)
        given = texts_of_tags({tag.key: tag.value for tag in tags or ()})
        tagged_name = given.get(MLFLOW_RUN_NAME)
        if name and tagged_name and name != tagged_name:
            raise invalid(
                f"Both 'run_name' argument and '{MLFLOW_RUN_NAME}' tag are specified, but with different values"
                f" (run_name={name!r}, {MLFLOW_RUN_NAME}={tagged_name!r})."
            )
        given[MLFLOW_RUN_NAME] = name or tagged_name or _generate_random_name()
        if start_time is not None:
            start_time = occurred_at("start_time", start_time)
        run_name = self._new_name(is_child=MLFLOW_PARENT_RUN_ID in given)
        id_, stream = mlflow_ids.run_id(run_name), f"run/{run_name}"
        started = facts.started(user, given, pinned(self._workspace, stream, user))
        self._workspace.record(stream, started.type, started.data, at_ms=start_time)
        self._record(
            stream,
            facts.placed(
                self._experiments.group(experiment_id), self._roots.tags_of_new_run(id_, experiment.artifact_location)
            ),
        )
        self._record(stream, facts.tags_of_run(given))
        self._note_active(id_, stream)
        return self.get(id_)

    def _new_name(self, *, is_child: bool) -> str:
        """The name of a new run: the first one that is no child may have its name from whoever launched this process."""
        named = None if is_child else run_of_this_process()
        if named is None or named in self._launched:
            return mlflow_ids.new_run_id()
        self._launched.add(named)
        return named

    def get(self, run_id: str) -> Run:
        state = self._with_details(self.state(run_id))
        return entities.run(state, artifact_uri=self._roots.of_run(state), deleted=self._is_deleted(state))

    def update(self, run_id: str, status: int | None, end_time: int | None, name: str | None) -> RunInfo:
        state = self.require_active(run_id)
        if end_time is not None:
            end_time = occurred_at("end_time", end_time)
        if name and name != state.name:
            self._record(state.stream, [facts.named(name)])
        if status is not None:
            self._set_status(state, RunStatus.to_string(status), end_time)
        state = self.state(run_id)
        return entities.run_info(state, artifact_uri=self._roots.of_run(state), deleted=False)

    def _set_status(self, state: RunState, status: str, end_time: int | None) -> None:
        has_status = entities.STATUSES[state.status] == status
        if (end := facts.ended(status)) is not None:
            ended_at = None if state.finished_at is None else entities.milliseconds(state.finished_at)
            if has_status and end_time in (None, ended_at):
                return
            at_ms = _after_what_was_said(state, end_time)
            if at_ms is not None and facts.text_of(at_ms + 1) <= state.last_at:
                self._workspace.close_stream(state.stream)  # a producer's times grow: one that has said more cannot say this
            self._workspace.record(state.stream, *end, at_ms=at_ms)
            self._workspace.close_stream(state.stream)
        elif status == "RUNNING" and not has_status:
            # to the log it is a further attempt, and to MLflow the same run: it has the params and datasets that it had
            self._workspace.record(state.stream, "TrainingStarted", state.spec or {})
            self._record(state.stream, facts.hyperparameters(state.hyperparameters))
            self._record(state.stream, facts.datasets_used_again(state.lineage.datasets))
        elif not has_status:
            raise invalid(f"The status {status} is for runs that have not started: {state.stream} has")

    def delete(self, run_id: str) -> None:
        state = self.state(run_id)
        self._checked.pop(run_id, None)
        if state.hidden is None:
            self._workspace.record(state.stream, "Hidden", {"reason": "deleted in MLflow", **_by()})

    def restore(self, run_id: str) -> None:
        state = self.state(run_id)
        if state.hidden is not None:
            self._workspace.record(state.stream, "Restored", _by())

    def log_batch(self, run_id: str, metrics: Sequence[Metric], params: Sequence[Param], tags: Sequence[RunTag]) -> None:
        """All of it, or nothing where some of it is not allowed."""
        check_metrics(metrics)
        values, given = params_of(params), texts_of_tags({tag.key: tag.value for tag in tags})
        stream = self.active_stream(run_id)
        if values:
            self._record(stream, facts.hyperparameters(self._new_params(run_id, values)))
        if metrics:
            self._workspace.record_points(stream, [facts.point(metric) for metric in dict.fromkeys(metrics)])
        self._record(stream, facts.tags_of_run(given))

    def _new_params(self, run_id: str, values: dict[str, str]) -> dict[str, str]:
        """Those that the run does not have. What looks like a credential is compared as it is recorded: masked."""
        known = entities.params(self.state(run_id).hyperparameters)
        masked = redacted({"hyperparameters": values}).value["hyperparameters"]
        new = {}
        for (name, value), (shown_name, shown) in zip(values.items(), masked.items(), strict=True):
            if known.get(shown_name, shown) != shown:
                raise invalid(
                    f"Changing param values is not allowed. Param with key={shown_name!r} was already logged with"
                    f" value={known[shown_name]!r} for run ID={run_id!r}. Attempted logging new value {shown!r}."
                )
            if shown_name not in known:
                new[name] = value
        return new

    def delete_tag(self, run_id: str, key: str) -> None:
        state = self.require_active(run_id)
        if key not in entities.run_tags(state):
            raise missing(f"No tag with name: {key} in run with id {run_id}")
        if key == MLFLOW_RUN_NAME:
            raise invalid(f"The tag {key} is the name of the run, and a run has one: give it another name")
        self._record(state.stream, facts.tags_of_run({key: None}))

    def add_logged_model_tag(self, run_id: str, description: dict[str, Any]) -> None:
        """The run has logged a model, as MLflow did it before logged models were entities."""
        earlier = json.loads(entities.run_tags(self.require_active(run_id)).get(MLFLOW_LOGGED_MODELS, "[]"))
        tags = texts_of_tags({MLFLOW_LOGGED_MODELS: json.dumps([*earlier, description])})
        self._record(self.active_stream(run_id), facts.tags_of_run(tags))

    def active_stream(self, run_id: str) -> str:
        """The stream of a run that is not deleted. Raises MlflowException."""
        stream, until = self._checked.get(run_id, ("", 0.0))
        return stream if time.monotonic() < until else self.require_active(run_id).stream

    def require_active(self, run_id: str) -> RunState:
        """The state of a run that is not deleted. Raises MlflowException."""
        state = self.state(run_id)
        if self._is_deleted(state):
            raise invalid(f"The run {run_id} must be in the 'active' state. Current state is {LifecycleStage.DELETED}.")
        self._note_active(run_id, state.stream)
        return state

    def _note_active(self, run_id: str, stream: str) -> None:
        self._checked[run_id] = stream, time.monotonic() + CHECKED_SECONDS

    def state(self, run_id: str) -> RunState:
        """Raises MlflowException where there is no such run."""
        name = mlflow_ids.run_name(run_id, self.names)
        try:
            if name is not None:
                return cast("RunState", self._workspace.state(f"run/{name}"))
        except (NoSuchStream, NotRecordable):
            pass
        raise missing(f"Run with id={run_id} not found")

    def names(self) -> Iterator[str]:
        """The names of all runs."""
        return (summary.id for summary in self._workspace.summaries("run"))

    def found(self, summary: RunSummary, deleted_groups: Collection[str]) -> Run:
        """A run that a search has found."""
        state = cast("RunState", self._workspace.found_state(summary.stream))
        group = entities.group_of(state.tags) or mlflow_ids.DEFAULT_EXPERIMENT
        deleted = state.hidden is not None or group in deleted_groups
        return entities.run(self._with_details(state), artifact_uri=self._roots.of_run(state), deleted=deleted)

    def _with_details(self, state: RunState) -> RunState:
        state.lineage.datasets = with_details(self._workspace, state.stream, state.lineage.datasets)
        return state

    def _is_deleted(self, state: RunState) -> bool:
        return state.hidden is not None or self._experiments.is_deleted(entities.group_of(state.tags))

    def _record(self, stream: str, recorded: Iterable[Fact]) -> None:
        for fact in recorded:
            self._workspace.record(stream, fact.type, fact.data)


def _by() -> dict[str, str]:
    user = logged_in()
    return {} if user is None else {"by": user}


def _after_what_was_said(state: RunState, end_time: int | None) -> int | None:
    """When the run ended; now, where its newest attempt had not begun yet, or had ended already: the later word counts."""
    began = state.attempts[-1].started_at if state.attempts else state.first_at
    return end_time if end_time is not None and facts.text_of(end_time) > max(began, state.finished_at or "") else None
