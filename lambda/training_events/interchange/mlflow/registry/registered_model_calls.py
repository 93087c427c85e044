"""MLflow's calls about registered models: to create, rename, describe, tag, search and delete one, and its aliases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow.entities.model_registry.model_version_stages import get_canonical_stage
from mlflow.store.model_registry import SEARCH_REGISTERED_MODEL_MAX_RESULTS_DEFAULT
from mlflow.utils.validation import (
    _validate_model_alias_name,
    _validate_model_alias_name_reserved,
    _validate_model_renaming,
)

from training_events.catalogue.any_stream import Described, Hidden, Restored
from training_events.catalogue.model import ModelDemoted, ModelPromoted
from training_events.interchange.mlflow.acting_user import acting_user
from training_events.interchange.mlflow.problems import invalid
from training_events.interchange.mlflow.registry.base import RegistryBase, creating
from training_events.interchange.mlflow.registry.models import numbered
from training_events.interchange.mlflow.registry.refusals import check_no_prompt, not_kept
from training_events.interchange.mlflow.registry.search import search_models
from training_events.interchange.mlflow.registry.stages import is_stage
from training_events.interchange.mlflow.tags import checked_key, tags_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlflow.entities.model_registry import ModelVersion, RegisteredModel, RegisteredModelTag
    from mlflow.store.entities.paged_list import PagedList


class RegisteredModelCalls(RegistryBase):
    def create_registered_model(
        self,
        name: str,
        tags: Iterable[RegisteredModelTag] | None = None,
        description: str | None = None,
        deployment_job_id: str | None = None,
    ) -> RegisteredModel:
        """A deleted model of this name comes back, without its old tags and versions: its next version has its next number."""
        _check_no_job(deployment_job_id)
        check_no_prompt(tags)
        given, by = tags_of(tags), acting_user()
        with creating:
            stream, deleted = self._models.free_or_deleted(name)
            if deleted is not None:
                self._record(stream, Restored("created again", by))
                given = dict.fromkeys(deleted.tags) | given
                description = description or ""  # or it would have its old one
            self._record(stream, Described(name, description, by))
        self._tag(stream, given, by)
        return self._entities.registered_model(self._second_creator.creates(self._models.find(name)))

    def update_registered_model(
        self, name: str, description: str | None, deployment_job_id: str | None = None
    ) -> RegisteredModel:
        _check_no_job(deployment_job_id)
        self._record(self._models.find(name).stream, Described(description=description or "", by=acting_user()))
        return self.get_registered_model(name)

    def rename_registered_model(self, name: str, new_name: str) -> RegisteredModel:
        """The stream keeps its name, so the old name stays taken."""
        _validate_model_renaming(new_name)
        with creating:
            model = self._models.find(name)
            self._models.check_free(new_name, model.stream)
            self._record(model.stream, Described(new_name, by=acting_user()))
        return self.get_registered_model(new_name)

    def delete_registered_model(self, name: str) -> None:
        """Hides the model and its versions: nothing is deleted."""
        model, by = self._models.find(name), acting_user()
        for number in numbered(model):
            self._hide_version(model, number, by)
        self._record(model.stream, Hidden("deleted", by))

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int = SEARCH_REGISTERED_MODEL_MAX_RESULTS_DEFAULT,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[RegisteredModel]:
        return search_models(self._models, self._entities, filter_string, max_results, order_by, page_token)

    def get_registered_model(self, name: str) -> RegisteredModel:
        return self._entities.registered_model(self._second_creator.reads(self._models.find(name)))

    def get_latest_versions(self, name: str, stages: Sequence[str] | None = None) -> list[ModelVersion]:
        """The version with the highest number in each of these stages; in every stage where none is named."""
        asked = {get_canonical_stage(stage) for stage in stages or ()}
        latest = self._entities.latest_versions(self._models.find(name))
        return [version for version in latest if not asked or version.current_stage in asked]

    def set_registered_model_tag(self, name: str, tag: RegisteredModelTag) -> None:
        check_no_prompt([tag])
        given = tags_of([tag])
        self._tag(self._models.find(name).stream, given, acting_user())

    def delete_registered_model_tag(self, name: str, key: str) -> None:
        """A tag that is not there stays away."""
        key, model = checked_key(key), self._models.find(name)
        if key in model.tags:
            self._tag(model.stream, {key: None}, acting_user())

    def set_registered_model_alias(self, name: str, alias: str, version: str | int) -> None:
        """From now on the alias names this version, and no other. It is a stage, to whoever asks what serves it."""
        _validate_model_alias_name(alias)
        _validate_model_alias_name_reserved(alias)
        if is_stage(alias):
            raise invalid(f"the alias {alias} is called like a stage of MLflow's: use transition_model_version_stage")
        model, number = self._models.version(name, version)
        if model.stages.get(alias) != str(number):
            self._record(model.stream, ModelPromoted(number, alias, acting_user()))

    def delete_registered_model_alias(self, name: str, alias: str) -> None:
        _validate_model_alias_name(alias)
        model = self._models.find(name)
        serving = None if is_stage(alias) else model.stages.get(alias)
        if serving is not None:
            self._record(model.stream, ModelDemoted(serving, alias, acting_user()))


def _check_no_job(deployment_job_id: str | None) -> None:
    if deployment_job_id:
        raise not_kept("a deployment job")
