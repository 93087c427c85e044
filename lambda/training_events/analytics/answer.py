"""What a query in SQL answers: rows, and a table for pandas, Arrow and notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.reading.shown_table import MAX_SHOWN_ROWS, ShownTable, shown_cell
from training_events.reading.tables import required

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_DIGITS_OF_SUMS = 38
"""DuckDB's sums of integers are decimals of so many digits; Athena's are integers."""


class Answer(ShownTable):
    """The rows that a query answers. `columns` are their names, in order; `rows` are tuples. Times are in UTC.

    A list, a map or a row of SQL is a list or a dict of a log in a file, and the text that Athena prints of a log on AWS.
    `json_format(CAST(tags AS JSON))` is the same text everywhere.
    """

    def __init__(self, table: pa.Table) -> None:
        self._table = _with_plain_types(table)

    @property
    def columns(self) -> list[str]:
        return list(self._table.column_names)

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        return _rows(self._table)

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a DataFrame. Raises Misused where pandas is not installed (`pip install 'training-events[pandas]'`)."""
        required("pandas", "to_pandas", "pandas")
        return self._table.to_pandas()

    def to_arrow(self) -> pa.Table:
        """The rows as a table of Arrow."""
        return self._table

    def _shown(self) -> tuple[list[str], list[list[str]]]:
        beginning = _rows(self._table.slice(0, MAX_SHOWN_ROWS))
        return list(map(shown_cell, self.columns)), [list(map(shown_cell, row)) for row in beginning]


def _rows(table: pa.Table) -> list[tuple[Any, ...]]:
    import pyarrow as pa  # noqa: PLC0415 - an extra

    if not table.num_columns:
        return []
    columns = [
        [None if cell is None else dict(cell) for cell in column.to_pylist()]
        if pa.types.is_map(column.type)
        else column.to_pylist()
        for column in table.columns
    ]
    return list(zip(*columns, strict=True))


def _with_plain_types(table: pa.Table) -> pa.Table:
    """Every time with microseconds in UTC, and whole numbers as integers wherever they fit."""
    import pyarrow as pa  # noqa: PLC0415 - an extra

    for place, field in enumerate(table.schema):
        wanted = field.type
        if pa.types.is_timestamp(field.type):
            wanted = pa.timestamp("us", tz="UTC")
        elif pa.types.is_decimal(field.type) and (field.type.precision, field.type.scale) == (_DIGITS_OF_SUMS, 0):
            wanted = pa.int64()
        if wanted != field.type:
            try:
                column = table.column(place).cast(wanted)
            except pa.ArrowInvalid:  # a sum that is too large for it stays what it is
                continue
            table = table.set_column(place, pa.field(field.name, wanted), column)
    return table
