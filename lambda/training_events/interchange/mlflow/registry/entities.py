"""States of the log as the entities of MLflow's registry: a registered model, and a version of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow.entities.model_registry import ModelVersion, ModelVersionTag, RegisteredModel, RegisteredModelTag
from mlflow.entities.model_registry.model_version_stages import ALL_STAGES
from mlflow.entities.model_registry.registered_model_alias import RegisteredModelAlias

from training_events import mlflow_ids
from training_events.interchange.mlflow.entities import milliseconds, text
from training_events.interchange.mlflow.registry.models import numbered, shown_name
from training_events.interchange.mlflow.registry.stages import aliases, is_stage, stage_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training_events.folds.model import ModelState
    from training_events.folds.summary import ModelSummary
    from training_events.interchange.mlflow.artifact_roots import ArtifactRoots

SOURCE = "mlflow.version.source"
"""The tag of a version whose caller named its files in another way than by their address: `models:/m-…`, say."""
RUN_LINK = "mlflow.version.runLink"
OWN_TAGS = frozenset({SOURCE, RUN_LINK})
"""Tags that hold fields of MLflow's, and are none there."""


class Entities:
    """Makes entities of states. `roots` tell under which addresses a caller gets files."""

    def __init__(self, roots: ArtifactRoots) -> None:
        self._roots = roots

    def registered_model(self, state: ModelState) -> RegisteredModel:
        return RegisteredModel(
            shown_name(state),
            milliseconds(state.first_at),
            milliseconds(state.last_at),
            state.description,
            self.latest_versions(state),
            [RegisteredModelTag(key, text(value)) for key, value in state.tags.items()],
            [RegisteredModelAlias(alias, number) for alias, number in aliases(state).items()],
        )

    def latest_versions(self, state: ModelState) -> list[ModelVersion]:
        """The version with the highest number in each stage, in the order of MLflow's stages."""
        newest = {stage_of(state, version): number for number, version in sorted(numbered(state).items())}
        return [self.model_version(state, newest[stage]) for stage in ALL_STAGES if stage in newest]

    def model_version(self, state: ModelState, number: int, message: str | None = None) -> ModelVersion:
        """A version of the model. `message` is what MLflow shows of its status."""
        version = state.versions[str(number)]
        address = self.download_uri(state, number)
        registered_at = version.registered_at or state.first_at
        return ModelVersion(
            name=shown_name(state),
            version=number,  # type: ignore[arg-type]  # MLflow's stores say a number, too
            creation_timestamp=milliseconds(registered_at),
            last_updated_timestamp=milliseconds(version.updated_at or registered_at),
            description=version.description,
            user_id=version.registered_by,
            current_stage=stage_of(state, version),
            source=_text(version.tags, SOURCE) or address,
            run_id=None if version.run is None else mlflow_ids.run_id(version.run.partition("/")[2]),
            status_message=message,
            run_link=_text(version.tags, RUN_LINK),
            tags=[ModelVersionTag(key, text(value)) for key, value in version.tags.items() if key not in OWN_TAGS],
            aliases=[word for word in version.stages if not is_stage(word)],
        )

    def download_uri(self, state: ModelState, number: int) -> str | None:
        """Where the files of a version are. One that SageMaker's registry has is there."""
        version = state.versions[str(number)]
        if version.artifact is None or version.artifact.uri is None:
            return version.package_arn
        return self._roots.shown(version.artifact.uri)


def found_model(summary: ModelSummary) -> RegisteredModel:
    """What a search asks about a model: its name, its times and its tags."""
    return RegisteredModel(
        shown_name(summary),
        milliseconds(summary.first_at),
        milliseconds(summary.updated_at or summary.first_at),
        tags=[RegisteredModelTag(key, text(value)) for key, value in summary.tags.items()],
    )


def _text(tags: Mapping[str, Any], key: str) -> str | None:
    return None if tags.get(key) is None else text(tags[key])
