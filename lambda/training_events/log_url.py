"""Where the event log is, as one text, and the log itself from it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from training_events.errors import BadLogUrl

if TYPE_CHECKING:
    from training_events.log import EventLog

ALLOWED = "dynamodb://<event log table>?read_models=<table>"

_TABLE = re.compile(r"[A-Za-z0-9_.-]{3,255}")
"""DynamoDB's rule for the names of tables."""


def open_log(url: str) -> EventLog:
    """The event log at `url`; nothing is connected to yet. Raises BadLogUrl."""
    try:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    except ValueError as flaw:
        raise _bad(url, str(flaw)) from None
    if parts.scheme != "dynamodb":
        raise _bad(url, f"the scheme {parts.scheme!a} is not known")
    if parts.path.strip("/") or parts.fragment or not query.keys() <= {"read_models"}:
        raise _bad(url, "there is more in it than two tables")
    for table in (parts.netloc, *query.values()):
        if not _TABLE.fullmatch(table):
            raise _bad(url, f"{table!a} is not the name of a table")
    # imported here: who opens another kind of log should not need botocore
    from training_events import aws  # noqa: PLC0415
    from training_events.dynamodb_log import DynamoDbLog  # noqa: PLC0415

    return DynamoDbLog(parts.netloc, aws.client("dynamodb", validate=False))


def _bad(url: str, why: str) -> BadLogUrl:
    return BadLogUrl(f"the event log's address {url!a} is not understood: {why}; allowed: {ALLOWED}")
