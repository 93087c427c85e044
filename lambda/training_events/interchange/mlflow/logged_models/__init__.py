"""MLflow's logged models: each is a stream `model/m-…` of its own, with what a training has logged and measured of it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, cast

import msgspec
from mlflow.entities import LoggedModelStatus, Param
from mlflow.utils.name_utils import _generate_random_name
from mlflow.utils.validation import _validate_logged_model_name

from training_events import mlflow_ids
from training_events.catalogue.any_stream import Hidden, Tagged
from training_events.catalogue.model import ModelLogged, ModelMeasured
from training_events.catalogue.run import UsedDataset
from training_events.catalogue.stored import Stored
from training_events.errors import NoSuchStream, NotRecordable
from training_events.interchange.mlflow import facts
from training_events.interchange.mlflow.acting_user import acting_user
from training_events.interchange.mlflow.folder_digest import kept_below
from training_events.interchange.mlflow.limits import params_of
from training_events.interchange.mlflow.logged_models.entities import logged_model
from training_events.interchange.mlflow.logged_models.search import found_models
from training_events.interchange.mlflow.problems import invalid, missing
from training_events.interchange.mlflow.tags import checked_key, tags_of
from training_events.recorder.delivery.points import MAX_POINTS
from training_events.recorder.labels import batches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any, Literal

    from mlflow.entities import LoggedModel, LoggedModelParameter, LoggedModelTag, Metric
    from mlflow.store.entities.paged_list import PagedList

    from training_events.folds.logged_model import Logged
    from training_events.folds.model import ModelState
    from training_events.folds.summary import ModelSummary
    from training_events.interchange.mlflow.artifact_roots import ArtifactRoots
    from training_events.interchange.mlflow.experiments import ExperimentStore
    from training_events.interchange.mlflow.workspace import Workspace

_STATUS: dict[LoggedModelStatus, Literal["pending", "ready", "failed"]] = {
    LoggedModelStatus.PENDING: "pending",
    LoggedModelStatus.READY: "ready",
    LoggedModelStatus.FAILED: "failed",
}


class _Measuring(NamedTuple):
    """What points of a metric have in common: the model and the dataset that they are of."""

    model_id: str
    dataset: UsedDataset | None


class LoggedModelStore:
    """The logged models of a log. `roots` tell where their files are to be.

    What it does not find, and an argument that is not allowed, it raises as MLflow's exception.
    """

    def __init__(self, workspace: Workspace, experiments: ExperimentStore, roots: ArtifactRoots) -> None:
        self._workspace, self._experiments, self._roots = workspace, experiments, roots
        self._known: set[str] = set()

    def create(
        self,
        experiment_id: str,
        name: str | None,
        run: str | None,
        tags: Iterable[LoggedModelTag] | None,
        params: Iterable[LoggedModelParameter] | None,
        model_type: str | None,
    ) -> LoggedModel:
        """A model whose files are still to come. `run` is the stream of the run that makes it."""
        _validate_logged_model_name(name)
        experiment, id_ = self._experiments.require_active(experiment_id), mlflow_ids.new_model_id()
        group = self._experiments.group(experiment_id)
        given_tags, given_params = tags_of(tags), _params(params or ())
        first, *further = [*batches(given_params)] or [{}]
        artifact = Stored(self._roots.of_new_model(id_, experiment.artifact_location))
        named = None if group == mlflow_ids.DEFAULT_EXPERIMENT else group
        created = ModelLogged(name or _generate_random_name(), run, named, model_type, dict(first), artifact, "pending")
        for fact in (created, *(ModelLogged(params=dict(batch), status="pending") for batch in further)):
            self._record(id_, fact)
        self._tag(id_, given_tags)
        return self.get(id_)

    def add_params(self, model_id: str, params: Iterable[LoggedModelParameter]) -> None:
        """Further params. One that has another value already is refused, as it is with runs."""
        given, logged = _params(params), self._logged(model_id)
        for key, value in given.items():
            if logged.params.get(key, value) != value:
                raise invalid(
                    f"the param {key!r} of the model {model_id} is {logged.params[key]!r} already; it cannot become {value!r}"
                )
        for batch in batches({key: value for key, value in given.items() if key not in logged.params}):
            self._record(model_id, ModelLogged(params=dict(batch), status=logged.status))

    def finalize(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        """The files of the model are there, or will never be. Their digest as a folder is recorded with it."""
        logged, word = self._logged(model_id), _STATUS.get(status)
        if word is None:
            raise invalid(f"the status is {status}; allowed: {', '.join(map(str, _STATUS))}")
        artifact = logged.artifact
        if word == "ready" and artifact is not None and artifact.uri is not None:
            artifact = kept_below(self._workspace, _stream(model_id), "", artifact.uri)
        self._record(model_id, ModelLogged(artifact=artifact, status=word))
        return self.get(model_id)

    def get(self, model_id: str, *, deleted_too: bool = False) -> LoggedModel:
        return self._entity(self._state(model_id, deleted_too=deleted_too))

    def search(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None,
        datasets: list[dict[str, Any]] | None,
        max_results: int | None,
        order_by: list[dict[str, Any]] | None,
        page_token: str | None,
    ) -> PagedList[LoggedModel]:
        """A page of the logged models of these experiments, the newest first unless another order is given."""
        active, deleted = self._experiments.searched(experiment_ids)
        groups = {*active, *deleted}
        summaries = cast("Iterator[ModelSummary]", self._workspace.summaries("model"))
        logged = (
            self._entity(self._state(model.id))
            for model in summaries
            if model.logged is not None and not model.hidden and (model.logged.group or mlflow_ids.DEFAULT_EXPERIMENT) in groups
        )
        return found_models(logged, list(experiment_ids), filter_string, datasets, max_results, order_by, page_token)

    def tag(self, model_id: str, tags: Iterable[LoggedModelTag]) -> None:
        given = tags_of(tags)
        self._logged(model_id)
        self._tag(model_id, given)

    def delete_tag(self, model_id: str, key: str) -> None:
        key = checked_key(key)
        if key not in self._state(model_id).tags:
            raise missing(f"No tag with key {key!r} found for model with ID {model_id!r}.")
        self._tag(model_id, {key: None})

    def delete(self, model_id: str) -> None:
        """Hides the model: nothing is deleted."""
        self._logged(model_id)
        self._record(model_id, Hidden("deleted", acting_user()))

    def require(self, metrics: Iterable[Metric]) -> None:
        """Raises where a metric is of a logged model that is not there."""
        for model_id in {metric.model_id for metric in metrics if metric.model_id}:
            if model_id not in self._known:
                self._logged(model_id)
                self._known.add(model_id)

    def measured(self, run: str, metrics: Iterable[Metric]) -> None:
        """Those of a run's metrics that are of a logged model are recorded with the model, too."""
        measuring: dict[_Measuring, list[Metric]] = defaultdict(list)
        for metric in dict.fromkeys(metrics):
            if metric.model_id:
                measuring[_Measuring(metric.model_id, _dataset(metric))].append(metric)
        for (model_id, dataset), of_model in measuring.items():
            for first in range(0, len(of_model), MAX_POINTS):
                points = [facts.point(metric) for metric in of_model[first : first + MAX_POINTS]]
                self._record(model_id, ModelMeasured(points, run, dataset))

    def _state(self, model_id: str, *, deleted_too: bool = False) -> ModelState:
        """Raises MLflow's exception where there is no such logged model."""
        try:
            state = cast("ModelState", self._workspace.state(_stream(model_id)))
        except (NoSuchStream, NotRecordable):
            state = None
        if state is None or state.logged is None or (state.hidden is not None and not deleted_too):
            raise missing(f"Logged model with ID {model_id!r} not found.")
        return state

    def _entity(self, state: ModelState) -> LoggedModel:
        return logged_model(state, cast("Logged", state.logged), self._roots)

    def _logged(self, model_id: str) -> Logged:
        return cast("Logged", self._state(model_id).logged)

    def _record(self, model_id: str, fact: msgspec.Struct) -> None:
        self._workspace.record(_stream(model_id), type(fact).__name__, msgspec.to_builtins(fact))

    def _tag(self, model_id: str, tags: Mapping[str, str | None]) -> None:
        for batch in batches(tags):
            self._record(model_id, Tagged(dict(batch), acting_user()))


def _stream(model_id: str) -> str:
    return f"model/{model_id}"


def _params(given: Iterable[LoggedModelParameter]) -> dict[str, str]:
    return params_of(Param(param.key, param.value) for param in given)


def _dataset(metric: Metric) -> UsedDataset | None:
    """The dataset that a metric is of, as its run names it."""
    if metric.dataset_name is None and metric.dataset_digest is None:
        return None
    digest = None if metric.dataset_digest is None else f"{facts.DIGEST_PREFIX}{metric.dataset_digest}"
    return UsedDataset(name=metric.dataset_name, digest=digest)
