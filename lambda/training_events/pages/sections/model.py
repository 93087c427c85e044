"""The sections that only a model has: what serves each stage, its versions, and what has served when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.folds.model import Version
from training_events.pages.page import Section
from training_events.proof.run_head import ALTERED, described
from training_events.reading.lineage.run_since import foremost_versions, runs_since_registration
from training_events.reading.serving import Service, services_of

if TYPE_CHECKING:
    from training_events.folds.model import ModelState
    from training_events.pages.page import Asked
    from training_events.reading.opening import Sources

MAX_SERVICES = 200
"""How many services are shown: the newest ones. The log has them all."""


class ShownVersion(Struct, frozen=True):
    """`run_since` tells what became of the run since the registration that pinned it; None where it is as it was.

    `altered` is whether the log no longer has what the registration pinned.
    """

    name: str
    version: Version
    run_since: str | None
    altered: bool


class Services(Struct, frozen=True):
    """`newest` are those that are shown; `earlier` counts the others."""

    newest: list[Service]
    earlier: int


def stages_section(state: ModelState) -> Section:
    """Which version serves each stage."""
    served = [item for item in map(state.serving, sorted(state.stages)) if item is not None]
    return Section("stages", "Serving", served)


def versions_section(sources: Sources, state: ModelState, asked: Asked) -> Section:
    """All versions, the newest registration first. It reads the runs of those that people ask of."""
    since = runs_since_registration(sources.log, foremost_versions(state), as_of=asked.as_of, known_at=asked.known_at)
    texts = {name: described(run_since) for name, run_since in since.items()}
    versions = [
        ShownVersion(name, version, text := texts.get(name), (text or "").startswith(ALTERED))
        for name, version in state.versions.items()
    ]
    versions.sort(key=lambda shown: (shown.version.registered_at or "", shown.name), reverse=True)
    return Section("versions", "Versions", versions)


def services_section(sources: Sources, stream: str, asked: Asked) -> Section:
    """Which version served which stage from when until when, the newest first."""
    services = services_of(sources.log, stream, as_of=asked.as_of, known_at=asked.known_at)[::-1]
    content = Services(services[:MAX_SERVICES], max(len(services) - MAX_SERVICES, 0))
    return Section("services", "What served when", content)
