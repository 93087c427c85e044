"""A question in SQL, read before anything runs it: it has to be one query, over tables that are there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from training_events.errors import BadSql
from training_events.interchange.exports.parquet.tables import TABLES
from training_events.reading.stream_names import did_you_mean
from training_events.reading.tables import required

if TYPE_CHECKING:
    from sqlglot import exp

_DIALECT = "athena"
_NAMES = [shape.name for shape in TABLES]
_ALLOWED = f"allowed: one query (SELECT … or WITH …) over the tables {', '.join(_NAMES)}"
_PYTHON = re.compile(r"<class '[\w.]*?(?P<name>\w+)'>|<Token .*?text: (?P<text>.*?), line: .*?>")
"""Of sqlglot's own objects in its messages, the part that is about the SQL."""


class Query(NamedTuple):
    """The text as it was given; the tables of the log that it names; and the first table that is none of them, `db.orders`."""

    text: str
    tables: frozenset[str]
    elsewhere: str | None
    tree: exp.Query

    def to_duckdb(self) -> str:
        """The same query as DuckDB has it. Raises BadSql for what DuckDB has no word for, and for tables that are elsewhere."""
        from sqlglot import ErrorLevel  # noqa: PLC0415 - an extra
        from sqlglot.errors import UnsupportedError  # noqa: PLC0415

        if self.elsewhere is not None:
            raise BadSql(f"the SQL names the table {self.elsewhere!a}: a log in a file has no other tables; {_ALLOWED}")
        try:
            return self.tree.sql("duckdb", unsupported_level=ErrorLevel.RAISE)
        except UnsupportedError as flaw:
            raise BadSql(f"a log in a file cannot be asked this: {_one_line(flaw)}") from None


def parse(text: str) -> Query:
    """Read a query in Athena's SQL. Raises BadSql, and Misused where sqlglot is not installed."""
    sqlglot = required("sqlglot", "log.sql", "sql")
    from sqlglot import exp  # noqa: PLC0415 - an extra
    from sqlglot.errors import ParseError, SqlglotError  # noqa: PLC0415

    text = text.strip().rstrip(";").rstrip()
    try:
        statements = [statement for statement in sqlglot.parse(text, read=_DIALECT) if statement is not None]
    except ParseError as flaw:
        raise BadSql(_mistake(flaw.errors[0]) if flaw.errors else f"the SQL cannot be read: {_one_line(flaw)}") from None
    except (SqlglotError, RecursionError) as flaw:
        raise BadSql(f"the SQL cannot be read: {_one_line(flaw)}") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        what = f"{len(statements)} statements" if len(statements) != 1 else f"the statement {statements[0].key.upper()}"
        raise BadSql(f"the SQL is {what}; {_ALLOWED}")
    tables, elsewhere = _tables_of(statements[0])
    return Query(text, tables, elsewhere, statements[0])


def _tables_of(tree: exp.Query) -> tuple[frozenset[str], str | None]:
    from sqlglot import exp  # noqa: PLC0415 - an extra

    own = {expression.alias.lower() for expression in tree.find_all(exp.CTE)}
    tables, elsewhere = set(), None
    for table in tree.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            raise BadSql(f"the SQL reads {table.this.sql(_DIALECT)!a:.80} as a table; {_ALLOWED}")
        name = table.name.lower()
        if table.db:
            elsewhere = elsewhere or f"{table.db}.{table.name}"
        elif name in _NAMES:
            tables.add(name)
        elif name not in own:
            raise BadSql(f"there is no table {table.name!a:.80}{did_you_mean(name, _NAMES)}; {_ALLOWED}")
    return frozenset(tables), elsewhere


def _mistake(error: dict[str, object]) -> str:
    """What sqlglot says of a mistake, on one line."""
    what = _PYTHON.sub(r"\g<name>\g<text>", str(error["description"])).rstrip(".")
    return f"the SQL cannot be read at line {error['line']}, column {error['col']}, near {error['highlight']!a:.40}: {what}"


def _one_line(flaw: Exception) -> str:
    return str(flaw).strip().partition("\n")[0]
