"""A log that somebody tampers with where it is stored, past every program of ours: a SQLite file, or a DynamoDB table."""

import sqlite3
from abc import ABC, abstractmethod
from contextlib import closing
from pathlib import Path
from typing import Any

from training_events.event import Event
from training_events.proof.seal_store import SealStore
from training_events.proof.sqlite_seal_store import SqliteSealStore
from training_events.stores.dynamodb.event_log import DynamoDbLog
from training_events.stores.dynamodb.item import to_item
from training_events.stores.event_log import EventLog
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.stores.sqlite.row import COLUMNS, to_row

from tests.support.dynamodb import TABLE
from tests.support.seals import InMemorySeals

RECORDED_AT = "2026-11-22T15:08:40.000000Z"


class TamperedStore(ABC):
    """`log` and `seals` are as our programs see them. A position names the event that is tampered with."""

    log: EventLog
    seals: SealStore

    @abstractmethod
    def set_text(self, stream: str, position: str, name: str, text: str) -> None:
        """Put this text in the place of one that is stored under this name."""

    @abstractmethod
    def rewrite(self, event: Event, position: str, digest: str) -> None:
        """Put this event, with this digest, in the place of the one at this position."""

    @abstractmethod
    def add_foreign(self, stream: str, position: str) -> None:
        """Add something to the event that no event has."""

    @abstractmethod
    def remove(self, stream: str, position: str) -> None: ...


class TamperedFile(TamperedStore):
    """A SQLite file. Its triggers note what is done to it, unless whoever did it has removed the notes and the triggers."""

    def __init__(self, path: Path, *, notes: bool) -> None:
        self.log = SqliteLog(Database(str(path)))
        self.seals = SqliteSealStore(self.log.database)
        self._path, self._notes = path, notes

    def set_text(self, stream: str, position: str, name: str, text: str) -> None:
        self._execute(f"UPDATE events SET {name} = ? WHERE stream = ? AND position = ?", text, stream, position)  # noqa: S608

    def rewrite(self, event: Event, position: str, digest: str) -> None:
        values = dict(zip(COLUMNS, to_row(event, RECORDED_AT), strict=True)) | {"digest": digest}
        del values["recorded_at"]
        columns = ", ".join(f"{name} = ?" for name in values)
        statement = f"UPDATE events SET {columns} WHERE stream = ? AND position = ?"  # noqa: S608
        self._execute(statement, *values.values(), event.stream, position)

    def add_foreign(self, stream: str, position: str) -> None:
        self._execute('ALTER TABLE events ADD COLUMN "of ""theirs"')
        self.set_text(stream, position, '"of ""theirs"', "x")

    def remove(self, stream: str, position: str) -> None:
        self._execute("DELETE FROM events WHERE stream = ? AND position = ?", stream, position)

    def _execute(self, statement: str, *values: Any) -> None:
        with closing(sqlite3.connect(self._path)) as other, other:
            if not self._notes:
                for trigger in ("event_updated", "event_deleted", "event_replaced", "event_displaced"):
                    other.execute(f"DROP TRIGGER IF EXISTS {trigger}")
            other.execute(statement, values)


class TamperedTable(TamperedStore):
    """A DynamoDB table. Its change stream has every alteration; whoever reads only the table does not see that."""

    def __init__(self, log: DynamoDbLog) -> None:
        self.log = log
        self.seals = InMemorySeals()
        self._client = log.client

    def set_text(self, stream: str, position: str, name: str, text: str) -> None:
        item = self._take(stream, position)
        item[name] = {"M": {**item[name]["M"], "id": {"S": text}}} if name == "producer" else {"S": text}
        self._client.put_item(TableName=TABLE, Item=item)

    def rewrite(self, event: Event, position: str, digest: str) -> None:
        recorded_at = self._take(event.stream, position)["recorded_at"]
        item = to_item(event, RECORDED_AT) | {"digest": {"S": digest}, "recorded_at": recorded_at}
        self._client.put_item(TableName=TABLE, Item=item)

    def add_foreign(self, stream: str, position: str) -> None:
        self.set_text(stream, position, "theirs", "x")

    def remove(self, stream: str, position: str) -> None:
        self._take(stream, position)

    def _take(self, stream: str, position: str) -> Any:
        """The item, which is taken out: a key cannot be changed in its place."""
        key: Any = {"stream": {"S": stream}, "position": {"S": position}}
        return self._client.delete_item(TableName=TABLE, Key=key, ReturnValues="ALL_OLD")["Attributes"]
