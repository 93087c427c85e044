"""What MLflow said of a dataset besides its name and digest, wherever it is: in the state, in the log, or beside it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

import msgspec
from msgspec.structs import replace

from training_events.catalogue import CATALOGUE
from training_events.catalogue.run import DatasetUsed
from training_events.catalogue.stored import Stored
from training_events.errors import NotFetched, NotUnderstood
from training_events.interchange.mlflow.facts import DIGEST_PREFIX
from training_events.recorder.delivery.channel import folder_beside_log
from training_events.recorder.reporting import log
from training_events.recorder.storage.content_store import ContentStore
from training_events.recorder.storage.fetching import fetched

if TYPE_CHECKING:
    from collections.abc import Iterable

    from training_events.catalogue.run import UsedDataset
    from training_events.event import LogEntry
    from training_events.interchange.mlflow.workspace import Workspace

_REFERENCE = frozenset(Stored.__struct_fields__)
"""The keys of details that were too large for an event: they say where the details are."""


def with_details(workspace: Workspace, stream: str, datasets: list[UsedDataset]) -> list[UsedDataset]:
    """The datasets of a run, each with all that MLflow said of it."""
    if not any(map(_lacks_details, datasets)):
        return datasets
    by_digest = _details_in(workspace.entries(stream))
    return [
        replace(used, details=_whole(workspace, by_digest.get(used.digest))) if _lacks_details(used) else used
        for used in datasets
    ]


def _lacks_details(used: UsedDataset) -> bool:
    """Whether MLflow said more of this dataset than a state or an event has room for."""
    return (used.digest or "").startswith(DIGEST_PREFIX) and (used.details is None or _is_reference(used.details))


def _is_reference(details: dict[str, Any]) -> bool:
    return "sha256" in details and details.keys() <= _REFERENCE


def _details_in(entries: Iterable[LogEntry]) -> dict[str | None, dict[str, Any]]:
    """What was said of the datasets of a run, by their digests."""
    by_digest: dict[str | None, dict[str, Any]] = {}
    for entry in entries:
        if entry.type != "DatasetUsed":
            continue
        with suppress(NotUnderstood):  # anybody may have recorded anything by this name
            used = cast("DatasetUsed", CATALOGUE["run"][entry.type].read(entry.schema_version, entry.data)).used()
            if used is not None and used.details is not None:
                by_digest.setdefault(used.digest, used.details)
    return by_digest


def _whole(workspace: Workspace, details: dict[str, Any] | None) -> dict[str, Any] | None:
    if details is None or not _is_reference(details):
        return details
    beside = folder_beside_log(workspace.settings)
    with TemporaryDirectory() as folder:
        try:
            stored = msgspec.convert(details, Stored)
            content = fetched(stored, Path(folder), beside=None if beside is None else ContentStore(beside)).read_bytes()
            return msgspec.json.decode(content, type=dict[str, Any])
        except (NotFetched, msgspec.MsgspecError, OSError) as why:
            log.warning("what MLflow said of a dataset cannot be read: %s", why)
            return None
