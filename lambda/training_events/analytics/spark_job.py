"""What Spark does with an export of the log: every item goes to where its stream is checked.

There the rows of a stream come one stream after the other, sorted, and are read from a temporary file as often as it takes:
neither a partition nor a stream has to fit into memory. What pinned a run is in another stream than the run, so models are
checked last, with what was found out of the runs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from training_events import folds
from training_events.analytics.arrow_tasks import BATCH_ROWS, COLUMNS, TALLY, checking, reading
from training_events.analytics.beside import seals_in
from training_events.analytics.places import place_at
from training_events.analytics.snapshots import finish, remove_old, snapshot_name
from training_events.analytics.stream_rows import What
from training_events.analytics.summary import Summary, Witness
from training_events.analytics.task import Tally, Task
from training_events.errors import NotChecked

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from training_events.analytics.beside import Beside
    from training_events.analytics.exported_log import ExportedLog

_ITEMS_A_PARTITION = 50_000
_FROM_A_TASK = re.compile(r"(?:training_events\.errors|botocore\.exceptions)\.\w+: (.*)")


class SparkJob:
    """One run over one export."""

    def __init__(self, spark: SparkSession, exported: ExportedLog, exports: str, tables: str, beside: Beside) -> None:
        self._spark, self._exported, self._exports, self._tables, self._beside = spark, exported, exports, tables, beside
        items = exported.log.items + (0 if exported.read_models is None else exported.read_models.items)
        self._partitions = max(2 * spark.sparkContext.defaultParallelism, -(-items // _ITEMS_A_PARTITION))

    def run(self, moment: str) -> Summary:
        """Check everything, write the tables, and then the summary that makes them whole. Raises NotChecked."""
        snapshot = snapshot_name(moment)
        try:
            tally = self._checked(snapshot)
        except Exception as error:
            if (found := _FROM_A_TASK.search(str(error))) is not None:
                raise NotChecked(found[1]) from None
            raise
        summary = self._summary(snapshot, tally)
        place = place_at(self._tables)
        finish(place, snapshot, set(tally.files), msgspec.json.format(msgspec.json.encode(summary)) + b"\n")
        remove_old(place, moment)
        return summary

    def _checked(self, snapshot: str) -> Tally:
        self._spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", str(BATCH_ROWS))
        by_stream = self._sorted(self._items().union(self._named()))
        first = Task(self._tables, snapshot, self._beside, "0", held_back="model/")
        done = by_stream.mapInArrow(checking(first), COLUMNS).persist(_on_disk())
        try:
            models = self._sorted(done.filter(f"what != {TALLY}"))
            last = Task(self._tables, snapshot, self._beside, "1")
            tallies = done.filter(f"what = {TALLY}").union(models.mapInArrow(checking(last), COLUMNS)).collect()
        finally:
            done.unpersist()
        total = Tally()
        for row in tallies:
            total.add(msgspec.msgpack.decode(bytes(row.content), type=Tally))
        return total

    def _items(self) -> DataFrame:
        files = [(msgspec.msgpack.encode(file),) for file in self._exported.files]
        listed = self._spark.createDataFrame(files, "file binary").repartition(max(len(files), 1))
        return listed.mapInArrow(reading(self._exports), COLUMNS)

    def _named(self) -> DataFrame:
        """A row for each stream that has seals: the exports may have none of it any more."""
        bucket = self._beside.seal_bucket
        sealed = [] if bucket is None else seals_in(bucket).streams()
        return self._spark.createDataFrame([(name, int(What.NAMED), "", "", b"") for name in sealed], COLUMNS)

    def _sorted(self, rows: DataFrame) -> DataFrame:
        return rows.repartition(self._partitions, "stream").sortWithinPartitions("stream", "what", "position", "written_at")

    def _summary(self, snapshot: str, tally: Tally) -> Summary:
        incrementals = [export for export in self._exported.log.exports if export.kind == "incremental"]
        return Summary(
            snapshot=snapshot,
            as_of=self._beside.as_of,
            folded_by=folds.VERSION,
            exports=[export.arn for export in self._exported.log.exports],
            states_compared=self._beside.compare_states,
            seals_read=self._beside.seal_bucket is not None,
            witness=Witness(
                exports=len(incrementals),
                since=incrementals[0].since if incrementals else None,
                until=incrementals[-1].until if incrementals else None,
                changed=tally.changed,
            ),
            checked=tally,
        )


def _on_disk() -> Any:
    from pyspark import StorageLevel  # noqa: PLC0415 - only where Spark is

    return StorageLevel.DISK_ONLY
