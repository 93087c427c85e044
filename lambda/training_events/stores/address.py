"""The address of an event log: one text, and what it names."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from training_events.errors import BadLogUrl

ALLOWED = (
    "dynamodb://<event log table>?read_models=<table>&notary=<table>, sqlite:///<path from the current folder> or"
    " sqlite:////<path from the root>"
)

_TABLE = re.compile(r"[A-Za-z0-9_.-]{3,255}")
"""DynamoDB's rule for the name of a table."""
_NO_PATH = re.compile(r"[\x00-\x1f?]|:memory:")
"""`?` would begin options, and there are none. `:memory:` is SQLAlchemy's name for a database that ends with the program."""


class DynamoDbTables(NamedTuple):
    """The names of the tables. `read_models` and `notary` are None where the address does not have them."""

    log: str
    read_models: str | None
    notary: str | None = None


class SqliteFile(NamedTuple):
    """The absolute path of the file."""

    path: str

    @property
    def files(self) -> Path:
        """The folder beside it for files that events name. Like SQLite's own `-wal`, it belongs to the log's file."""
        return Path(f"{self.path}-files")

    @property
    def tables(self) -> Path:
        """The folder beside it for the tables that SQL asks. Whoever removes it only waits until they are made again."""
        return Path(f"{self.path}-tables")


def parse(url: str) -> DynamoDbTables | SqliteFile:
    """What the address names. Raises BadLogUrl."""
    return _file(url) if url.startswith("sqlite:") else _tables(url)


def _tables(url: str) -> DynamoDbTables:
    try:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    except ValueError as flaw:
        raise _bad(url, str(flaw)) from None
    if parts.scheme != "dynamodb":
        raise _bad(url, f"the scheme {parts.scheme!a} is not known")
    if parts.path.strip("/") or parts.fragment or not query.keys() <= {"read_models", "notary"}:
        raise _bad(url, "there is more in it than three tables")
    for table in (parts.netloc, *query.values()):
        if not _TABLE.fullmatch(table):
            raise _bad(url, f"{table!a} is not the name of a table")
    return DynamoDbTables(parts.netloc, query.get("read_models"), query.get("notary"))


def _file(url: str) -> SqliteFile:
    """As in SQLAlchemy: all that follows the three slashes is the path, as it stands."""
    path = url.removeprefix("sqlite:///")
    if path == url or not path or _NO_PATH.search(path):
        raise _bad(url, "it names no file")
    # absolute now, because the program may change its folder later; and nobody wants a folder with the name `~`
    return SqliteFile(os.path.abspath(os.path.expanduser(path)))  # noqa: PTH100, PTH111 - pathlib raises where there is no home


def _bad(url: str, why: str) -> BadLogUrl:
    return BadLogUrl(f"the event log's address {url!a} is not understood: {why}; allowed: {ALLOWED}")
