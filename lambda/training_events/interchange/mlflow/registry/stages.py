"""MLflow's stages and aliases. Both are stages here: a word that one version of a model serves, until another one does.

MLflow has four stages and any number of aliases. A version that serves `Production` or `Staging` has that stage there, one that
was retired is archived, and any other word is an alias.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow.entities.model_registry.model_version_stages import (
    STAGE_ARCHIVED,
    STAGE_NONE,
    STAGE_PRODUCTION,
    STAGE_STAGING,
    get_canonical_stage,
)

from training_events.catalogue.model import ModelDemoted, ModelPromoted, ModelRetired, VersionRestored
from training_events.interchange.mlflow.registry.models import numbered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from msgspec import Struct

    from training_events.folds.model import ModelState, Version

SERVED = (STAGE_PRODUCTION, STAGE_STAGING)
"""Which of MLflow's stages are stages here, too."""
_WORDS = frozenset(map(str.casefold, (STAGE_NONE, STAGE_STAGING, STAGE_PRODUCTION, STAGE_ARCHIVED)))


def is_stage(word: str) -> bool:
    """Whether MLflow has a stage of this name, however it is spelled: then it can be no alias."""
    return word.casefold() in _WORDS


def stage_of(state: ModelState, version: Version) -> str:
    """The one stage that MLflow gives to a version."""
    served = {get_canonical_stage(word) for word in version.stages if is_stage(word)}
    for stage in SERVED:
        if stage in served:
            return stage
    return STAGE_NONE if version.retired_at is None and state.status == "active" else STAGE_ARCHIVED


def aliases(state: ModelState) -> dict[str, int]:
    """The aliases of a model, and the numbers of the versions that they name."""
    known = numbered(state)
    return {word: number for number, version in sorted(known.items()) for word in version.stages if not is_stage(word)}


def latest_in(state: ModelState, stage: str | None, alias: str | None) -> int | None:
    """The number of the version that an alias names, or of the newest one in a stage, or of all."""
    if alias is not None:
        return aliases(state).get(alias)
    canonical = None if stage is None else get_canonical_stage(stage)
    return max((number for number, it in numbered(state).items() if canonical in (None, stage_of(state, it))), default=None)


def transition(state: ModelState, number: int, stage: str, *, archive: bool, by: str | None) -> Iterator[Struct]:
    """The facts that give a version one of MLflow's stages and take its other one from it.

    One version serves a stage: the version that did leaves it, and is archived if the caller wants it so. Aliases stay.
    """
    version = state.versions[str(number)]
    if stage == STAGE_ARCHIVED:
        if stage_of(state, version) != STAGE_ARCHIVED:
            yield from _archived(state, number, by)
        return
    if version.retired_at is not None:
        yield VersionRestored(number, by=by)
    word = as_recorded(state, stage)
    for served in version.stages:
        if is_stage(served) and served != word:
            yield ModelDemoted(number, served, by)
    if stage == STAGE_NONE:
        return
    serving = state.stages.get(word)
    if archive and serving is not None and (other := int(serving)) in numbered(state) and other != number:
        yield from _archived(state, other, by)
    if serving != str(number):
        yield ModelPromoted(number, word, by)


def as_recorded(state: ModelState, stage: str) -> str:
    """How the log spells this stage of the model: as it was promoted to before, so that no two stages look alike."""
    promoted = [*state.stages, *(promotion.stage for promotion in reversed(state.promotions))]
    return next((word for word in promoted if word.casefold() == stage.casefold()), stage)


def demotions(state: ModelState, number: int, by: str | None) -> Iterator[Struct]:
    """The facts that take a version out of all stages, aliases too."""
    for word in state.versions[str(number)].stages:
        yield ModelDemoted(number, word, by)


def _archived(state: ModelState, number: int, by: str | None) -> Iterator[Struct]:
    """A retired version serves nothing, but MLflow's aliases stay with an archived one: they are given to it again."""
    yield ModelRetired(number, reason="archived")
    for word in state.versions[str(number)].stages:
        if not is_stage(word):
            served = state.serving(word)
            yield ModelPromoted(number, word, by if served is None else served.promoted_by)
