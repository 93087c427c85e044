"""What a registered model of MLflow says that the log does not have: its versions, their stages and aliases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mlflow.entities.model_registry.model_version_stages import STAGE_ARCHIVED

from training_events.interchange.mlflow.importing.names import name_for, stream_of_run
from training_events.interchange.mlflow.importing.statement import Statement
from training_events.interchange.mlflow.importing.stream_import import DELETED, StreamImport
from training_events.interchange.mlflow.registry.entities import RUN_LINK, SOURCE
from training_events.interchange.mlflow.registry.stages import SERVED, is_stage
from training_events.recorder.labels import batches
from training_events.times import later

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlflow.entities.model_registry import ModelVersion, RegisteredModel

    from training_events.interchange.mlflow.importing.known import Known
    from training_events.interchange.mlflow.importing.report import Report
    from training_events.interchange.mlflow.importing.times import Clock

_MICROSECOND = 1e-6


class Version(NamedTuple):
    """A version, and the address of its files."""

    entity: ModelVersion
    address: str | None

    @property
    def number(self) -> int:
        return int(self.entity.version)


class ModelImport(StreamImport):
    def __init__(self, model: RegisteredModel, versions: Sequence[Version], known: Known, clock: Clock, report: Report) -> None:
        super().__init__(f"model/{name_for('model', model.name)}", known, clock, report)
        self._model = model
        self._versions = {version.number: version for version in versions}
        self._created = clock.first(model.creation_timestamp, model.last_updated_timestamp)

    def statements(self) -> Iterator[Statement]:
        yield from self._described()
        yield from self.tagged(self._model.tags, self._created)
        for version in self._versions.values():
            yield from self._registered(version)
            yield from self._version_tagged(version)
        yield from self._versions_described()
        yield from self._deleted()
        yield from self._archived()
        yield from self._promoted()

    def _described(self) -> Iterator[Statement]:
        """A model without versions is there because it is described."""
        texts = {"name": self._model.name, "description": self._model.description}
        cleaned = self.clean("texts", {key: text for key, text in texts.items() if text})
        for at, values in self.timed(self._created, self.known.changes(("text",), cleaned)):
            if values:
                yield Statement(at, "Described", {key: text or "" for key, text in values.items()})

    def _registered(self, version: Version) -> Iterator[Statement]:
        subject = ("version", str(version.number))
        data: dict[str, Any] = {"version": version.number}
        if version.entity.run_id:
            data["run"] = stream_of_run(version.entity.run_id)
        if version.address:
            data["artifact"] = {"uri": version.address, "in_place": True}
        if version.entity.user_id:
            data["registered_by"] = version.entity.user_id
        data = self.report.without_credentials(self.stream, data)
        if not self.known.has(subject):
            yield Statement(self._registered_at(version.number), "ModelRegistered", data)
        elif self.known.is_new(subject, {key: data.get(key) for key in ("run", "artifact")}):
            self.report.leave(f"{self.stream}: version {version.number}", "the log has another version of this number")

    def _version_tagged(self, version: Version) -> Iterator[Statement]:
        source = None if version.entity.source == version.address else version.entity.source
        own = {SOURCE: source, RUN_LINK: version.entity.run_link}
        given = {**version.entity.tags, **{key: value for key, value in own.items() if value}}
        tags = self.clean("tags", given)
        changes = self.known.changes(("version tag", str(version.number)), tags)
        for at, values in self.timed(self._registered_at(version.number), changes):
            for batch in batches(values):
                yield Statement(at, "VersionTagged", {"version": version.number, "tags": batch})

    def _versions_described(self) -> Iterator[Statement]:
        given = {str(number): it.entity.description for number, it in self._versions.items() if it.entity.description}
        first, changed = self.known.changes(("version description",), self.clean("descriptions", given))
        for number, text in first.items():
            yield Statement(self._registered_at(int(number)), "VersionDescribed", {"version": int(number), "description": text})
        for number, text in changed.items():
            yield Statement(self.clock.now, "VersionDescribed", {"version": int(number), "description": text or ""})

    def _deleted(self) -> Iterator[Statement]:
        """A version that an import has recorded, and that the store has no more."""
        for number in map(int, self.known.imported_names("version")):
            if number not in self._versions and self.known.is_new(("version hidden", str(number)), value=True):
                yield Statement(self.clock.now, "VersionHidden", {"version": number, **DELETED})

    def _archived(self) -> Iterator[Statement]:
        archived = {str(n): True for n, it in self._versions.items() if it.entity.current_stage == STAGE_ARCHIVED}
        first, changed = self.known.changes(("retired",), archived)
        for number in first:
            at = self._updated_at(int(number))
            yield Statement(at, "ModelRetired", {"version": int(number), "reason": "archived"})
        for number, is_archived in changed.items():
            type_, data = ("ModelRetired", {"reason": "archived"}) if is_archived else ("VersionRestored", {})
            yield Statement(self.clock.now, type_, {"version": int(number), **data})

    def _promoted(self) -> Iterator[Statement]:
        """Stages and aliases. A retired version serves nothing, so an alias comes after all else that was said."""
        serving = {stage: str(number) for stage, number in self._serving().items()}
        last = max((self._updated_at(number) for number in self._versions), default=self._created)
        aliased_at = later(max(last, self.clock.first(self._model.last_updated_timestamp)), _MICROSECOND)
        first, changed = self.known.changes(("stage",), serving)
        for stage, number in first.items():
            at = self._updated_at(int(number)) if stage in SERVED else aliased_at
            yield Statement(at, "ModelPromoted", {"version": int(number), "stage": stage})
        for stage, number in changed.items():
            type_, version = ("ModelDemoted", self.known.now(("stage", stage))) if number is None else ("ModelPromoted", number)
            yield Statement(self.clock.now, type_, {"version": int(version), "stage": stage})

    def _serving(self) -> dict[str, int]:
        """The version that serves each stage: of several the one that was changed last. The report names the others."""
        serving: dict[str, int] = {}
        for number in sorted(self._versions, key=lambda number: (self._updated_at(number), number)):
            stage = self._versions[number].entity.current_stage
            if stage in SERVED:
                if stage in serving:
                    why = f"version {number} is too; here one version serves a stage"
                    self.report.leave(f"{self.stream}: version {serving[stage]} is in {stage}", why)
                serving[stage] = number
        for alias, number in self._model.aliases.items():
            if is_stage(alias):
                self.report.leave(f"{self.stream}: the alias {alias}", "it is called like one of MLflow's stages")
            elif int(number) in self._versions:
                serving[alias] = int(number)
        return serving

    def _registered_at(self, number: int) -> str:
        entity = self._versions[number].entity
        return self.clock.first(entity.creation_timestamp, entity.last_updated_timestamp, self._model.creation_timestamp)

    def _updated_at(self, number: int) -> str:
        entity = self._versions[number].entity
        return max(self._registered_at(number), self.clock.first(entity.last_updated_timestamp, entity.creation_timestamp))
