"""Opens the event log, and the read models made from it, at an address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from training_events.stores.address import SqliteFile, parse

if TYPE_CHECKING:
    from training_events.stores.event_log import EventLog
    from training_events.stores.read_models import ReadModels


@dataclass(frozen=True)
class Store:
    log: EventLog
    read_models: ReadModels | None
    """None when the address names none: then states are folded from the log."""


def open_store(url: str) -> Store:
    """The store at `url`; nothing is connected to yet. Raises BadLogUrl."""
    place = parse(url)
    # imported here: who opens one kind of store should not need what the other is made of
    if isinstance(place, SqliteFile):
        from training_events.stores.sqlite.database import Database  # noqa: PLC0415
        from training_events.stores.sqlite.event_log import SqliteLog  # noqa: PLC0415
        from training_events.stores.sqlite.read_models import SqliteReadModels  # noqa: PLC0415

        database = Database(place.path)
        return Store(SqliteLog(database), SqliteReadModels(database))
    from training_events import aws  # noqa: PLC0415
    from training_events.stores.dynamodb.event_log import DynamoDbLog  # noqa: PLC0415
    from training_events.stores.dynamodb.read_models import DynamoDbReadModels  # noqa: PLC0415

    client = aws.client("dynamodb", validate=False)
    log = DynamoDbLog(place.log, client)
    return Store(log, None if place.read_models is None else DynamoDbReadModels(place.read_models, client))


def open_event_log(url: str) -> EventLog:
    """The event log at `url`; nothing is connected to yet. Raises BadLogUrl."""
    place = parse(url)
    # imported here: who opens one kind of log should not need what the other is made of
    if isinstance(place, SqliteFile):
        from training_events.stores.sqlite.database import Database  # noqa: PLC0415
        from training_events.stores.sqlite.event_log import SqliteLog  # noqa: PLC0415

        return SqliteLog(Database(place.path))
    from training_events import aws  # noqa: PLC0415
    from training_events.stores.dynamodb.event_log import DynamoDbLog  # noqa: PLC0415

    return DynamoDbLog(place.log, aws.client("dynamodb", validate=False))
