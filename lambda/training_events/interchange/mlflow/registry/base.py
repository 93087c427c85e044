"""What all calls of the registry share: the log at an address, the models in it, and how a fact of one is recorded."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import msgspec

from training_events.catalogue.any_stream import Tagged
from training_events.catalogue.model import VersionHidden, VersionTagged
from training_events.interchange.mlflow.artifact_roots import ArtifactRoots
from training_events.interchange.mlflow.registry.entities import Entities
from training_events.interchange.mlflow.registry.models import RegisteredModels
from training_events.interchange.mlflow.registry.refusals import WithoutPrompts
from training_events.interchange.mlflow.registry.second_creator import SecondCreator
from training_events.interchange.mlflow.registry.stages import demotions
from training_events.interchange.mlflow.workspace import workspace
from training_events.recorder.labels import batches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training_events.folds.model import ModelState
    from training_events.interchange.mlflow.workspace import Workspace

_ROOT_OF_SERVER = "_MLFLOW_SERVER_ARTIFACT_ROOT"
"""Where MLflow's server keeps artifacts, in its own processes: a registry is not told (mlflow/server/constants.py)."""

creating = threading.Lock()
"""Between the name or number that is free and the event that takes it, no other thread looks for one."""


class RegistryBase(WithoutPrompts):
    """The log is opened when it is needed, once in a process: the store itself can be pickled, as MLflow wants it."""

    def __init__(self, store_uri: str, tracking_uri: str | None = None) -> None:
        super().__init__(store_uri, tracking_uri)  # type: ignore[no-untyped-call]
        self.store_uri, self.tracking_uri = store_uri, tracking_uri
        self._second_creator = SecondCreator()

    @property
    def _workspace(self) -> Workspace:
        return workspace(self.store_uri)

    @property
    def _roots(self) -> ArtifactRoots:
        return ArtifactRoots(self._workspace.address, os.environ.get(_ROOT_OF_SERVER))

    @property
    def _entities(self) -> Entities:
        return Entities(self._roots)

    @property
    def _models(self) -> RegisteredModels:
        return RegisteredModels(self._workspace)

    def _record(self, stream: str, fact: msgspec.Struct) -> None:
        self._workspace.record(stream, type(fact).__name__, msgspec.to_builtins(fact))

    def _tag(self, stream: str, tags: Mapping[str, str | None], by: str | None) -> None:
        for batch in batches(tags):
            self._record(stream, Tagged(dict(batch), by))

    def _tag_version(self, stream: str, number: int, tags: Mapping[str, str | None], by: str | None) -> None:
        for batch in batches(tags):
            self._record(stream, VersionTagged(number, dict(batch), by))

    def _hide_version(self, model: ModelState, number: int, by: str | None) -> None:
        """A version that MLflow has deleted serves nothing any more."""
        for fact in demotions(model, number, by):
            self._record(model.stream, fact)
        self._record(model.stream, VersionHidden(number, "deleted", by))
