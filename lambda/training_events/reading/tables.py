"""Structs as columns, for pandas and Arrow."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from itertools import chain
from types import UnionType
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import msgspec
from msgspec import Struct

from training_events.errors import Misused
from training_events.folds.headline import Headline
from training_events.folds.metric_order import importance
from training_events.folds.summary import DatasetSummary, ModelSummary, RunSummary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import ModuleType

    import pandas as pd
    import pyarrow as pa

_KINDS: dict[type[Struct], str] = {RunSummary: "run", ModelSummary: "model", DatasetSummary: "dataset"}
"""Of these rows the stream's name is a column with the name of its kind."""
_SPREAD_OUT = {"metrics": "metrics", "hyperparameters": "params", "tags": "tags", "serving": "serving"}
"""Fields with a value for each name, and what their columns' names begin with: that is MLflow's word, where it has one."""
_BOOKKEEPING = {"files", "folded_by", "metrics_known", "usual_gap_seconds", "whole"}
"""Fields that say how the row was made, or help to find it, and nothing that people look for."""
_NOT_FINITE = ("NaN", "Infinity", "-Infinity")
_ARROW_TYPES = {str: "string", int: "int64", float: "double", bool: "bool"}
_SCALARS = set(_ARROW_TYPES)
_MAX_INT64 = 2**63 - 1


class Table(NamedTuple):
    """Cells by the name of their column. `times` are the names of those that hold datetimes.

    `types` has the type of a column for where no cell has a value: one can calculate with a list of runs that did not end, too.
    """

    columns: dict[str, list[Any]]
    times: set[str]
    types: Mapping[str, type] = {}

    def to_pandas(self) -> pd.DataFrame:
        pandas = required("pandas", "to_pandas", "pandas")
        series = {
            name: pandas.Series(
                cells, dtype="datetime64[us, UTC]" if name in self.times else _pandas_type(cells, self.types.get(name))
            )
            for name, cells in self.columns.items()
        }
        return pandas.DataFrame(series)

    def to_arrow(self) -> pa.Table:
        pyarrow = required("pyarrow", "to_arrow", "parquet")
        time = pyarrow.timestamp("us", tz="UTC")
        arrays = {
            name: pyarrow.array(cells, time) if name in self.times else pyarrow.array(*self._arrow_column(name))
            for name, cells in self.columns.items()
        }
        return pyarrow.table(arrays)

    def _arrow_column(self, name: str) -> tuple[list[Any], str | None]:
        """The cells, and the name of their type where no cell tells it."""
        cells, of_field = self.columns[name], self.types.get(name)
        return _of_one_type(cells), None if of_field is None or _types(cells) else _ARROW_TYPES[of_field]


def columns_of(row_type: type[Struct], rows: Sequence[Struct]) -> Table:
    """The fields of the rows as columns, in the order of the fields; what is spread out comes last."""
    columns: dict[str, list[Any]] = {}
    spread_out: dict[str, list[Any]] = {}
    times: set[str] = set()
    for field in row_type.__struct_fields__:
        cells = [getattr(row, field) for row in rows]
        if field == "stream" and row_type in _KINDS:
            columns[_KINDS[row_type]] = [stream.partition("/")[2] for stream in cells]
        elif field in _SPREAD_OUT:
            spread_out |= _spread_out(_SPREAD_OUT[field], cells)
        elif field.endswith("_at") or field in ("at", "since"):
            times.add(field)
            columns[field] = list(map(_moment, cells))
        elif field not in _BOOKKEEPING:
            columns[field] = _plain(cells)
    in_order = sorted(spread_out, key=lambda name: list(_SPREAD_OUT.values()).index(name.partition(".")[0]))
    return Table(columns | {name: spread_out[name] for name in in_order}, times, _types_of_fields(row_type))


def _types_of_fields(row_type: type[Struct]) -> dict[str, type]:
    """The type of each field, by the name of its column. What is no plain value is its JSON in Arrow."""
    types: dict[str, type] = {}
    for field in msgspec.structs.fields(row_type):
        scalars = _SCALARS & set(get_args(field.type) if isinstance(field.type, UnionType) else [field.type])
        types[field.name] = float if scalars == {int, float} else min(scalars, key=str, default=str)
    return types | {_KINDS.get(row_type, ""): str}


def _spread_out(prefix: str, cells: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """A column for each name in any of the rows."""
    names = set(chain.from_iterable(cells))
    in_order = sorted(names, key=importance) if prefix == "metrics" else sorted(names)
    return {f"{prefix}.{name}": _plain([row.get(name) for row in cells]) for name in in_order}


def _plain(cells: list[Any]) -> list[Any]:
    return cells if _types(cells) <= _SCALARS else list(map(_cell, cells))


def _cell(value: Any) -> Any:
    if isinstance(value, Headline):
        value = value.last if value.best is None else value.best
        return float(value) if value in _NOT_FINITE else value
    return msgspec.to_builtins(value) if isinstance(value, (Struct, list, dict)) else value


def _moment(text: str | None) -> datetime | None:
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:  # an altered log may hold anything there
        return None


def _types(cells: Iterable[Any]) -> set[type]:
    return set(map(type, cells)) - {type(None)}


def _pandas_type(cells: list[Any], of_field: type | None) -> str | None:
    """The type of a column whose cells stay what they are. None leaves it to pandas."""
    types = _types(cells) or ({of_field} - {None})
    if types == {int}:
        fits = all(cell is None or abs(cell) <= _MAX_INT64 for cell in cells)
        return ("Int64" if None in cells else "int64") if fits else "object"
    if types and types <= {int, float}:
        return "float64"
    if types == {bool} and None not in cells:
        return "bool"
    return None if types == {str} else "object"


def _of_one_type(cells: list[Any]) -> list[Any]:
    """The cells, as a column of Arrow can have them: of one type. Numbers become floats, anything else its JSON."""
    types = _types(cells)
    if types == {int} and any(cell is not None and abs(cell) > _MAX_INT64 for cell in cells):
        types = {int, str}
    if len(types) <= 1 and not types & {dict, list}:
        return cells
    to: Any = float if types == {int, float} else _json
    return [None if cell is None else to(cell) for cell in cells]


def _json(cell: Any) -> str:
    return msgspec.json.encode(cell).decode()


def required(module: str, method: str, extra: str) -> ModuleType:
    """The module, for a method that needs it. Raises Misused where the extra that brings it is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError:
        raise Misused(f"{method} needs {module}: pip install 'training-events[{extra}]'") from None
