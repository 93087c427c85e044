"""Opens the event log, and the read models made from it, at an address.

Nothing is connected to before the first use. What a store is made of is imported only where such a store is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from training_events.stores.address import DynamoDbTables, SqliteFile, parse

if TYPE_CHECKING:
    from training_events.stores.dynamodb.event_log import DynamoDbLog
    from training_events.stores.event_log import EventLog
    from training_events.stores.read_models import ReadModels
    from training_events.stores.sqlite.event_log import SqliteLog


class Store(NamedTuple):
    """`read_models` is None when the address names none: then states are folded from the log."""

    log: EventLog
    read_models: ReadModels | None


def open_store(url: str) -> Store:
    """The event log and the read models at `url`. Raises BadLogUrl."""
    place = parse(url)
    if isinstance(place, SqliteFile):
        from training_events.stores.sqlite.read_models import SqliteReadModels  # noqa: PLC0415

        file = _sqlite_log(place)
        return Store(file, SqliteReadModels(file.database))
    table = _dynamodb_log(place)
    if place.read_models is None:
        return Store(table, None)
    from training_events.stores.dynamodb.read_models import DynamoDbReadModels  # noqa: PLC0415

    return Store(table, DynamoDbReadModels(place.read_models, table.client))


def open_event_log(url: str) -> EventLog:
    """The event log at `url`, for programs that need no read models. Raises BadLogUrl."""
    place = parse(url)
    return _sqlite_log(place) if isinstance(place, SqliteFile) else _dynamodb_log(place)


def _sqlite_log(place: SqliteFile) -> SqliteLog:
    from training_events.stores.sqlite.database import Database  # noqa: PLC0415
    from training_events.stores.sqlite.event_log import SqliteLog  # noqa: PLC0415

    return SqliteLog(Database(place.path))


def _dynamodb_log(place: DynamoDbTables) -> DynamoDbLog:
    from training_events import aws  # noqa: PLC0415
    from training_events.stores.dynamodb.event_log import DynamoDbLog  # noqa: PLC0415

    return DynamoDbLog(place.log, aws.client("dynamodb", validate=False))
