"""An exported log: what the commands find in its tables, and what a job's tasks find in its exports, here without Spark."""

from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from pathlib import Path
from typing import Any
from zlib import crc32

import boto3
import pyarrow.parquet as pq
from training_events.analytics.beside import Beside, seals_in
from training_events.analytics.exported_log import read_exported_log
from training_events.analytics.exported_tree import ExportedTree, TreePlace, TreeUntil, leaf_rows
from training_events.analytics.places import place_at
from training_events.analytics.stream_rows import Row, StreamRow, What
from training_events.analytics.task import Tally, Task
from training_events.interchange.exports.parquet.rows import finding_row
from training_events.projection.projector import Projector
from training_events.projection.rebuild import Rebuild
from training_events.proof.s3_seal_store import S3SealStore
from training_events.proof.tree.s3_tiles import S3Tiles
from training_events.reading.opening import Sources
from training_events.reading.verification import findings_of_log
from training_events.stores.dynamodb.event_log import DynamoDbLog
from training_events.stores.dynamodb.read_models import DynamoDbReadModels
from training_events.times import now

from tests.older_logs.write import BUCKET
from tests.support.dynamodb import READ_MODELS as READ_MODELS_TABLE
from tests.support.dynamodb import TABLE
from tests.support.dynamodb_exports import READ_MODELS_ARN, Change, exports_in, items_of_table
from tests.support.tables_in_memory import Item, TablesInMemory
from tests.support.tampered_tree_on_aws import TamperedAws

LOG, READ_MODELS = "event-log", "read-models"
SNAPSHOT = "20261129T120000Z"
SIZE_OF_ANY = "9" * 20


class LogInTables:
    """A log in tables whose items a test may alter. `rebuild` and `findings` are what the commands do."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.client = TablesInMemory()
        client: Any = self.client
        for item in items:
            self.put(item)
        self.log, self.read_models = DynamoDbLog(LOG, client), DynamoDbReadModels(READ_MODELS, client)

    def put(self, item: Item) -> None:
        """Put an item, in place of one that may be there."""
        self.client.put_item(TableName=LOG, Item=item)

    def remove(self, item: Item) -> None:
        self.client.delete_item(TableName=LOG, Key=item)

    def rebuild(self) -> dict[str, str]:
        """The states that `rebuild` stores."""
        projector = Projector(self.log, self.read_models)
        Rebuild(self.log, self.read_models, projector, begun_at=now(), on_change=lambda _: None).run()
        return self.states()

    def states(self) -> dict[str, str]:
        models = map(self.read_models.get, self.read_models.streams())
        return {model.stream: model.state.decode() for model in models if model is not None}

    def findings(self) -> list[tuple[Any, ...]]:
        return findings_of(Sources(self.log, self.read_models, Projector(self.log, self.read_models), None))

    def export(self, folder: Path, to: str, changes: Iterable[Change] = (), *, since: str = "") -> None:
        """Exports of both tables, as they are. `changes` are exported as of a window behind the full export."""
        writer = exports_in(folder, files=4)
        writer.full(self.client.items(LOG), since or to)
        if since:
            writer.incremental(changes, since, to)
        writer.full(self.client.items(READ_MODELS), to, READ_MODELS_ARN)
        writer.state()


def findings_in(store: TamperedAws) -> list[tuple[Any, ...]]:
    """What `verify --all` finds on AWS without the notary's own table, and the settings by which locks are looked at."""
    seals, tiles = S3SealStore(BUCKET, store.s3), S3Tiles(BUCKET, store.s3)
    return findings_of(Sources(store.log, store.read_models, Projector(store.log, store.read_models), seals, tiles))


def export_of(store: TamperedAws, folder: Path) -> None:
    """Exports of both tables, as they are."""
    writer, to, client = exports_in(folder), now(), boto3.client("dynamodb")
    writer.full(items_of_table(client, TABLE), to)
    writer.full(items_of_table(client, READ_MODELS_TABLE), to, READ_MODELS_ARN)
    writer.state()


def findings_of(sources: Sources) -> list[tuple[Any, ...]]:
    """What `verify --all` finds, as rows of the table of findings."""
    return sorted_rows(finding_row(*found) for found in findings_of_log(sources, lambda _text, _share: None))


def run_tasks(
    exports: Path, tables: Path, partitions: int = 3, *, seal_bucket: str | None = None, tree: TreePlace | None = None
) -> Tally:
    """Does what the job does, with the tasks one after the other."""
    exported = read_exported_log(place_at(str(exports)), "state.json")
    known, leaves = (None, []) if tree is None else _tree(tree, exported.as_of)
    options = Beside(exported.as_of, exported.read_models is not None, seal_bucket, known)
    sealed = seals_in(seal_bucket).streams() if seal_bucket else ()
    rows = [row for file in exported.files for row in file.rows(place_at(str(exports)))]
    rows += leaves + [(name, Row(What.NAMED, "", "", b"")) for name in sealed]
    total, held_back = Tally(), "model/"
    for number in ("0", "1"):
        later: list[StreamRow] = []
        for partition in range(partitions):
            task = Task(str(tables), SNAPSHOT, options, f"{number}-{partition:05d}", held_back if number == "0" else None)
            for made in task.run(_streams(rows, partition, partitions)):
                if isinstance(made, Tally):
                    total.add(made)
                else:
                    later.append(made)
        rows = later
    total.add(Task(str(tables), SNAPSHOT, options, "tree").put_findings_of_tree())
    return total


def _tree(place: TreePlace, as_of: str) -> tuple[ExportedTree, list[StreamRow]]:
    until = TreeUntil(place.reader(), as_of)
    newest, stops = until.newest, until.stops
    parts = [] if newest is None else [leaf_rows(place.reader(), newest, *part, stops) for part in until.parts()]
    rows = list(chain.from_iterable(parts))
    known, unreadable = until.read(row for stream, row in rows if not stream)
    end = SIZE_OF_ANY if unreadable is None else f"{unreadable:020d}"
    return known, [(stream, row) for stream, row in rows if stream and row.written_at < end]


def _streams(rows: list[StreamRow], partition: int, partitions: int) -> Iterator[tuple[str, Iterator[Row]]]:
    mine = sorted(row for row in rows if crc32(row[0].encode(errors="surrogatepass")) % partitions == partition)
    for stream, of_stream in groupby(mine, key=lambda row: row[0]):
        yield stream, (row for _, row in of_stream)


def table(tables: Path, name: str, snapshot: str = "*") -> list[tuple[Any, ...]]:
    """The rows of a table of a snapshot."""
    found: list[tuple[Any, ...]] = []
    for file in sorted(tables.glob(f"{name}/snapshot={snapshot}/part-*.parquet")):
        found += [tuple(row.values()) for row in pq.read_table(file).to_pylist()]
    return found


def sorted_rows(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=repr)
