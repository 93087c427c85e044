"""The points of one stream, those that the log has and those of the store: each once, in the order of their times.

They are in a temporary database of SQLite, which goes to the disk where there are many: memory does not grow with them. A store
has no identity of a point but what it says, and MLflow counts the same point once.
"""

from __future__ import annotations

import sqlite3
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from mlflow.entities import Metric
from msgspec import json, to_builtins

from training_events.interchange.mlflow.entities import milliseconds
from training_events.interchange.mlflow.facts import point
from training_events.recorder.delivery.points import MAX_BYTES, MAX_POINTS
from training_events.redaction.text import redacted_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

POINTS = frozenset({"MetricsRecorded", "ModelMeasured"})
"""The types of events that hold points."""
_POINT_BYTES = 120
"""What a point takes besides its name, at most."""
_SCHEMA = """
    CREATE TABLE points (number INTEGER PRIMARY KEY, of TEXT, name TEXT, time INTEGER, step, value TEXT, known INTEGER);
    CREATE UNIQUE INDEX points_once ON points (of, name, time, step, value);
"""
_ADD = "INSERT OR IGNORE INTO points (of, name, time, step, value, known) VALUES (?, ?, ?, ?, ?, ?)"
_NEW = "SELECT name, time, step, value FROM points WHERE of = ? AND NOT known ORDER BY time, number"


def measured(run: str | None = None, dataset: Mapping[str, Any] | None = None) -> str:
    """What the points of an event are of: the stream itself, where the event names neither a run nor a dataset."""
    return json.encode([run, *((dataset or {}).get(key) for key in ("name", "digest"))]).decode()


OF_STREAM = measured()


class Batch(NamedTuple):
    """Points for one event, and when the last of them was measured, in milliseconds since 1970."""

    points: list[dict[str, Any]]
    last: int


class Points:
    """`of` tells apart what is measured: a run, or a model on a dataset."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)  # without a name: on disk, and gone when it is closed
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.executescript(_SCHEMA)

    def clear(self) -> None:
        """For the next stream."""
        self._database.execute("DELETE FROM points")

    def close(self) -> None:
        self._database.close()

    def add_known(self, of: str, points: Iterable[Mapping[str, Any]], at: str) -> None:
        """Points as an event of the log has them, which occurred at this time."""
        self._add(of, (_row_of_recorded(point, at) for point in points), known=True)

    def add(self, of: str, metrics: Iterable[Metric]) -> None:
        """Points as MLflow has them."""
        rows = ((_name(one.key), one.timestamp, int(one.step), _text(one.value)) for one in metrics)
        self._add(of, rows, known=False)

    def _add(self, of: str, rows: Iterable[tuple[str, int, int, str]], *, known: bool) -> None:
        self._database.execute("BEGIN")
        self._database.executemany(_ADD, ((of, *row, known) for row in rows))
        self._database.execute("COMMIT")

    def batches(self, of: str) -> Iterator[Batch]:
        """The points that the log does not have, in the order of their times, in parts that fit into an event each."""
        points: list[dict[str, Any]] = []
        room, last = MAX_BYTES, 0
        for name, time, step, value in self._database.execute(_NEW, (of,)):
            size = len(json.encode(name)) + _POINT_BYTES
            if points and (size > room or len(points) == MAX_POINTS):
                yield Batch(points, last)
                points, room = [], MAX_BYTES
            points.append(to_builtins(point(Metric(name, float(value), time, step))))
            room, last = room - size, time
        if points:
            yield Batch(points, last)


def _row_of_recorded(point: Mapping[str, Any], at: str) -> tuple[str, int, int, str]:
    return point["name"], milliseconds(point.get("time") or at), int(point.get("step") or 0), _text(point["value"])


@lru_cache(maxsize=4096)  # a name comes with every point
def _name(given: str) -> str:
    return redacted_text(given)


def _text(value: Any) -> str:
    """One text for one value: NaN is equal to nothing, and to the log there is no negative zero."""
    return repr(float(value) + 0.0)
