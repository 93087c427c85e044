"""A log on AWS, asked in SQL: Athena, over the tables that the analytics job has written."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from training_events.analytics.answer import Answer
from training_events.errors import BadSql, MissingSetting, QueryFailed
from training_events.reading.tables import required

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from training_events.analytics.query import Query

_FIRST_PAUSE_SECONDS, _MAX_PAUSE_SECONDS = 0.2, 2.0
_PAGE_ROWS = 1000
"""The most that GetQueryResults gives at once."""
_MISTAKE_OF_THE_QUERY = 2
"""https://docs.aws.amazon.com/athena/latest/APIReference/API_AthenaError.html"""


class Workgroup(NamedTuple):
    """Where queries run, and the database that has the log's tables."""

    name: str
    database: str

    @classmethod
    def of(cls, setting: str) -> Workgroup:
        """Reads `<workgroup>/<database>`. Raises MissingSetting."""
        name, _, database = setting.partition("/")
        if not name or not database or "/" in database:
            raise MissingSetting(
                f"TRAINING_EVENTS_ANALYTICS is {setting!a:.80}: allowed is <Athena's workgroup>/<Glue's database of the tables>"
            )
        return cls(name, database)


def ask(
    query: Query,
    workgroup: Workgroup,
    client: Any,
    on_progress: Callable[[str], None],
    wait: Callable[[float], None] = time.sleep,
) -> Answer:
    """Raises BadSql for what Athena calls a mistake of the query, and QueryFailed where it does not answer for another reason.

    Whoever stops waiting (Ctrl-C) stops the query as well: Athena asks a price for what it reads.
    """
    arrow = required("pyarrow", "log.sql", "sql")
    started = client.start_query_execution(
        QueryString=query.text, QueryExecutionContext={"Database": workgroup.database}, WorkGroup=workgroup.name
    )
    id_ = started["QueryExecutionId"]
    try:
        _follow(id_, client, on_progress, wait)
    except BaseException as flaw:
        if not isinstance(flaw, (BadSql, QueryFailed)):
            with suppress(Exception):
                client.stop_query_execution(QueryExecutionId=id_)
        raise
    on_progress("reading Athena's answer")
    return Answer(_table(arrow, _pages(id_, client)))


def _follow(id_: str, client: Any, on_progress: Callable[[str], None], wait: Callable[[float], None]) -> None:
    pause = _FIRST_PAUSE_SECONDS
    while True:
        execution = client.get_query_execution(QueryExecutionId=id_)["QueryExecution"]
        status, scanned = execution["Status"], execution.get("Statistics", {}).get("DataScannedInBytes", 0)
        state = status["State"]
        if state == "SUCCEEDED":
            return
        if state in ("FAILED", "CANCELLED"):
            error = status.get("AthenaError", {})
            reason = " ".join(str(status.get("StateChangeReason") or error.get("ErrorMessage") or "no reason given").split())
            if error.get("ErrorCategory") == _MISTAKE_OF_THE_QUERY:
                raise BadSql(f"Athena does not take the SQL: {reason}")
            raise QueryFailed(f"Athena's query {id_} {'failed' if state == 'FAILED' else 'was cancelled'}: {reason}")
        on_progress(f"Athena: {state.lower()}, {scanned / 1e6:,.0f} MB read")
        wait(pause)
        pause = min(pause * 2, _MAX_PAUSE_SECONDS)


def _pages(id_: str, client: Any) -> Iterator[dict[str, Any]]:
    more: dict[str, str] = {}
    while True:
        page = client.get_query_results(QueryExecutionId=id_, MaxResults=_PAGE_ROWS, **more)
        yield page["ResultSet"]
        if not page.get("NextToken"):
            return
        more = {"NextToken": page["NextToken"]}


def _table(arrow: ModuleType, pages: Iterator[dict[str, Any]]) -> Any:
    """The first row of the first page has the columns' names.

    https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html
    """
    first = next(pages)
    columns = first["ResultSetMetadata"]["ColumnInfo"]
    readers = [_reader(arrow, column) for column in columns]
    cells: list[list[Any]] = [[] for _ in columns]
    _add_rows(cells, readers, first["Rows"][1:])
    for page in pages:
        _add_rows(cells, readers, page["Rows"])
    arrays = [arrow.array(column, reader.type) for column, reader in zip(cells, readers, strict=True)]
    return arrow.Table.from_arrays(arrays, names=[column["Name"] for column in columns])


class _Reader(NamedTuple):
    """Arrow's type of a column, and what makes a value of a cell's text."""

    type: Any
    read: Callable[[str], Any]


def _add_rows(cells: list[list[Any]], readers: list[_Reader], rows: list[dict[str, Any]]) -> None:
    for row in rows:
        for column, reader, datum in zip(cells, readers, row["Data"], strict=True):
            text = datum.get("VarCharValue")  # a null has none
            column.append(None if text is None else reader.read(text))


def _reader(arrow: ModuleType, column: dict[str, Any]) -> _Reader:
    """A list, a map or a row stays the text that Athena prints.

    https://docs.aws.amazon.com/athena/latest/ug/data-types.html
    """
    whole, real, moment = arrow.int64(), arrow.float64(), arrow.timestamp("us", tz="UTC")
    readers = {
        **dict.fromkeys(("tinyint", "smallint", "integer", "bigint"), _Reader(whole, int)),
        **dict.fromkeys(("double", "float", "real"), _Reader(real, float)),
        **dict.fromkeys(("timestamp", "timestamp with time zone"), _Reader(moment, _moment)),
        "boolean": _Reader(arrow.bool_(), lambda text: text == "true"),
        "date": _Reader(arrow.date32(), date.fromisoformat),
        "decimal": _Reader(arrow.decimal128(column.get("Precision") or 38, column.get("Scale") or 0), Decimal),
    }
    return readers.get(column["Type"].lower(), _Reader(arrow.string(), str))


def _moment(text: str) -> datetime:
    """`2026-11-22 15:08:39.955`, perhaps with a zone behind it: `UTC`, `Europe/Berlin` or `+02:00`. Without, it is UTC."""
    day, time_of_day, *zone = text.split(" ")
    if zone and zone[0][0] in "+-":
        return datetime.fromisoformat(f"{day} {time_of_day}{zone[0]}")
    return datetime.fromisoformat(f"{day} {time_of_day}").replace(tzinfo=ZoneInfo(zone[0] if zone else "UTC"))
