"""MLflow's tracking store on the event log: what MLflow calls for the scheme `training-events`.

Each call goes to the part that knows its subject. What this log has no place for is refused in one line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow.entities import ViewType
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.tracking import SEARCH_MAX_RESULTS_DEFAULT

from training_events.folds.summary import RunSummary
from training_events.interchange.mlflow.artifact_roots import ArtifactRoots
from training_events.interchange.mlflow.experiments import ExperimentStore
from training_events.interchange.mlflow.inputs import InputStore
from training_events.interchange.mlflow.logged_models import LoggedModelStore
from training_events.interchange.mlflow.metric_history import MetricHistory
from training_events.interchange.mlflow.paging import Lists, check_max_results, page
from training_events.interchange.mlflow.refusals import WithoutTraces
from training_events.interchange.mlflow.run_search import newest_first, runs_question
from training_events.interchange.mlflow.runs import RunStore
from training_events.interchange.mlflow.workspace import workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlflow.entities import (
        DatasetInput,
        Experiment,
        ExperimentTag,
        LoggedModel,
        LoggedModelInput,
        LoggedModelOutput,
        LoggedModelParameter,
        LoggedModelStatus,
        LoggedModelTag,
        Metric,
        MetricWithRunId,
        Param,
        Run,
        RunInfo,
        RunTag,
        _DatasetSummary,
    )
    from mlflow.models import Model

    from training_events.reading.search.question import Question


class Store(WithoutTraces):
    """The tracking store of a log. `artifact_uri` is where a server keeps the artifacts of runs, if not with the log."""

    def __init__(self, store_uri: str, artifact_uri: str | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.workspace = workspace(store_uri)
        roots = ArtifactRoots(self.workspace.address, artifact_uri)
        self._experiments = ExperimentStore(self.workspace, roots)
        self._runs = RunStore(self.workspace, self._experiments, roots)
        self._metrics = MetricHistory(self.workspace, self._runs)
        self._found_runs = Lists[RunSummary]()
        self._inputs = InputStore(self.workspace, self._runs)
        self._logged_models = LoggedModelStore(self.workspace, self._experiments, roots)

    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: Sequence[ExperimentTag] | None = None
    ) -> str:
        return self._experiments.create(name, artifact_location, tags)

    def get_experiment(self, experiment_id: str) -> Experiment:
        return self._experiments.get(experiment_id)

    def get_experiment_by_name(self, experiment_name: str) -> Experiment | None:
        return self._experiments.get_by_name(experiment_name)

    def search_experiments(
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int = SEARCH_MAX_RESULTS_DEFAULT,
        filter_string: str | None = None,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Experiment]:
        return self._experiments.search(view_type, max_results, filter_string, order_by, page_token)

    def delete_experiment(self, experiment_id: str) -> None:
        self._experiments.delete(experiment_id)

    def restore_experiment(self, experiment_id: str) -> None:
        self._experiments.restore(experiment_id)

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        self._experiments.rename(experiment_id, new_name)

    def set_experiment_tag(self, experiment_id: str, tag: ExperimentTag) -> None:
        self._experiments.set_tag(experiment_id, tag.key, tag.value)

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        self._experiments.delete_tag(experiment_id, key)

    def create_run(
        self,
        experiment_id: str,
        user_id: str | None,
        start_time: int | None,
        tags: Sequence[RunTag] | None,
        run_name: str | None,
    ) -> Run:
        return self._runs.create(experiment_id, user_id, start_time, tags, run_name)

    def get_run(self, run_id: str) -> Run:
        return self._runs.get(run_id)

    def update_run_info(
        self, run_id: str, run_status: int | None = None, end_time: int | None = None, run_name: str | None = None
    ) -> RunInfo:
        return self._runs.update(run_id, run_status, end_time, run_name)

    def delete_run(self, run_id: str) -> None:
        self._runs.delete(run_id)

    def restore_run(self, run_id: str) -> None:
        self._runs.restore(run_id)

    def log_batch(
        self, run_id: str, metrics: Sequence[Metric] = (), params: Sequence[Param] = (), tags: Sequence[RunTag] = ()
    ) -> None:
        self._logged_models.require(metrics)
        self._runs.log_batch(run_id, metrics, params, tags)
        self._logged_models.measured(self._runs.active_stream(run_id), metrics)

    def delete_tag(self, run_id: str, key: str) -> None:
        self._runs.delete_tag(run_id, key)

    def record_logged_model(self, run_id: str, mlflow_model: Model) -> None:
        self._runs.add_logged_model_tag(run_id, mlflow_model.get_tags_dict())

    def get_metric_history(
        self, run_id: str, metric_key: str, max_results: int | None = None, page_token: str | None = None
    ) -> PagedList[Metric]:
        found = self._metrics.of_run(run_id, metric_key)
        return page(found, max_results, page_token)

    def get_metric_history_bulk(self, run_ids: Sequence[str], metric_key: str, max_results: int) -> list[MetricWithRunId]:
        return self._metrics.of_runs(run_ids, metric_key, max_results)

    def get_metric_history_bulk_interval_from_steps(
        self, run_id: str, metric_key: str, steps: Sequence[int], max_results: int
    ) -> list[MetricWithRunId]:
        return self._metrics.at_steps(run_id, metric_key, steps, max_results)

    def get_metric_history_bulk_interval(
        self, run_ids: Sequence[str], metric_key: str, max_results: int, start_step: int | None, end_step: int | None
    ) -> list[MetricWithRunId]:
        return self._metrics.sampled(run_ids, metric_key, max_results, start_step, end_step)

    def log_inputs(
        self, run_id: str, datasets: Sequence[DatasetInput] | None = None, models: Sequence[LoggedModelInput] | None = None
    ) -> None:
        self._inputs.log_inputs(run_id, datasets, models)

    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None:
        self._inputs.log_outputs(run_id, models)

    def create_logged_model(
        self,
        experiment_id: str,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: list[LoggedModelTag] | None = None,
        params: list[LoggedModelParameter] | None = None,
        model_type: str | None = None,
    ) -> LoggedModel:
        run = self._runs.require_active(source_run_id).stream if source_run_id else None
        return self._logged_models.create(experiment_id, name, run, tags, params, model_type)

    def log_logged_model_params(self, model_id: str, params: list[LoggedModelParameter]) -> None:
        self._logged_models.add_params(model_id, params)

    def finalize_logged_model(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        return self._logged_models.finalize(model_id, status)

    def get_logged_model(self, model_id: str, allow_deleted: bool = False) -> LoggedModel:
        return self._logged_models.get(model_id, deleted_too=allow_deleted)

    def search_logged_models(
        self,
        experiment_ids: list[str],
        filter_string: str | None = None,
        datasets: list[dict[str, Any]] | None = None,
        max_results: int | None = None,
        order_by: list[dict[str, Any]] | None = None,
        page_token: str | None = None,
    ) -> PagedList[LoggedModel]:
        return self._logged_models.search(experiment_ids, filter_string, datasets, max_results, order_by, page_token)

    def set_logged_model_tags(self, model_id: str, tags: list[LoggedModelTag]) -> None:
        self._logged_models.tag(model_id, tags)

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        self._logged_models.delete_tag(model_id, key)

    def delete_logged_model(self, model_id: str) -> None:
        self._logged_models.delete(model_id)

    def _search_runs(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None,
        run_view_type: int,
        max_results: int | None,
        order_by: Sequence[str] | None,
        page_token: str | None,
    ) -> tuple[list[Run], str | None]:
        if max_results is not None:
            check_max_results(max_results)
        experiments = self._experiments.searched(experiment_ids)
        question = runs_question(experiments, filter_string, run_view_type, order_by, self._runs.names)
        found = self._found_runs.page(question, lambda: self._found(question), max_results, page_token)
        deleted = frozenset(experiments.deleted)
        return [self._runs.found(summary, deleted) for summary in found], found.token

    def _found(self, question: Question) -> Iterator[RunSummary]:
        found = self.workspace.find_runs(question)
        return found if question.order else newest_first(found)

    def _search_datasets(self, experiment_ids: Sequence[str]) -> list[_DatasetSummary]:
        question = runs_question(self._experiments.searched(experiment_ids), None, ViewType.ALL, None, self._runs.names)
        return self._inputs.search_datasets(self.workspace.find_runs(question))
