"""Rows into Parquet files: typed, in row groups of bounded size, a new file where one gets large."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from training_events.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import ModuleType, TracebackType
    from typing import Self

    from training_events.interchange.exports.parquet.tables import TableShape

MAX_GROUP_BYTES = 16 * 2**20
"""A row group is what a reader skips or reads, and what is held in memory until it is written."""
MAX_FILE_BYTES = 256 * 2**20
"""Files of some hundred megabytes are read side by side, and are not too many.
https://docs.aws.amazon.com/athena/latest/ug/performance-tuning-data-optimization-techniques.html"""


def require_pyarrow() -> ModuleType:
    """pyarrow.parquet. Raises Misused where the extra is not installed."""
    try:
        # imported here: nothing else needs it, and it takes longer than most commands
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        raise Misused("Parquet needs pyarrow: pip install 'training-events[parquet]'") from None
    return parquet  # type: ignore[no-any-return]  # pyarrow has no types


class TableWriter:
    """Writes the rows of a table into `<folder>/part-00000.parquet` and further files. There is always a first file."""

    def __init__(self, folder: Path, shape: TableShape) -> None:
        self._parquet = require_pyarrow()
        import pyarrow as pa  # noqa: PLC0415 - as above

        self._arrow = pa
        self._folder = folder
        fields = [
            pa.field(column.name, _arrow_type(pa, column.type), metadata={"description": column.meaning})
            for column in shape.columns
        ]
        self._schema = pa.schema(fields)
        self._group_rows = shape.group_rows
        self._large = None if shape.large is None else self._schema.get_field_index(shape.large)
        self._rows: list[tuple[Any, ...]] = []
        self._bytes = 0
        self._files = 0
        self._file: Any = None
        self._sink: Any = None
        self.rows = 0

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True)
        self._open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None:
            self._write()
        self._close()

    def add(self, rows: Iterable[tuple[Any, ...]]) -> None:
        for row in rows:
            self._rows.append(row)
            self.rows += 1
            if self._large is not None:
                self._bytes += len(row[self._large])
            if len(self._rows) >= self._group_rows or self._bytes >= MAX_GROUP_BYTES:
                self._write()

    def _write(self) -> None:
        """Write the rows as one row group."""
        if not self._rows:
            return
        if self._sink.tell() >= MAX_FILE_BYTES:
            self._close()
            self._open()
        columns = [
            self._arrow.array(cells, field.type)
            for cells, field in zip(zip(*self._rows, strict=True), self._schema, strict=True)
        ]
        self._file.write_table(self._arrow.Table.from_arrays(columns, schema=self._schema), row_group_size=len(self._rows))
        self._rows, self._bytes = [], 0

    def _open(self) -> None:
        self._sink = self._arrow.OSFile(str(self._folder / f"part-{self._files:05d}.parquet"), "wb")
        self._file = self._parquet.ParquetWriter(self._sink, self._schema, compression="zstd")
        self._files += 1

    def _close(self) -> None:
        self._file.close()
        self._sink.close()


_STRUCT_OR_MAP = re.compile(r"(?P<outer>list|map|struct)<(?P<inner>.+)>")


def _arrow_type(arrow: ModuleType, text: str) -> Any:
    """The type that a column's text names: `map<string, struct<last: double, best: double>>`."""
    if not (found := _STRUCT_OR_MAP.fullmatch(text)):
        return arrow.timestamp("us", tz="UTC") if text == "timestamp" else arrow.type_for_alias(text)
    outer, inner = found["outer"], found["inner"]
    if outer == "list":
        return arrow.list_(_arrow_type(arrow, inner))
    if outer == "map":
        key, _, value = inner.partition(", ")
        return arrow.map_(_arrow_type(arrow, key), _arrow_type(arrow, value))
    return arrow.struct([(name, _arrow_type(arrow, of)) for name, _, of in (it.partition(": ") for it in inner.split(", "))])
