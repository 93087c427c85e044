"""What a new version of a registered model is made of: where its files are, and which run made it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import urlsplit

from mlflow import MlflowClient
from mlflow.store.artifact.utils.models import ParsedModelUri, _parse_model_uri

from training_events import mlflow_ids
from training_events.catalogue.stored import Stored
from training_events.errors import DamagedEvent, NoSuchStream
from training_events.interchange.mlflow.address import artifact_address
from training_events.interchange.mlflow.artifact_roots import in_log
from training_events.interchange.mlflow.folder_digest import kept_below
from training_events.interchange.mlflow.problems import invalid, missing
from training_events.interchange.mlflow.registry.models import numbered
from training_events.interchange.mlflow.registry.stages import latest_in
from training_events.recorder.outside_run import OF_STORES
from training_events.recorder.run_head import head_in

if TYPE_CHECKING:
    from training_events.catalogue.model import RunHead
    from training_events.folds.model import ModelState
    from training_events.interchange.mlflow.artifact_roots import ArtifactRoots
    from training_events.interchange.mlflow.registry.models import RegisteredModels
    from training_events.interchange.mlflow.workspace import Workspace


class Origin(NamedTuple):
    """Where the files of a version are, and the stream of the run that made it."""

    artifact: Stored
    run: str | None


class Origins:
    """Resolves what a caller of MLflow says of a new version.

    A logged model that this log does not have is asked of the tracking store at `tracking_uri`.
    """

    def __init__(self, workspace: Workspace, models: RegisteredModels, roots: ArtifactRoots, tracking_uri: str | None) -> None:
        self._workspace, self._models, self._roots, self._tracking_uri = workspace, models, roots, tracking_uri

    def find(self, source: str, run_id: str | None, model_id: str | None) -> Origin:
        """The origin of a version. `source` is an address, or `models:/…` for what is logged or registered already.

        Raises MLflow's exception for an address that is none, and for one of what is not there.
        """
        run = self._run(run_id) if run_id else None
        if urlsplit(source).scheme == "models":
            parsed = _parse_model_uri(source)
            if parsed.model_id is None:
                return Origin(self._registered(parsed, source), run)
            logged = self._logged(parsed.model_id)
            return Origin(logged.artifact, run or logged.run)
        if run is None and model_id:
            run = self._logged(model_id).run
        return Origin(self._kept(source), run)

    def head(self, run: str | None) -> RunHead | None:
        """How much of a run the log has now. None where that cannot be read, or the log has nothing of the run."""
        if run is None:
            return None
        self._workspace.flush()
        try:
            return head_in(self._workspace.sources.log, run)
        except (*OF_STORES, DamagedEvent):
            return None

    def _registered(self, parsed: ParsedModelUri, source: str) -> Stored:
        """The files of a version that is registered: a copy of it has the same."""
        model = self._models.find(str(parsed.name))
        number = int(parsed.version) if parsed.version is not None else latest_in(model, parsed.stage, parsed.alias)
        if number is None or (version := numbered(model).get(number)) is None:
            raise missing(f"{source} names no version of {parsed.name}")
        if version.artifact is None:
            raise missing(f"{source} has no files: nothing was recorded of where they are")
        return version.artifact

    def _logged(self, model_id: str) -> Origin:
        try:
            state = cast("ModelState", self._workspace.state(f"model/{model_id}"))
        except NoSuchStream:
            state = None
        if state is not None and state.logged is not None:
            return Origin(state.logged.artifact or Stored(in_log("models", model_id)), state.logged.run)
        if self._tracking_uri in (None, self._workspace.address):
            raise missing(f"Logged model with ID {model_id!r} not found.")
        model = MlflowClient(self._tracking_uri).get_logged_model(model_id)
        return Origin(Stored(model.artifact_location), self._run(model.source_run_id) if model.source_run_id else None)

    def _kept(self, source: str) -> Stored:
        """The files at an address, with their digest where this log keeps them."""
        if (recorded := self._roots.recorded(source)) == source:
            return Stored(source)
        _, kind, owner, path = artifact_address(recorded)
        return kept_below(self._workspace, f"model/{owner}" if kind == "models" else self._run(owner), path, recorded)

    def _run(self, run_id: str) -> str:
        name = mlflow_ids.run_name(run_id, lambda: (run.id for run in self._workspace.summaries("run")))
        if name is None:
            raise invalid(f"{run_id!a:.80} is not the id of a run: allowed are letters, digits, _ and -")
        return f"run/{name}"
