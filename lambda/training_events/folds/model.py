"""The state of a model, from its events in key order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, field

from training_events.catalogue import model as facts
from training_events.catalogue.model import LifeCycle, RunHead
from training_events.catalogue.run import ArtifactSaved
from training_events.catalogue.stored import Stored
from training_events.folds import logged_model
from training_events.folds.logged_model import Logged
from training_events.folds.stream_state import StreamState

if TYPE_CHECKING:
    from training_events.event import LogEntry

MAX_KEPT = 100
"""How many promotions a state keeps: the newest ones. The log has them all."""


class Version(Struct):
    """A version, as its last registration has it. A field that no event has set is null. `stages` are those that it serves now.

    A version that was registered more than once may be of another run than when it was promoted: `registrations` counts.
    `hidden_at` is null unless lists leave it out, and `updated_at` is when something was said of it last.
    """

    registered_at: str | None = None
    registered_by: str | None = None
    run: str | None = None
    artifact: Stored | None = None
    stages: list[str] = field(default_factory=list)
    retired_at: str | None = None
    package_arn: str | None = None
    package_status: str | None = None
    approval_status: str | None = None
    registrations: int = 0
    life_cycle: LifeCycle | None = None
    run_head: RunHead | None = None
    description: str | None = None
    tags: dict[str, Any] = field(default_factory=dict)
    hidden_at: str | None = None
    updated_at: str | None = None


class Promotion(Struct):
    at: str
    version: str
    stage: str
    promoted_by: str | None


class Served(Struct, frozen=True):
    """A stage of a model, and the version that serves it: since when, who promoted it, and the run and the artifact it is from.

    `since` and `promoted_by` are null where later promotions of other stages have taken the place of its own in the state.
    """

    model: str
    stage: str
    version: str
    since: str | None
    promoted_by: str | None
    run: str | None
    artifact: Stored | None


class ModelState(StreamState):
    """A model: its versions by name, which of them serves each stage, and who promoted which of them when.

    `logged` is the model that a training program has logged, where it is one. Then it may have no versions.
    """

    kind: Literal["model"] = "model"
    status: Literal["active", "retired"] = "active"
    latest_version: str | None = None
    stages: dict[str, str] = field(default_factory=dict)
    versions: dict[str, Version] = field(default_factory=dict)
    promotions: list[Promotion] = field(default_factory=list)
    retired_at: str | None = None
    promoted: int = 0
    logged: Logged | None = None

    @property
    def finished(self) -> bool:
        return self.status == "retired"

    def serving(self, stage: str) -> Served | None:
        """What serves this stage; None if nothing does."""
        name = self.stages.get(stage)
        if name is None:
            return None
        newest = next((promotion for promotion in reversed(self.promotions) if promotion.stage == stage), None)
        since, by = (None, None) if newest is None else (newest.at, newest.promoted_by)
        version = self.versions[name]
        return Served(self.stream.partition("/")[2], stage, name, since, by, version.run, version.artifact)

    def living(self) -> set[str]:
        living = {f"version {name}" for name, version in self.versions.items() if version.retired_at is None or version.stages}
        living |= {f"stage {stage} of version {name}" for stage, name in self.stages.items()}
        if self.versions and self.status == "active":
            living |= {"status", "stages"}
        return living | {"stages"} if self.stages else living


def registered(state: ModelState, fact: facts.ModelRegistered, at: str, _: LogEntry) -> None:
    """A registration after the model's retirement brings it back."""
    version = _version(state, fact.version, at)
    version.registered_at, version.registered_by = at, fact.registered_by
    version.run, version.artifact, version.retired_at = fact.run, fact.artifact, None
    version.run_head = fact.run_head
    version.registrations += 1
    state.latest_version = str(fact.version)
    state.status, state.retired_at = "active", None


def promoted(state: ModelState, fact: facts.ModelPromoted, at: str, _: LogEntry) -> None:
    name = str(fact.version)
    _take_from_service(state, [fact.stage])
    version = _version(state, name, at)
    version.stages = sorted([*version.stages, fact.stage])
    state.stages[fact.stage] = name
    state.promotions = [*state.promotions[1 - MAX_KEPT :], Promotion(at, name, fact.stage, fact.promoted_by)]
    state.promoted += 1


def demoted(state: ModelState, fact: facts.ModelDemoted, at: str, _: LogEntry) -> None:
    if state.stages.get(fact.stage) == str(fact.version):
        _take_from_service(state, [fact.stage])
        _version(state, fact.version, at)


def retired(state: ModelState, fact: facts.ModelRetired, at: str, _: LogEntry) -> None:
    if fact.version is None:
        _take_from_service(state, list(state.stages))
        state.status, state.retired_at = "retired", at
        return
    version = _version(state, fact.version, at)
    _take_from_service(state, version.stages)
    version.retired_at = at


def package_state_changed(state: ModelState, fact: facts.ModelPackageStateChanged, at: str, _: LogEntry) -> None:
    version = _version(state, fact.version, at)
    version.package_arn = fact.arn or version.package_arn
    version.package_status = fact.status or version.package_status
    version.approval_status = fact.approval_status or version.approval_status
    version.life_cycle = fact.life_cycle or version.life_cycle


def described(state: ModelState, fact: facts.VersionDescribed, at: str, _: LogEntry) -> None:
    _version(state, fact.version, at).description = fact.description or None


def tagged(state: ModelState, fact: facts.VersionTagged, at: str, _: LogEntry) -> None:
    version = _version(state, fact.version, at)
    given = {key: value for key, value in fact.tags.items() if value is not None}
    version.tags = {key: value for key, value in version.tags.items() if key not in fact.tags} | given


def hidden(state: ModelState, fact: facts.VersionHidden, at: str, _: LogEntry) -> None:
    _version(state, fact.version, at).hidden_at = at


def restored(state: ModelState, fact: facts.VersionRestored, at: str, _: LogEntry) -> None:
    version = _version(state, fact.version, at)
    version.hidden_at = version.retired_at = None


def _version(state: ModelState, name: str | int, at: str) -> Version:
    """The version of which something is said now."""
    version = state.versions.setdefault(str(name), Version())
    version.updated_at = at
    return version


def _take_from_service(state: ModelState, stages: list[str]) -> None:
    """Note that no version serves these stages any more."""
    for stage in list(stages):
        if (serving := state.stages.pop(stage, None)) is not None:
            state.versions[serving].stages.remove(stage)


APPLY = {
    facts.ModelRegistered: registered,
    facts.ModelPromoted: promoted,
    facts.ModelDemoted: demoted,
    facts.ModelRetired: retired,
    facts.ModelPackageStateChanged: package_state_changed,
    facts.VersionDescribed: described,
    facts.VersionTagged: tagged,
    facts.VersionHidden: hidden,
    facts.VersionRestored: restored,
    facts.ModelLogged: logged_model.logged,
    facts.ModelMeasured: logged_model.measured,
    ArtifactSaved: logged_model.artifact_saved,
}
