"""The exports that a job reads: which files they have, and the rows that are in one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from training_events.analytics.dynamodb_export import DataFile, items_of, read_manifest
from training_events.analytics.export_state import STATE, read_state
from training_events.analytics.stream_rows import rows_of_log, rows_of_read_models
from training_events.errors import BadExport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.analytics.dynamodb_export import Export
    from training_events.analytics.places import Place
    from training_events.analytics.stream_rows import StreamRow

_ROWS_OF = {"log": rows_of_log, "read models": rows_of_read_models}


class ExportedFile(Struct, frozen=True):
    """A data file of an export, and of which table it is."""

    table: Literal["log", "read models"]
    file: DataFile

    def rows(self, exports: Place) -> Iterator[StreamRow]:
        """The rows in the file. Raises BadExport where it is not what its manifest says."""
        try:
            content = exports.read(self.file.key)
        except FileNotFoundError:
            raise BadExport(f"{self.file.key}: it is not there; allowed: every file that the manifests name") from None
        rows_of = _ROWS_OF[self.table]
        for item in items_of(self.file, content):
            yield from rows_of(item)


class ExportedTable(Struct, frozen=True):
    """All exports of a table: together they give it as it was at the time `to`."""

    arn: str
    to: str
    exports: list[Export]

    @property
    def items(self) -> int:
        return sum(export.items for export in self.exports)


class ExportedLog(Struct, frozen=True):
    """`read_models` is None where their table was not exported."""

    log: ExportedTable
    read_models: ExportedTable | None

    @property
    def as_of(self) -> str:
        """When the log was as the exports have it."""
        return self.log.to

    @property
    def files(self) -> list[ExportedFile]:
        """Every file that has items."""
        log = [ExportedFile("log", file) for export in self.log.exports for file in export.files if file.items]
        models = [] if self.read_models is None else self.read_models.exports
        return log + [ExportedFile("read models", file) for export in models for file in export.files if file.items]


def state_at(address: str) -> tuple[str, str]:
    """The place of the exports, and the name of the file there that says what was exported.

    `address` is the folder or prefix, or the file in it.
    """
    folder, slash, name = address.rstrip("/").rpartition("/")
    return (folder + slash, name) if name.endswith(".json") else (address, STATE)


def read_exported_log(exports: Place, state_file: str) -> ExportedLog:
    """What was exported. Raises BadExport where it is not whole, or not of one event log."""
    try:
        state = read_state(exports.read(state_file), state_file)
    except FileNotFoundError:
        raise BadExport(f"{state_file} is not there; allowed: what `training-events export --to s3` has written") from None
    tables = [
        ExportedTable(arn, table.to, [read_manifest(exports.read, manifest, arn) for manifest in table.manifests()])
        for arn, table in state.tables.items()
    ]
    by_kind: dict[str | None, list[ExportedTable]] = {"log": [], "read models": [], None: []}
    for table in tables:
        by_kind[_kind_of(exports, table)].append(table)
    logs, others, empty = by_kind["log"], by_kind["read models"], by_kind[None]
    if empty and not logs:  # somebody may have emptied it
        logs.append(empty.pop())
    others += empty
    if len(logs) != 1 or len(others) > 1:
        raise BadExport(
            f"{state_file} names {len(logs)} table(s) of events and {len(others)} other(s); allowed: one event log, and its"
            " read models"
        )
    return ExportedLog(logs[0], others[0] if others else None)


def _kind_of(exports: Place, table: ExportedTable) -> Literal["log", "read models"] | None:
    """Which table it is: the key of an event has a position. None where no export has an item."""
    for export in table.exports:
        for file in export.files:
            if file.items:
                item = next(items_of(file, exports.read(file.key)))
                return "log" if "position" in (item.keys or item.new_image or {}) else "read models"
    return None
