"""The tasks of the job as Spark runs them: functions from Arrow's batches to Arrow's batches. They run on other machines."""

from __future__ import annotations

from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from training_events.analytics.exported_log import ExportedFile
from training_events.analytics.exported_tree import TreePlace, leaf_rows
from training_events.analytics.places import place_at
from training_events.analytics.stream_rows import Row, What
from training_events.analytics.task import Tally, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from training_events.analytics.stream_rows import StreamRow
    from training_events.proof.tree.log_checkpoint import LogCheckpoint

COLUMNS = "stream string, what int, position string, written_at string, content binary"
"""The columns of the rows, as Spark names types."""
TALLY = -1
"""In place of what a row holds: its content is what a task has counted."""
BATCH_ROWS, BATCH_BYTES = 1_000, 4 * 2**20
"""How much is held at a time. An item of DynamoDB has at most 400 KB."""

ArrowTask: TypeAlias = "Callable[[Iterable[Any]], Iterator[Any]]"


def reading(exports: str) -> ArrowTask:
    """What a task does that reads files of an export."""

    def read(batches: Iterable[Any]) -> Iterator[Any]:
        place = place_at(exports)
        files = (value for batch in batches for value in batch.column(0).to_pylist())
        decoded = (msgspec.msgpack.decode(file, type=ExportedFile) for file in files)
        return _batches(chain.from_iterable(file.rows(place) for file in decoded))

    return read


def reading_leaves(place: TreePlace, newest: LogCheckpoint, stops: list[int]) -> ArrowTask:
    """What a task does that reads parts of the tree: each is a row with its first number, and that behind its last."""

    def read(batches: Iterable[Any]) -> Iterator[Any]:
        parts = chain.from_iterable(zip(*(column.to_pylist() for column in batch.columns), strict=True) for batch in batches)
        tree = place.reader()
        return _batches(chain.from_iterable(leaf_rows(tree, newest, start, end, stops) for start, end in parts))

    return read


def checking(task: Task) -> ArrowTask:
    """What a task does that checks streams."""

    def run(batches: Iterable[Any]) -> Iterator[Any]:
        from pyspark import TaskContext  # noqa: PLC0415 - only where Spark is

        partition = TaskContext.get().partitionId()
        mine = msgspec.structs.replace(task, part=f"{task.part}-{partition:05d}")
        return _batches(mine.run(_streams(batches)))

    return run


def _streams(batches: Iterable[Any]) -> Iterator[tuple[str, Iterator[Row]]]:
    rows = chain.from_iterable(zip(*(column.to_pylist() for column in batch.columns), strict=True) for batch in batches)
    for stream, group in groupby(rows, key=itemgetter(0)):
        yield stream, (Row(What(what), position, written_at, content) for _, what, position, written_at, content in group)


def _batches(rows: Iterable[StreamRow | Tally]) -> Iterator[Any]:
    """The rows as Arrow's batches, of bounded size."""
    import pyarrow as pa  # noqa: PLC0415 - only where Spark is

    types = [pa.string(), pa.int32(), pa.string(), pa.string(), pa.binary()]
    names = [column.split()[0] for column in COLUMNS.split(", ")]
    held: list[tuple[Any, ...]] = []
    size = 0

    def batch() -> Any:
        columns = [pa.array(cells, of) for cells, of in zip(zip(*held, strict=True), types, strict=True)]
        return pa.RecordBatch.from_arrays(columns, names)

    for row in rows:
        if isinstance(row, Tally):
            held.append(("", TALLY, "", "", msgspec.msgpack.encode(row)))
        else:
            held.append((row[0], *row[1]))
            size += len(row[1].content)
        if len(held) >= BATCH_ROWS or size >= BATCH_BYTES:
            yield batch()
            held, size = [], 0
    if held:
        yield batch()
