"""An exported log: what the commands find in its tables, and what a job's tasks find in its exports, here without Spark."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any
from zlib import crc32

import pyarrow.parquet as pq
from training_events.analytics.beside import Beside
from training_events.analytics.exported_log import read_exported_log
from training_events.analytics.places import place_at
from training_events.analytics.stream_rows import Row, StreamRow
from training_events.analytics.task import Tally, Task
from training_events.interchange.exports.parquet.rows import finding_row
from training_events.projection.projector import Projector
from training_events.projection.rebuild import Rebuild
from training_events.reading.opening import Sources
from training_events.reading.verification import findings_of_log
from training_events.stores.dynamodb.event_log import DynamoDbLog
from training_events.stores.dynamodb.read_models import DynamoDbReadModels
from training_events.times import now

from tests.support.dynamodb_exports import READ_MODELS_ARN, Change, exports_in
from tests.support.tables_in_memory import Item, TablesInMemory

LOG, READ_MODELS = "event-log", "read-models"
SNAPSHOT = "20261129T120000Z"


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
        """What `verify --all` finds, as rows of the table of findings."""
        sources = Sources(self.log, self.read_models, Projector(self.log, self.read_models), None)
        return sorted_rows(finding_row(*found) for found in findings_of_log(sources, lambda _text, _share: None))

    def export(self, folder: Path, to: str, changes: Iterable[Change] = (), *, since: str = "") -> None:
        """Exports of both tables, as they are. `changes` are exported as of a window behind the full export."""
        writer = exports_in(folder, files=4)
        writer.full(self.client.items(LOG), since or to)
        if since:
            writer.incremental(changes, since, to)
        writer.full(self.client.items(READ_MODELS), to, READ_MODELS_ARN)
        writer.state()


def run_tasks(exports: Path, tables: Path, partitions: int = 3, **beside: Any) -> Tally:
    """Does what the job does, with the tasks one after the other."""
    exported = read_exported_log(place_at(str(exports)), "state.json")
    options = Beside(exported.as_of, compare_states=exported.read_models is not None, **beside)
    rows = [row for file in exported.files for row in file.rows(place_at(str(exports)))]
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
    return total


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
