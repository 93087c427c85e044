"""A dataset: its newest version, uncut, then all of them, the oldest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.cli.style import style_of_status
from training_events.cli.table import print_fields
from training_events.cli.views.heading import closing_fields, opening_fields, print_table, said_fields, time_or_none

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from training_events.folds.dataset import DatasetState, Version


def print_dataset(state: DatasetState, asked: Mapping[str, str | None]) -> None:
    fields = opening_fields(state, state.status, asked) | {"retired at": state.retired_at}
    print_fields(fields | _newest_fields(state) | said_fields(state), {"status": style_of_status})
    titles = ("registered at", "retired at", "rows", "sha256", "version id", "uri")
    optional = ("version id", "retired at", "rows", "sha256")
    print_table(titles, (20, 20, 10, 16, 16), _version_rows(state), optional=optional)
    print()
    print_fields(closing_fields(state))


def _newest_fields(state: DatasetState) -> dict[str, Any]:
    if not state.versions:
        return {}
    newest = state.versions[-1]
    stored = newest.stored
    return {
        "versions": state.registered,
        "uri": stored.uri,
        "version id": stored.version_id,
        "sha256": _digest(newest),
        "digest": newest.digest,
        "bytes": stored.bytes,
        "rows": newest.rows,
        "registered at": newest.registered_at,
        "registered by": newest.registered_by,
        "made by": newest.run,
    }


def _digest(version: Version) -> str | None:
    return f"{version.stored.sha256} (disputed)" if version.disputed else version.stored.sha256


def _version_rows(state: DatasetState) -> Iterable[tuple[Any, ...]]:
    for version in state.versions:
        stored, times = version.stored, map(time_or_none, (version.registered_at, version.retired_at))
        yield *times, version.rows, _digest(version), stored.version_id, stored.uri
