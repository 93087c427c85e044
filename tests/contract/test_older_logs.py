"""What earlier versions wrote is read, verified, appended to and sealed. Each folder of tests/older_logs has the log of one."""

import json
import shutil
from base64 import b64decode
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest
from training_events import folds
from training_events.event import DEFAULT_SOURCE, Event
from training_events.folds.run_state import RunState
from training_events.folds.summary import summary_of
from training_events.pages.page import Asked
from training_events.pages.report.contents import report_pages
from training_events.pages.report.document import report_html
from training_events.pages.report.made import Made
from training_events.projection.projector import Projector
from training_events.projection.rebuild import Rebuild
from training_events.projection.time_travel import state_now
from training_events.proof.s3_seal_store import S3SealStore
from training_events.proof.seal_store import SealStore
from training_events.proof.sealing import seal_stream
from training_events.proof.sqlite_seal_store import SqliteSealStore
from training_events.proof.verification import verify
from training_events.reading.log import Log
from training_events.reading.opening import Sources
from training_events.stores.event_log import Appended, EventLog
from training_events.stores.opening import open_store
from training_events.stores.read_models import ReadModels
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.times import now

from tests.older_logs.write import BUCKET, aws_bucket
from tests.support.dynamodb import READ_MODELS, TABLE, aws_in_this_process, create_read_models_table, create_table

FOLDERS = sorted(folder for folder in (Path(__file__).parents[1] / "older_logs").iterdir() if (folder / "log.db").exists())
STREAMS = {
    "run/digits-1": 12, "run/digits-2": 6, "run/still-running": 3, "run/caf\u00e9": 3, "run/cafe\u0301": 3, "run/far-ahead": 1,
    "model/digits": 5, "model/old": 2, "dataset/digits": 2,
}  # fmt: skip
"""Each stream, and how many events it has."""


class Older(NamedTuple):
    log: EventLog
    read_models: ReadModels
    seals: SealStore


@pytest.fixture(params=[(folder, store) for folder in FOLDERS for store in ("sqlite", "dynamodb")],
                ids=lambda which: f"{which[0].name}-{which[1]}")  # fmt: skip
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Older]:
    folder, kind = request.param
    if kind == "sqlite":
        shutil.copy(folder / "log.db", tmp_path / "log.db")
        store = open_store(f"sqlite:///{tmp_path}/log.db")
        assert isinstance(store.log, SqliteLog)
        assert store.read_models is not None
        yield Older(store.log, store.read_models, SqliteSealStore(store.log.database))
        return
    with aws_in_this_process():
        create_table()
        create_read_models_table()
        put_back(json.loads((folder / "tables.json").read_text(), object_hook=bytes_from_base64))
        store = open_store(f"dynamodb://{TABLE}?read_models={READ_MODELS}")
        assert store.read_models is not None
        yield Older(store.log, store.read_models, S3SealStore(BUCKET, boto3.client("s3"), mode="GOVERNANCE", days=1))


def put_back(contents: dict[str, Any]) -> None:
    dynamodb, s3 = boto3.client("dynamodb"), aws_bucket()
    for name, table in (("event_log", TABLE), ("read_models", READ_MODELS)):
        for item in contents[name]:
            dynamodb.put_item(TableName=table, Item=item)
    seals = S3SealStore(BUCKET, s3, mode="GOVERNANCE", days=1)
    for key, text in sorted(contents["seals"].items()):
        stream, number = json.loads(text.splitlines()[0])["stream"], int(key.rpartition("/")[2].removesuffix(".jsonl"))
        seals.write(stream, number, BytesIO(text.encode()), seals.lock_of(now()))


def bytes_from_base64(value: dict[str, Any]) -> dict[str, Any]:
    return {"B": b64decode(value["B"])} if list(value) == ["B"] else value


def test_every_stream_is_sound_and_complete(older: Older):
    found = {stream: verify(older.log, older.seals, stream, read_models=older.read_models) for stream in STREAMS}
    assert {stream: (result.events, result.sound, result.complete) for stream, result in found.items()} == {
        stream: (events, True, True) for stream, events in STREAMS.items()
    }
    covered = {stream: result.seals.covered for stream, result in found.items() if result.seals.covered}
    assert covered == {"run/digits-1": 12, "run/digits-2": 6, "model/old": 2}


def test_every_event_is_read_with_the_digest_that_it_was_recorded_with(older: Older):
    for stream, events in STREAMS.items():
        assert [recorded.event.digest == recorded.digest for recorded in older.log.read(stream)] == [True] * events


def test_states_are_those_of_the_log(older: Older):
    for stream in STREAMS:
        folded = folds.fold(folds.empty(stream), older.log.entries(stream))
        assert folds.encode(state_now(older.log, older.read_models, stream)) == folds.encode(folded)
    run = state_now(older.log, older.read_models, "run/digits-1")
    assert isinstance(run, RunState)
    assert run.counts.events == 12


def test_every_stream_is_listed_before_and_after_a_rebuild(older: Older):
    def listed() -> dict[str, list[str]]:
        return {
            kind: sorted(json.loads(summary)["stream"] for summary in older.read_models.summaries(kind))
            for kind in folds.STATES
        }

    of_kind = {kind: sorted(stream for stream in STREAMS if stream.startswith(f"{kind}/")) for kind in folds.STATES}
    assert listed() == of_kind
    projector = Projector(older.log, older.read_models)
    Rebuild(older.log, older.read_models, projector, begun_at=now(), on_change=lambda _: None).run()
    assert listed() == of_kind


def test_an_event_recorded_again_is_a_repeat(older: Older):
    for stream in STREAMS:
        for recorded in list(older.log.read(stream)):
            assert older.log.append(recorded.event) is Appended.REPEATED


@pytest.mark.parametrize("stream", ["run/digits-1", "run/still-running", "model/digits", "dataset/digits", "model/old"])
def test_later_events_are_appended_projected_and_sealed(older: Older, stream: str):
    projector = Projector(older.log, older.read_models)
    later = Event("later", stream, "SomethingNew", now(), DEFAULT_SOURCE, {"by": "this version"})
    assert older.log.append(later) is Appended.RECORDED
    state = projector.project(stream, older.log.entries(stream, after=later.occurred_at)).state
    assert (state.counts.events, state.position) == (STREAMS[stream] + 1, later.position)
    assert seal_stream(older.log, older.seals, stream) is not None
    result = verify(older.log, older.seals, stream)
    assert (result.sound, result.seals.covered, result.seals.not_covered) == (True, STREAMS[stream] + 1, 0)


def test_a_lineage_is_found_in_it(older: Older):
    sources = Sources(older.log, older.read_models, Projector(older.log, older.read_models), older.seals)
    found = Log(sources).lineage("model/digits@2")
    assert [(edge.kind, edge.source, edge.target) for edge in found.edges] == [
        ("read", "dataset/digits@abababababab", "run/digits-1"),
        ("made", "run/digits-1", "model/digits@2"),
        ("promoted", "model/digits@2", "model/digits#production"),
    ]


def test_lists_have_all_that_is_in_a_summary_today(older: Older):
    log = Log(Sources(older.log, older.read_models, Projector(older.log, older.read_models), older.seals))
    for kind, listed in (("run", log.runs()), ("model", log.models()), ("dataset", log.datasets())):
        assert {row.stream for row in listed} == {stream for stream in STREAMS if stream.startswith(f"{kind}/")}
        for row in listed:
            assert row == summary_of(state_now(older.log, None, row.stream))


def test_runs_of_an_earlier_version_are_searched(older: Older):
    log = Log(Sources(older.log, older.read_models, Projector(older.log, older.read_models), older.seals))
    found = log.runs("metrics.loss < 1e9 and status = 'completed'", "-metrics.loss")
    assert "run/digits-1" in [run.stream for run in found]
    assert {run.stream for run in log.runs("events > 0")} == {stream for stream in STREAMS if stream.startswith("run/")}


@pytest.mark.parametrize("stream", STREAMS)
def test_each_stream_is_shown_in_a_report(older: Older, stream: str) -> None:
    sources = Sources(older.log, older.read_models, Projector(older.log, older.read_models), older.seals)
    pages = report_pages(sources, [stream], Asked())
    html = report_html(pages, Asked(), Made(log="an older one", at=now(), command="training-events report"))
    assert f'<h1 id="title">{stream.partition("/")[2]}</h1>' in html
    assert {"summary", "verification"} <= {section.name for section in pages[0].sections}
