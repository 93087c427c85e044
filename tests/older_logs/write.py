"""`python -m tests.older_logs.write VERSION`: writes a log as this version of the package writes it, for the versions after it.

Run it once for a release, at the release's commit. tests/contract/test_older_logs.py then reads every folder here with the
present code. The SQLite file, and the tables with their seals in S3, hold the same events.
"""

import json
import sqlite3
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
from training_events.event import DEFAULT_SOURCE, Event
from training_events.projection.catch_up import catch_up
from training_events.projection.projector import Projector
from training_events.projection.sealer import Sealer
from training_events.proof.s3_seal_store import S3SealStore
from training_events.proof.sqlite_seal_store import SqliteSealStore
from training_events.recorder.delivery.journal import Journal
from training_events.stores.opening import open_store
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.times import from_nanoseconds

from tests.support.dynamodb import READ_MODELS, TABLE, aws_in_this_process, create_read_models_table, create_table

BUCKET = "data"
START_NS = 1_763_823_719_000_000_000
SECOND_NS = 1_000_000_000
FILE = {"uri": "s3://data/runs/digits-1/model.joblib", "version_id": "v1", "sha256": "ab" * 32, "bytes": 1234}


def main(version: str) -> None:
    folder = Path(__file__).parent / version
    folder.mkdir(exist_ok=True)
    write_sqlite(folder / "log.db")
    write_tables(folder / "tables.json")


def write_sqlite(path: Path) -> None:
    path.unlink(missing_ok=True)
    store = open_store(f"sqlite:///{path}")
    log, read_models = store.log, store.read_models
    assert isinstance(log, SqliteLog)
    assert read_models is not None
    for part in (before_the_seals(), after_the_seals()):
        for event in part:
            log.append(event)
        catch_up(log, Projector(log, read_models), Sealer(log, read_models, SqliteSealStore(log.database)))
    with closing(sqlite3.connect(path)) as connection:  # nothing stays in a file beside it
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def write_tables(path: Path) -> None:
    with aws_in_this_process():
        create_table()
        create_read_models_table()
        s3 = aws_bucket()
        store = open_store(f"dynamodb://{TABLE}?read_models={READ_MODELS}")
        assert store.read_models is not None
        projector = Projector(store.log, store.read_models)
        sealer = Sealer(store.log, store.read_models, S3SealStore(BUCKET, s3, mode="GOVERNANCE", days=1))
        for part in (before_the_seals(), after_the_seals()):
            events = list(part)
            for event in events:
                store.log.append(event)
            for stream in dict.fromkeys(event.stream for event in events):
                sealer.after(projector.refold(stream).state)
        path.write_text(json.dumps(contents(s3), indent=1, sort_keys=True, default=as_base64) + "\n")


def aws_bucket() -> Any:
    s3 = boto3.client("s3")
    location: Any = {"LocationConstraint": "eu-central-1"}
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location, ObjectLockEnabledForBucket=True)
    return s3


def contents(s3: Any) -> dict[str, Any]:
    """The items of both tables as DynamoDB's API gives them (bytes in base64), and the text of each seal by its key."""
    dynamodb = boto3.client("dynamodb")
    keys = [found["Key"] for found in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    return {
        "event_log": dynamodb.scan(TableName=TABLE)["Items"],
        "read_models": dynamodb.scan(TableName=READ_MODELS)["Items"],
        "seals": {key: s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode() for key in keys},
    }


def as_base64(value: bytes) -> str:
    return b64encode(value).decode()


class Life:
    """The events of one stream, a second apart. The first producer numbers and chains its own; a plain event has none."""

    def __init__(self, stream: str, start_ns: int = START_NS) -> None:
        self._journal = Journal(stream)
        self._at_ns = start_ns

    def chained(self, type_: str, **data: Any) -> Event:
        self._at_ns += SECOND_NS
        return self._journal.next_event(type_, data, self._at_ns)

    def plain(self, type_: str, **data: Any) -> Event:
        self._at_ns += SECOND_NS
        stream = self._journal.stream
        at = from_nanoseconds(self._at_ns)
        return Event(f"plain-{type_}-{self._at_ns}", stream, type_, at, DEFAULT_SOURCE, data, extensions={"team": "vision"})


def before_the_seals() -> Iterator[Event]:
    spec = {"model": "digits", "hyperparameters": {"C": 1.0, "seed": 2**63 + 1}, "datasets": [FILE], "seeds": {"numpy": 7}}
    done = Life("run/digits-1")
    yield done.plain("TrainingRequested", requested_by="ada")
    yield done.chained("TrainingStarted", **spec)
    for batch in range(6):
        yield done.chained("MetricsRecorded", points=[point("loss", batch * 20 + step) for step in range(20)])
    yield done.chained("CheckpointSaved", **FILE, step=119)
    yield done.chained("TrainingCompleted", artifact=FILE)

    resumed = Life("run/digits-2")
    yield resumed.chained("TrainingStarted", **spec)
    yield resumed.chained("MetricsRecorded", points=[point("loss", step) for step in range(10)])
    yield resumed.chained("TrainingFailed", error="RuntimeError", traceback="Traceback …")
    yield resumed.chained("TrainingStarted", **spec | {"hyperparameters": {"C": 2.0}})
    yield resumed.chained("MetricsRecorded", points=[point("loss", step) for step in range(5, 15)])
    yield resumed.chained("TrainingCompleted")

    for name in ("still-running", "caf\u00e9", "cafe\u0301"):
        running = Life(f"run/{name}")
        yield running.chained("TrainingStarted", **spec)
        yield running.chained("MetricsRecorded", points=[point("accuracy", 0), {"name": "f1", "value": "NaN"}])
        yield running.plain("SomethingNew", of="ours")

    yield Life("run/far-ahead", 32_472_144_000 * SECOND_NS).plain("TrainingStarted", model="digits")

    model = Life("model/digits")
    for version in (1, 2):
        yield model.chained("ModelRegistered", version=version, run="run/digits-1", artifact=FILE)
        yield model.chained("ModelPromoted", version=version, stage="production", promoted_by="ada")
    yield model.plain("ModelPackageStateChanged", version=2, status="Completed", approval_status="Approved")

    retired = Life("model/old")
    yield retired.chained("ModelRegistered", version="1.0")
    yield retired.chained("ModelRetired", reason="superseded")

    dataset = Life("dataset/digits")
    yield dataset.chained("DatasetRegistered", **FILE, rows=1797, mine=10**3000)
    yield dataset.chained("DatasetRegistered", **FILE | {"sha256": "cd" * 32, "version_id": "v2"}, rows=1800)


def after_the_seals() -> Iterator[Event]:
    """Late ones: they make a second seal, and a state that is folded again."""
    late = Life("run/digits-1", START_NS + 4 * SECOND_NS + 500_000_000)
    yield late.chained("MetricsRecorded", points=[point("loss", 7), point("accuracy", 7)])
    yield late.chained("TrainingStopped", reason="a second rank ended")


def point(name: str, step: int) -> dict[str, Any]:
    return {"name": name, "value": 1 / (1 + step), "step": step}


if __name__ == "__main__":
    main(*sys.argv[1:])
