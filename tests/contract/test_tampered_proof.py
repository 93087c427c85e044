"""What somebody may do to seals and read models where they are stored, and what `verify` finds of it.

tests/contract/test_tampering.py has the same for events. The tables in docs/design/proof.md are held to both.
"""

import json
import re
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest
from training_events.event import Event
from training_events.projection.projector import Projector
from training_events.projection.sealer import Sealer
from training_events.proof.findings import Kind
from training_events.proof.s3_seal_store import S3SealStore
from training_events.proof.seal_store import SealStore
from training_events.proof.sqlite_seal_store import SqliteSealStore
from training_events.proof.verification import Verification, verify
from training_events.stores.event_log import EventLog
from training_events.stores.opening import open_store
from training_events.stores.read_models import ReadModels
from training_events.stores.sqlite.event_log import SqliteLog

from tests.contract.test_tampering import TAMPERINGS
from tests.older_logs.write import BUCKET, aws_bucket
from tests.support.dynamodb import READ_MODELS, TABLE, aws_in_this_process, create_read_models_table, create_table
from tests.support.paths import ROOT

STREAM = "model/m"


class Tampered(ABC):
    """A log of one model with three seals, and its read model. What the methods do goes past every program of ours."""

    log: EventLog
    read_models: ReadModels
    seals: SealStore

    def fill(self) -> None:
        projector, sealer = Projector(self.log, self.read_models), Sealer(self.log, self.read_models, self.seals)
        for number in range(1, 4):
            time = f"2026-11-22T15:08:39.{number:06d}Z"
            self.log.append(Event(f"e-{number}", STREAM, "ModelRegistered", time, "tests", {"version": number}))
            sealer.after(projector.refold(STREAM).state)

    def verified(self) -> Verification:
        return verify(self.log, self.seals, STREAM, read_models=self.read_models)

    def forge_read_model(self) -> None:
        model = self.read_models.get(STREAM)
        assert model is not None
        state = json.loads(model.state)
        state["versions"] = {}
        forged = json.dumps(state, sort_keys=True, separators=(",", ":")).encode()
        self.read_models.put(STREAM, forged, summary=b"{}", first_at=state["first_at"], replaces=model.revision)

    def remove_read_model(self) -> None:
        model = self.read_models.get(STREAM)
        assert model is not None
        self.read_models.remove(STREAM, replaces=model.revision)

    @abstractmethod
    def alter_seal(self, number: int, old: bytes, new: bytes) -> None: ...

    @abstractmethod
    def remove_seal(self, number: int) -> None: ...

    @abstractmethod
    def remove_event(self, number: int) -> None: ...


class TamperedLaptop(Tampered):
    """A SQLite file, without the notes of its triggers."""

    def __init__(self, path: Path) -> None:
        self._path = path
        store = open_store(f"sqlite:///{path}")
        assert isinstance(store.log, SqliteLog)
        assert store.read_models is not None
        self.log, self.read_models, self.seals = store.log, store.read_models, SqliteSealStore(store.log.database)
        self.fill()
        store.log.forget_arrivals(3)  # as a command does that has projected them
        self._execute("DROP TRIGGER event_deleted")

    def alter_seal(self, number: int, old: bytes, new: bytes) -> None:
        replaced = "UPDATE seals SET content = CAST(replace(CAST(content AS TEXT), ?, ?) AS BLOB) WHERE number = ?"
        self._execute(replaced, old.decode(), new.decode(), number)

    def remove_seal(self, number: int) -> None:
        self._execute("DELETE FROM seals WHERE number = ?", number)

    def remove_event(self, number: int) -> None:
        self._execute("DELETE FROM events WHERE event_id = ?", f"e-{number}")

    def _execute(self, statement: str, *values: Any) -> None:
        with closing(sqlite3.connect(self._path)) as other, other:
            other.execute(statement, values)


class TamperedAws(Tampered):
    """DynamoDB and S3. To alter a seal, its retention has to be over, or it has to be bypassed."""

    def __init__(self) -> None:
        create_table()
        create_read_models_table()
        self.s3 = aws_bucket()
        store = open_store(f"dynamodb://{TABLE}?read_models={READ_MODELS}")
        assert store.read_models is not None
        self.log, self.read_models = store.log, store.read_models
        self.seals = S3SealStore(BUCKET, self.s3, mode="GOVERNANCE", days=30)
        self.fill()

    def alter_seal(self, number: int, old: bytes, new: bytes) -> None:
        key = self.key(number)
        content = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        assert old in content
        lock = self.s3.head_object(Bucket=BUCKET, Key=key)
        self.remove_seal(number)
        names = ("ObjectLockMode", "ObjectLockRetainUntilDate")
        self.s3.put_object(
            Bucket=BUCKET,
            Key=key,
            Body=content.replace(old, new),
            ChecksumAlgorithm="SHA256",
            **{name: lock[name] for name in names},
        )

    def remove_seal(self, number: int) -> None:
        key = self.key(number)
        version = self.s3.head_object(Bucket=BUCKET, Key=key)["VersionId"]
        self.s3.delete_object(Bucket=BUCKET, Key=key, VersionId=version, BypassGovernanceRetention=True)

    def remove_event(self, number: int) -> None:
        key: Any = {"stream": {"S": STREAM}, "position": {"S": f"2026-11-22T15:08:39.{number:06d}Z#e-{number}"}}
        boto3.client("dynamodb").delete_item(TableName=TABLE, Key=key)

    def key(self, number: int) -> str:
        return f"seals/{STREAM}/{number:06d}.jsonl"


def shorten(store: Tampered) -> None:
    assert isinstance(store, TamperedAws)
    until = store.s3.head_object(Bucket=BUCKET, Key=store.key(2))["ObjectLockRetainUntilDate"] - timedelta(days=1)
    retention: Any = {"Mode": "GOVERNANCE", "RetainUntilDate": until}
    store.s3.put_object_retention(Bucket=BUCKET, Key=store.key(2), Retention=retention, BypassGovernanceRetention=True)


def unlock(store: Tampered) -> None:
    assert isinstance(store, TamperedAws)
    content = store.s3.get_object(Bucket=BUCKET, Key=store.key(2))["Body"].read()
    store.remove_seal(2)
    store.s3.put_object(Bucket=BUCKET, Key=store.key(2), Body=content)


def hide(store: Tampered) -> None:
    assert isinstance(store, TamperedAws)
    store.s3.delete_object(Bucket=BUCKET, Key=store.key(3))


def cut_off(store: Tampered) -> None:
    """The newest seal, with the event that it covers and the read model that knew it."""
    store.remove_seal(3)
    store.remove_event(3)
    Projector(store.log, store.read_models).refold(STREAM)


def remove_all_seals(store: Tampered) -> None:
    for number in (1, 2, 3):
        store.remove_seal(number)


class Tampering(NamedTuple):
    """What is found in each kind of store. None: it is not found. "none": there is no such thing in this store."""

    do: Callable[[Tampered], None]
    laptop: Kind | str | None
    aws: Kind | str | None


def both(kind: Kind | None, do: Callable[[Tampered], None]) -> Tampering:
    return Tampering(do, kind, kind)


TAMPERINGS_OF_PROOF: dict[str, Tampering] = {
    "seal: the digest of an event": both(Kind.BROKEN_SEAL, lambda store: store.alter_seal(2, b'"sha256:', b'"sha256:0')),
    "seal: recorded_at of an event": both(Kind.BROKEN_SEAL, lambda store: store.alter_seal(2, b'Z"]', b'Y"]')),
    "seal: its root": both(Kind.BROKEN_SEAL, lambda store: store.alter_seal(3, b'"root":"sha256:', b'"root":"sha256:0')),
    "seal: one of several removed": both(Kind.BROKEN_SEAL, lambda store: store.remove_seal(2)),
    "seal: the newest removed": both(Kind.BROKEN_SEAL, lambda store: store.remove_seal(3)),
    "all seals removed": both(Kind.BROKEN_SEAL, remove_all_seals),
    "newest seal removed with its events": both(Kind.BROKEN_SEAL, cut_off),
    "seal: hidden by a delete marker": Tampering(hide, "none", Kind.BROKEN_SEAL),
    "lock taken away": Tampering(unlock, "none", Kind.NOT_LOCKED),
    "retention shortened": Tampering(shorten, "none", Kind.NOT_LOCKED),
    "read model forged": both(Kind.READ_MODEL_DIFFERS, Tampered.forge_read_model),
    "read model removed": both(Kind.READ_MODEL_DIFFERS, Tampered.remove_read_model),
}
STORES = {"SQLite": "laptop", "DynamoDB and S3": "aws"}


@contextmanager
def store_of(kind: str, folder: Path) -> Iterator[Tampered]:
    if kind == "SQLite":
        yield TamperedLaptop(folder / "log.db")
    else:
        with aws_in_this_process():
            yield TamperedAws()


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("name", TAMPERINGS_OF_PROOF)
def test_a_tampering_with_the_proof_is_found_or_known_not_to_be(tmp_path, monkeypatch, store, name):
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    expected = getattr(TAMPERINGS_OF_PROOF[name], STORES[store])
    if expected == "none":
        return
    with store_of(store, tmp_path) as tampered:
        before = tampered.verified()
        assert (before.findings, before.seals.count, before.seals.covered) == ([], 3, 3)

        TAMPERINGS_OF_PROOF[name].do(tampered)

        verification = tampered.verified()
        found = {finding.kind for finding in verification.findings}
        assert expected in found if expected else not found
        assert verification.sound == (not found)


def documented(heading: str) -> dict[str, list[str]]:
    """The rows of the table below a heading of the document."""
    text = (ROOT / "docs" / "design" / "proof.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"^\|.+\|$", section, re.MULTILINE)]
    return {name: cells for name, *cells in rows[2:]}


def cell(expected: Kind | str | None) -> str:
    if expected == "none":
        return "-"
    return f"`{expected.value}`" if isinstance(expected, Kind) else "**not found**"


def test_the_document_says_of_each_tampering_with_the_proof_what_is_found():
    expected = {name: [cell(row.laptop), cell(row.aws)] for name, row in TAMPERINGS_OF_PROOF.items()}
    assert documented("What is found of a tampering with the proof") == expected


def test_the_document_says_of_each_tampering_with_an_event_what_is_found():
    """A row of the document stands for all tamperings whose names begin so."""
    table = documented("What is found of a tampering with an event")
    seen: set[str] = set()
    for row, cells in table.items():
        names = [name for name in TAMPERINGS if name == row or name.startswith(f"{row}: ")]
        assert names, row
        seen |= set(names)
        for tampering in map(TAMPERINGS.__getitem__, names):
            allowed = {cell(tampering.sealed), cell(tampering.open), cell(tampering.plain)}
            if row == "content":  # some of them are no event any more
                assert None not in (tampering.sealed, tampering.open, tampering.plain)
                assert allowed <= {"`altered`", "`damaged`"}
                assert cells == ["`altered`, `damaged`"] * 3
            else:
                assert cells == [cell(tampering.sealed), cell(tampering.open), cell(tampering.plain)], row
    assert seen == TAMPERINGS.keys()
