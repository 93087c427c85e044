"""A list of answers: a plain sequence of structs, which is also a table for pandas, Arrow and notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Generic, TypeVar, overload

from msgspec import Struct

from training_events.reading.shown_table import MAX_SHOWN_ROWS, ShownTable, shown_cell
from training_events.reading.tables import Table, columns_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    import pyarrow as pa

_T = TypeVar("_T", bound=Struct)

MAX_SHOWN_COLUMNS = 8
_HEADING_COLUMNS = 4
"""So many come first, then metrics and what else has names, then the rest."""
_NOT_SHOWN = {"first_at", "events"}


class Rows(ShownTable, Sequence[_T], Generic[_T]):
    """A list of runs, models, datasets or points, each a struct. It is a plain sequence, and a table.

    In a table every field is a column. Times are in UTC, and what has names is spread out: `metrics.accuracy`, `params.alpha`,
    `tags.team`. A metric's value is its best one, or its last one where none is best.
    """

    def __init__(self, row_type: type[_T], rows: Iterable[_T]) -> None:
        self._type = row_type
        self._rows = list(rows)

    @overload
    def __getitem__(self, index: int) -> _T: ...
    @overload
    def __getitem__(self, index: slice) -> Rows[_T]: ...
    def __getitem__(self, index: int | slice) -> _T | Rows[_T]:
        return Rows(self._type, self._rows[index]) if isinstance(index, slice) else self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __eq__(self, other: object) -> bool:
        return self._rows == list(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as a list has none

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a DataFrame. Raises Misused where pandas is not installed (`pip install 'training-events[pandas]'`)."""
        return self._table().to_pandas()

    def to_arrow(self) -> pa.Table:
        """The rows as a table of Arrow, which Parquet can keep. A column of several types has their JSON.

        Raises Misused where pyarrow is not installed (`pip install 'training-events[parquet]'`).
        """
        return self._table().to_arrow()

    def _table(self) -> Table:
        return columns_of(self._type, self._rows)

    def _shown(self) -> tuple[list[str], list[list[str]]]:
        """The titles and the cells of the beginning, as text. Fields that say nothing are left out."""
        table = columns_of(self._type, self._rows[:MAX_SHOWN_ROWS])
        columns = {
            name: cells for name, cells in table.columns.items() if name not in _NOT_SHOWN and (any(cells) or "." in name)
        }
        heading = list(columns)[:_HEADING_COLUMNS]
        names = sorted(columns, key=lambda name: (name not in heading, "." not in name))[:MAX_SHOWN_COLUMNS]
        rows = zip(*(columns[name] for name in names), strict=True)
        return list(map(shown_cell, names)), [list(map(shown_cell, row)) for row in rows]
