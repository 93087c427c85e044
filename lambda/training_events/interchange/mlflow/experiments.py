"""MLflow's experiments: groups of runs. A group is there as soon as something is said of it, or a run has its tag."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, cast

from mlflow.entities import Experiment, LifecycleStage, ViewType
from mlflow.utils.search_utils import SearchExperimentsUtils

from training_events import mlflow_ids
from training_events.errors import NoSuchStream, NotRecordable
from training_events.event import check_stream, in_one_form
from training_events.folds.group import GroupState
from training_events.interchange.mlflow import entities
from training_events.interchange.mlflow.facts import ARTIFACT_LOCATION, Fact, named, tagged
from training_events.interchange.mlflow.limits import texts_of_tags
from training_events.interchange.mlflow.paging import check_max_results, page
from training_events.interchange.mlflow.problems import invalid, missing, taken, wrong_state
from training_events.interchange.mlflow.run_search import Experiments, RunsQuestion
from training_events.reading.search.values import normalized
from training_events.recorder.pinning.user import logged_in
from training_events.redaction.text import redacted_text
from training_events.stores.search import Condition, Name, Operand, Order
from training_events.times import now

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mlflow.entities import ExperimentTag
    from mlflow.store.entities.paged_list import PagedList

    from training_events.folds.summary import RunSummary
    from training_events.interchange.mlflow.artifact_roots import ArtifactRoots
    from training_events.interchange.mlflow.workspace import Workspace

_GROUP = Name("attributes.group")
_naming = Lock()
"""Between the name that is free and the event that takes it, no other thread looks for one."""
_NEWEST_FIRST = ("creation_time DESC", "experiment_id ASC")


class ExperimentStore:
    """The experiments of a log."""

    def __init__(self, workspace: Workspace, roots: ArtifactRoots) -> None:
        self._workspace, self._roots = workspace, roots
        self._opened_at = now()
        self._names: dict[str, str] = {mlflow_ids.DEFAULT_EXPERIMENT_ID: mlflow_ids.DEFAULT_EXPERIMENT}

    def create(self, name: str, artifact_location: str | None, tags: Iterable[ExperimentTag] | None) -> str:
        given = texts_of_tags({tag.key: tag.value for tag in tags or ()})
        with _naming:
            group = self._new_group(name)
            self._record(group, named(name))
        self._record_tags(group, {**given, **({ARTIFACT_LOCATION: artifact_location} if artifact_location else {})})
        return self._remember(group)

    def get(self, experiment_id: str) -> Experiment:
        return self._experiment(self.group(experiment_id))

    def get_by_name(self, name: str) -> Experiment | None:
        """By the name that it has now. Another one may have been created with it, and has another name since."""
        for group in self._named(name):
            found = self._experiment(group)
            if found.name == name:
                return found
        return None

    def search(
        self,
        view_type: int,
        max_results: int,
        filter_string: str | None,
        order_by: Sequence[str] | None,
        page_token: str | None,
    ) -> PagedList[Experiment]:
        check_max_results(max_results)
        stages = LifecycleStage.view_type_to_stages(view_type)
        shown = [found for found in map(self._experiment, self._groups()) if found.lifecycle_stage in stages]
        found = SearchExperimentsUtils.sort(SearchExperimentsUtils.filter(shown, filter_string), order_by or _NEWEST_FIRST)
        return page(found, max_results, page_token)

    def delete(self, experiment_id: str) -> None:
        group = self._in_stage(experiment_id, ViewType.ACTIVE_ONLY)
        self._record(group, Fact("Hidden", {"reason": "deleted in MLflow"}))

    def restore(self, experiment_id: str) -> None:
        group = self._in_stage(experiment_id, ViewType.DELETED_ONLY)
        self._record(group, Fact("Restored", {}))

    def rename(self, experiment_id: str, name: str) -> None:
        """The group is described again; runs go on having its tag."""
        experiment = self.get(experiment_id)
        if experiment.lifecycle_stage != LifecycleStage.ACTIVE:
            raise wrong_state(f"Cannot rename a non-active experiment: {experiment.name!r} is deleted; restore it first")
        if name != experiment.name:
            with _naming:
                self._new_group(name)
                self._record(self.group(experiment_id), named(name))

    def set_tag(self, experiment_id: str, key: str, value: str | None) -> None:
        tags = texts_of_tags({key: value})
        self.require_active(experiment_id)
        self._record_tags(self.group(experiment_id), tags)

    def delete_tag(self, experiment_id: str, key: str) -> None:
        if key not in self.require_active(experiment_id).tags:
            raise missing(f"No tag with name: {key} in experiment with id {experiment_id}")
        self._record_tags(self.group(experiment_id), {key: None})

    def require_active(self, experiment_id: str) -> Experiment:
        """An experiment that is not deleted. Raises MlflowException."""
        experiment = self.get(experiment_id)
        if experiment.lifecycle_stage != LifecycleStage.ACTIVE:
            raise invalid(
                f"The experiment {experiment_id} must be in the 'active' state. Current state is {experiment.lifecycle_stage}."
            )
        return experiment

    def group(self, experiment_id: str) -> str:
        """The group with this id. Raises MlflowException where there is none."""
        if (group := self._find(experiment_id)) is None:
            raise missing(f"No Experiment with id={experiment_id} exists")
        return group

    def searched(self, experiment_ids: Iterable[str]) -> Experiments:
        """In which groups a search looks. What is no experiment has no runs."""
        active: list[str] = []
        deleted: list[str] = []
        for id_ in experiment_ids:
            if (group := self._find(id_)) is not None:
                (deleted if self.is_deleted(group) else active).append(group)
        return Experiments(active, deleted)

    def is_deleted(self, group: str | None) -> bool:
        state = self._state(group or mlflow_ids.DEFAULT_EXPERIMENT)
        return state is not None and state.hidden is not None

    def _find(self, experiment_id: str) -> str | None:
        id_ = str(experiment_id)
        if not id_.isdecimal():
            raise invalid(f"Invalid experiment ID {experiment_id!r}. Experiment ID must be a valid integer.")
        if id_ not in self._names:
            for group in self._groups():
                self._remember(group)
        return self._names.get(id_)

    def _new_group(self, name: str) -> str:
        """The name of the group of a new experiment. Raises MlflowException, also where the name is taken, or once was."""
        if not isinstance(name, str) or not name.strip():
            raise invalid(f"Invalid experiment name: {name!r}. Expects a text that is not empty.")
        if redacted_text(name) != name:
            raise invalid("Invalid experiment name: it holds what looks like a credential, which the log would keep")
        group = in_one_form(name)
        try:
            check_stream(f"group/{group}")
        except NotRecordable as flaw:
            raise invalid(f"Invalid experiment name: {name!a:.80}: {flaw.what}; allowed: {flaw.allowed}") from None
        for known in self._named(name):
            experiment = self._experiment(known)
            if experiment.name == name:
                deleted = experiment.lifecycle_stage == LifecycleStage.DELETED
                hint = f" in a deleted state; restore it with restore_experiment('{experiment.experiment_id}')"
                raise taken(f"Experiment(name={name}) already exists{hint if deleted else ''}.")
            raise taken(
                f"Experiment(name={name}) already exists: it is called {experiment.name!r} today, and its name stays taken."
            )
        return group

    def _named(self, name: str) -> Iterator[str]:
        """The groups that have this name, or were created with it."""
        if self._exists(group := in_one_form(name)):
            yield group
        yield from (summary.id for summary in self._workspace.summaries("group") if summary.name == name != summary.id)

    def _exists(self, group: str) -> bool:
        return group == mlflow_ids.DEFAULT_EXPERIMENT or self._state(group) is not None or any(self._runs(group))

    def _groups(self) -> Iterator[str]:
        """Every group: described ones, and those that only runs name."""
        groups = {mlflow_ids.DEFAULT_EXPERIMENT, *(summary.id for summary in self._workspace.summaries("group"))}
        yield from groups
        known = tuple(Operand(None, str(normalized(group))) for group in groups)
        for run in self._workspace.find_runs(RunsQuestion(Condition(_GROUP, "!=", known))):
            if (group := entities.group_of(run.tags)) is not None and group not in groups:
                groups.add(group)
                yield group

    def _experiment(self, group: str) -> Experiment:
        self._remember(group)
        state = self._state(group)
        if state is None:
            first = next(self._runs(group), None) if group != mlflow_ids.DEFAULT_EXPERIMENT else None
            at = self._opened_at if first is None else first.first_at
            state = GroupState(f"group/{group}", first_at=at, last_at=at)
        return entities.experiment(state, artifact_location=self._roots.of_experiment(mlflow_ids.experiment_id(group)))

    def _runs(self, group: str) -> Iterator[RunSummary]:
        """The oldest run of a group."""
        condition = Condition(_GROUP, "=", (Operand(None, str(normalized(group))),))
        return self._workspace.find_runs(RunsQuestion(condition, (Order(Name("attributes.created")),)), 1)

    def _state(self, group: str) -> GroupState | None:
        try:
            return cast("GroupState", self._workspace.state(f"group/{group}"))
        except (NoSuchStream, NotRecordable):
            return None

    def _in_stage(self, experiment_id: str, view_type: int) -> str:
        experiment = self.get(experiment_id)
        if experiment.lifecycle_stage not in LifecycleStage.view_type_to_stages(view_type):
            raise missing(f"No Experiment with id={experiment_id} exists that is not {experiment.lifecycle_stage}")
        return self.group(experiment_id)

    def _remember(self, group: str) -> str:
        id_ = mlflow_ids.experiment_id(group)
        self._names[id_] = group
        return id_

    def _record_tags(self, group: str, tags: Mapping[str, str | None]) -> None:
        for fact in tagged(tags):
            self._record(group, fact)

    def _record(self, group: str, fact: Fact) -> None:
        user = logged_in()
        self._workspace.record(f"group/{group}", fact.type, fact.data if user is None else {**fact.data, "by": user})
