"""MLflow's calls about versions of a registered model: to create, describe, tag, search and delete one, and its stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow.entities.model_registry.model_version_stages import get_canonical_stage
from mlflow.store.model_registry import SEARCH_MODEL_VERSION_MAX_RESULTS_DEFAULT
from mlflow.utils.validation import _REGISTERED_MODEL_ALIAS_LATEST, _validate_model_alias_name

from training_events.catalogue.model import ModelRegistered, VersionDescribed
from training_events.interchange.mlflow.acting_user import acting_user
from training_events.interchange.mlflow.problems import invalid, missing
from training_events.interchange.mlflow.registry.base import RegistryBase, creating
from training_events.interchange.mlflow.registry.entities import RUN_LINK, SOURCE
from training_events.interchange.mlflow.registry.models import next_number
from training_events.interchange.mlflow.registry.origins import Origins
from training_events.interchange.mlflow.registry.refusals import check_no_prompt
from training_events.interchange.mlflow.registry.search import search_versions
from training_events.interchange.mlflow.registry.stages import SERVED, latest_in, transition
from training_events.interchange.mlflow.tags import checked_key, tags_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlflow.entities.model_registry import ModelVersion, ModelVersionTag
    from mlflow.store.entities.paged_list import PagedList

    from training_events.folds.model import ModelState


class ModelVersionCalls(RegistryBase):
    def create_model_version(
        self,
        name: str,
        source: str,
        run_id: str | None = None,
        tags: Iterable[ModelVersionTag] | None = None,
        run_link: str | None = None,
        description: str | None = None,
        local_model_path: str | None = None,  # noqa: ARG002 - the files are where `source` says
        model_id: str | None = None,
    ) -> ModelVersion:
        """The number is the next one, as far as this process sees. That of a deleted version is not given again."""
        check_no_prompt(tags)
        given, by = tags_of(tags), acting_user()
        stream = self._models.find(name).stream
        origins = Origins(self._workspace, self._models, self._roots, self.tracking_uri)
        artifact, run = origins.find(source, run_id, model_id)
        if source != artifact.uri and self._roots.recorded(source) != artifact.uri:
            given[SOURCE] = source
        if run_link:
            given[RUN_LINK] = run_link
        with creating:
            number = next_number(self._models.find(name))
            self._record(stream, ModelRegistered(number, run, artifact, by, origins.head(run)))
        if description:
            self._record(stream, VersionDescribed(number, description, by))
        self._tag_version(stream, number, given, by)
        return self.get_model_version(name, number)

    def update_model_version(self, name: str, version: str | int, description: str | None = None) -> ModelVersion:
        model, number = self._models.version(name, version)
        self._record(model.stream, VersionDescribed(number, description or "", acting_user()))
        return self.get_model_version(name, number)

    def transition_model_version_stage(
        self, name: str, version: str | int, stage: str, archive_existing_versions: bool
    ) -> ModelVersion:
        """One version serves a stage: the version that did leaves it, also where it is not to be archived."""
        canonical = get_canonical_stage(stage)
        if archive_existing_versions and canonical not in SERVED:
            raise invalid(
                f"Model version transition cannot archive existing model versions because {stage!r} is not an Active stage;"
                f" allowed: {', '.join(SERVED)}"
            )
        model, number = self._models.version(name, version)
        for fact in transition(model, number, canonical, archive=archive_existing_versions, by=acting_user()):
            self._record(model.stream, fact)
        return self.get_model_version(name, number)

    def delete_model_version(self, name: str, version: str | int) -> None:
        """Hides the version, which serves nothing any more."""
        model, number = self._models.version(name, version)
        self._hide_version(model, number, acting_user())

    def get_model_version(self, name: str, version: str | int) -> ModelVersion:
        return self._entity(*self._models.version(name, version))

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        _validate_model_alias_name(alias)
        model = self._models.find(name)
        is_latest = alias.lower() == _REGISTERED_MODEL_ALIAS_LATEST
        number = latest_in(model, None, None if is_latest else alias)
        if number is None and is_latest:
            raise missing(f"Latest version not found for model {name}.")
        if number is None:
            raise invalid(f"Registered model alias {alias} not found.")
        return self._entity(model, number)

    def get_model_version_download_uri(self, name: str, version: str | int) -> str | None:
        return self._entities.download_uri(*self._models.version(name, version))

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int = SEARCH_MODEL_VERSION_MAX_RESULTS_DEFAULT,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[ModelVersion]:
        return search_versions(self._models, self._entities, filter_string, max_results, order_by, page_token)

    def set_model_version_tag(self, name: str, version: str | int, tag: ModelVersionTag) -> None:
        check_no_prompt([tag])
        given = tags_of([tag])
        model, number = self._models.version(name, version)
        self._tag_version(model.stream, number, given, acting_user())

    def delete_model_version_tag(self, name: str, version: str | int, key: str) -> None:
        """A tag that is not there stays away."""
        key = checked_key(key)
        model, number = self._models.version(name, version)
        if key in model.versions[str(number)].tags:
            self._tag_version(model.stream, number, {key: None}, acting_user())

    def _entity(self, model: ModelState, number: int) -> ModelVersion:
        message = None
        if model.versions[str(number)].registrations > 1:
            message = self._second_creator.message(model, number, self._workspace.entries(model.stream))
        return self._entities.model_version(model, number, message)
