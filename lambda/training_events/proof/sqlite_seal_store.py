"""Keeps seals beside the events in the SQLite file: the same lines, one row each.

Nothing locks them: whoever can write the file can rewrite events and seals alike. To guard against that, keep the newest root
somewhere else.
"""

from __future__ import annotations

from functools import partial
from typing import IO, TYPE_CHECKING

from training_events.errors import Overtaken
from training_events.proof.seal_store import StoredSeal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.proof.seal_format import Lock
    from training_events.stores.sqlite.database import Database


class SqliteSealStore:
    """The seals in the file that holds the log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def streams(self) -> Iterator[str]:
        stream = ""
        query = "SELECT CAST(min(stream) AS BLOB) FROM seals WHERE stream > CAST(? AS TEXT)"
        while True:
            [(next_stream,)] = self._database.rows(query, (_key(stream),))
            if next_stream is None:
                return
            stream = next_stream.decode(errors="surrogateescape")
            yield stream

    def of(self, stream: str) -> list[StoredSeal]:
        numbers: list[int] = []
        query = "SELECT DISTINCT number FROM seals WHERE stream = CAST(? AS TEXT) AND number > ? ORDER BY number"
        while rows := self._database.rows(query, (_key(stream), numbers[-1] if numbers else 0)):
            numbers += (number for (number,) in rows)
        return [StoredSeal(number, partial(self._lines, stream, number)) for number in numbers]

    def last(self, stream: str, known: int = 0) -> StoredSeal | None:  # noqa: ARG002 - the key leads to it
        query = "SELECT max(number) FROM seals WHERE stream = CAST(? AS TEXT)"
        [(number,)] = self._database.rows(query, (_key(stream),))
        return None if number is None else StoredSeal(number, partial(self._lines, stream, number))

    def lock_of(self, sealed_at: str) -> None:  # noqa: ARG002 - nothing locks a file
        return None

    def write(self, stream: str, number: int, content: IO[bytes], lock: Lock | None = None) -> None:  # noqa: ARG002
        with self._database.transaction() as connection:
            if connection.execute("SELECT 1 FROM seals WHERE stream = ? AND number = ?", (stream, number)).fetchone():
                raise Overtaken(f"{stream!a} has a seal {number} already")
            rows = ((stream, number, line, text.removesuffix(b"\n")) for line, text in enumerate(content, 1))
            connection.executemany("INSERT INTO seals VALUES (?, ?, ?, ?)", rows)

    def _lines(self, stream: str, number: int) -> Iterator[bytes]:
        last_line = 0
        # CAST: whatever somebody put there instead is read as bytes
        query = "SELECT line, CAST(content AS BLOB) FROM seals WHERE stream = ? AND number = ? AND line > ? ORDER BY line"
        while rows := self._database.rows(query, (stream, number, last_line)):
            last_line, _ = rows[-1]
            yield from (content + b"\n" for _, content in rows)


def _key(stream: str) -> bytes:
    """The name as bytes, for a CAST: a name that is not UTF-8, which only an altered log has, can be queried too."""
    return stream.encode(errors="surrogateescape")
