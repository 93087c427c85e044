"""What became of the runs that registrations of model versions pinned."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from training_events.proof.run_head import runs_since
from training_events.reading.lineage.graph import ModelVersion
from training_events.reading.lineage.moment import run_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from training_events.catalogue.model import RunHead
    from training_events.folds.model import ModelState, Version
    from training_events.proof.run_head import RunSince
    from training_events.reading.lineage.graph import Node
    from training_events.reading.lineage.moment import Moment
    from training_events.stores.event_log import EventLog


MAX_NEWEST = 10
"""Of how many versions of a model, beside those that serve, the runs are read where nobody asks for more."""


def runs_since_registration(
    log: EventLog,
    versions: Mapping[str, Version],
    *,
    as_of: str | None = None,
    known_at: str | None = None,
    on_progress: Callable[[str], None] = lambda text: None,  # noqa: ARG005
) -> dict[str, RunSince]:
    """What became of the run of each version, by the names that the versions have here. Those that pinned none are left out.

    It reads each run's log once or twice. `on_progress` gets a line on what is being read.
    """
    pinned: dict[str, dict[str, RunHead]] = defaultdict(dict)
    for name, version in versions.items():
        if version.run is not None and version.run_head is not None:
            pinned[run_stream(version.run)][name] = version.run_head
    found: dict[str, RunSince] = {}
    for run, heads in pinned.items():
        on_progress(f"reading {run}")
        since = runs_since(partial(log.audit, run), set(heads.values()), as_of=as_of, known_at=known_at)
        found.update((name, since[head]) for name, head in heads.items())
    return found


def foremost_versions(state: ModelState) -> dict[str, Version]:
    """The versions that people ask of: those that serve a stage, and the newest ones."""
    newest = sorted(state.versions, key=lambda name: (state.versions[name].registered_at or "", name), reverse=True)[
        :MAX_NEWEST
    ]
    return {name: version for name, version in state.versions.items() if version.stages or name in newest}


def with_runs_since(moment: Moment, nodes: list[Node]) -> list[Node]:
    """The nodes; with what became of their runs, where they are versions of models."""
    versions = {node.id: moment.versions_of(node.stream)[node.version] for node in nodes if isinstance(node, ModelVersion)}
    since = runs_since_registration(
        moment.log, versions, as_of=moment.as_of, known_at=moment.known_at, on_progress=moment.on_progress
    )
    return [replace(node, run_since=since.get(node.id)) if isinstance(node, ModelVersion) else node for node in nodes]
