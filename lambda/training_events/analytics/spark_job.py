"""What Spark does with an export of the log: every item goes to where its stream is checked.

There the rows of a stream come one stream after the other, sorted, and are read from a temporary file as often as it takes:
neither a partition nor a stream has to fit into memory. What pinned a run is in another stream than the run, so models are
checked last, with what was found out of the runs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from training_events import folds
from training_events.analytics.arrow_tasks import BATCH_ROWS, COLUMNS, TALLY, checking, reading, reading_leaves
from training_events.analytics.beside import seals_in
from training_events.analytics.exported_tree import TreeUntil
from training_events.analytics.places import place_at
from training_events.analytics.snapshots import finish, remove_old, snapshot_name
from training_events.analytics.stream_rows import Row, What
from training_events.analytics.summary import Summary, Witness
from training_events.analytics.task import Tally, Task
from training_events.errors import NotChecked
from training_events.proof.leaf_comparison import TreeVerified

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from training_events.analytics.beside import Beside
    from training_events.analytics.exported_log import ExportedLog
    from training_events.analytics.exported_tree import TreePlace

_ITEMS_A_PARTITION = 50_000
_FROM_A_TASK = re.compile(r"(?:training_events\.errors|botocore\.exceptions)\.\w+: (.*)")


class SparkJob:
    """One run over one export."""

    def __init__(
        self,
        spark: SparkSession,
        exported: ExportedLog,
        exports: str,
        tables: str,
        beside: Beside,
        *,
        tree: TreePlace | None = None,
    ) -> None:
        self._spark, self._exported, self._exports, self._tables, self._beside = spark, exported, exports, tables, beside
        self._tree = tree
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
        items, leaves = self._items().union(self._named()), self._leaves()
        by_stream = self._sorted(items if leaves is None else items.union(leaves))
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
        total.add(Task(self._tables, snapshot, self._beside, "tree").put_findings_of_tree())
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

    def _leaves(self) -> DataFrame | None:
        """The leaves of the tree as rows of their streams, once it is known what the tree is. None where there is none."""
        if self._tree is None:
            return None
        tree = TreeUntil(self._tree.reader(), self._beside.as_of)
        if tree.newest is None:
            self._beside = replace(self._beside, tree=tree.read(())[0])
            return None
        parts = list(tree.parts())
        listed = self._spark.createDataFrame(parts, "start long, end long").repartition(len(parts))
        read = listed.mapInArrow(reading_leaves(self._tree, tree.newest, tree.stops), COLUMNS).persist(_on_disk())
        of_tree = read.filter(f"what >= {int(What.REACHED)}").collect()
        known, unreadable = tree.read(Row(What(row.what), row.position, row.written_at, b"") for row in of_tree)
        self._beside = replace(self._beside, tree=known)
        leaves = read.filter(f"what = {int(What.LEAF)}")
        return leaves if unreadable is None else leaves.filter(f"written_at < '{unreadable:020d}'")

    def _sorted(self, rows: DataFrame) -> DataFrame:
        return rows.repartition(self._partitions, "stream").sortWithinPartitions("stream", "what", "position", "written_at")

    def _summary(self, snapshot: str, tally: Tally) -> Summary:
        tree = self._beside.tree
        incrementals = [export for export in self._exported.log.exports if export.kind == "incremental"]
        return Summary(
            snapshot=snapshot,
            as_of=self._beside.as_of,
            folded_by=folds.VERSION,
            exports=[export.arn for export in self._exported.log.exports],
            states_compared=self._beside.compare_states,
            seals_read=self._beside.seal_bucket is not None,
            tree=TreeVerified(checked=False) if tree is None else _covered(tree.verified, tally),
            tree_findings=[] if tree is None else tree.findings,
            witness=Witness(
                exports=len(incrementals),
                since=incrementals[0].since if incrementals else None,
                until=incrementals[-1].until if incrementals else None,
                changed=tally.changed,
            ),
            checked=tally,
        )


def _covered(verified: TreeVerified, tally: Tally) -> TreeVerified:
    return replace(verified, covered=tally.covered, not_covered=tally.events - tally.covered) if verified.checked else verified


def _on_disk() -> Any:
    from pyspark import StorageLevel  # noqa: PLC0415 - only where Spark is

    return StorageLevel.DISK_ONLY
