"""The job on Spark itself: it tells of exports what `rebuild` and `verify --all` tell of the log, and may be killed."""

import json
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from moto.server import ThreadedMotoServer
from training_events.analytics.places import place_at
from training_events.analytics.snapshots import whole_snapshots

from tests.older_logs.write import BUCKET
from tests.support.checked_exports import LogInTables, export_of, findings_in, sorted_rows, table
from tests.support.dynamodb import REGION, aws_in_this_process
from tests.support.dynamodb_exports import Change
from tests.support.large_log import large_log
from tests.support.spark import kill, start_job
from tests.support.tables_in_memory import Item
from tests.support.tampered_tree import MODEL, RUN
from tests.support.tampered_tree_on_aws import TamperedAws

SINCE, TO = "2026-11-25T00:00:00.000000Z", "2026-11-25T12:00:00.000000Z"
CHANGED_AT = "2026-11-25T08:00:00.000000Z"
MAX_ROUNDS = 5


class Checked(NamedTuple):
    """What the commands find in a log, and what the job did with an export of it."""

    states: dict[str, str]
    findings: list[tuple[Any, ...]]
    planted: list[Item]
    tables: Path
    out: str


@pytest.fixture(scope="module")
def checked(spark_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """Of 20,000 events one is altered in the log and one missing, and two others were changed while DynamoDB looked on."""
    folder = tmp_path_factory.mktemp("analytics")
    items = large_log(20_000)
    log = LogInTables(items)
    log.rebuild()
    altered, missing, changed, removed = items[4_000], items[8_000], items[12_000], items[16_000]
    log.put(altered | {"data": {"S": '{"points":[]}'}})
    log.remove(missing)
    changes = [
        Change(changed, changed | {"data": {"S": "{}"}, "digest": {"S": "sha256:before"}}, CHANGED_AT),
        Change(None, {**removed, "position": {"S": "2026-11-22T08:00:00.000000Z#gone"}}, CHANGED_AT),
    ]
    log.export(folder / "exports", TO, changes, since=SINCE)
    by_verify = log.findings()
    job = start_job(spark_python, "--exports", folder / "exports", "--tables", folder / "tables")
    out, err = job.communicate()
    assert (job.returncode, bool(out)) == (1, True), err
    log.rebuild()
    return Checked(log.states(), by_verify, [altered, missing, changed, removed], folder / "tables", out)


def test_states_are_those_of_rebuild_to_the_byte(checked):
    states = {stream: state for stream, _, _, state in table(checked.tables, "states")}
    assert len(states) > 250
    assert states == checked.states


def test_findings_are_those_of_verify_and_what_dynamodb_saw_changed(checked):
    altered, missing, changed, removed = checked.planted
    found = sorted_rows(table(checked.tables, "findings"))
    by_verify = checked.findings
    seen = [row for row in found if CHANGED_AT in row[3]]
    assert sorted_rows(row for row in found if row not in seen) == by_verify
    assert {(row[0], row[1]) for row in by_verify} >= {
        (altered["stream"]["S"], "altered"),
        (missing["stream"]["S"], "gap"),
        (missing["stream"]["S"], "read_model_differs"),
    }
    assert {(row[0], row[1], row[4]) for row in seen} == {
        (changed["stream"]["S"], "altered", changed["event_id"]["S"]),
        (removed["stream"]["S"], "missing", "gone"),
    }
    assert f"from {SINCE} to {TO} 2 change(s) to recorded events: see the findings" in checked.out


def test_the_summary_tells_what_is_in_the_tables(checked):
    tables = checked.tables
    [snapshot] = whole_snapshots(place_at(str(tables)))
    summary = json.loads((tables / "_snapshots" / f"{snapshot}.json").read_text())
    counted = summary["checked"]["rows"]
    assert counted == {name: len(table(tables, name, snapshot)) for name in counted}
    assert min(counted.values()) > 0
    assert summary["checked"]["events"] > 19_900
    assert summary["checked"]["streams"] > summary["checked"]["sound"] > 200


def test_a_job_that_is_killed_leaves_no_snapshot_and_runs_again(spark_python, tmp_path):
    log = LogInTables(large_log(2_000))
    states = log.rebuild()
    log.export(tmp_path / "exports", TO)
    tables = tmp_path / "tables"
    for _ in range(MAX_ROUNDS):
        job = start_job(spark_python, "--exports", tmp_path / "exports", "--tables", tables)
        while job.poll() is None and not any(tables.glob("*/*/part-*")):
            time.sleep(0.01)
        kill(job)
        if not whole_snapshots(place_at(str(tables))):
            break  # not so if this process slept while the job came to its end
    assert any(tables.glob("*/*/part-*"))
    again = start_job(spark_python, "--exports", tmp_path / "exports", "--tables", tables)
    _, err = again.communicate()
    assert again.returncode == 0, err
    newest = whole_snapshots(place_at(str(tables)))[-1]
    assert {stream: state for stream, _, _, state in table(tables, "states", newest)} == states


def test_a_damaged_file_of_an_export_ends_the_job_with_one_line(spark_python, tmp_path):
    log = LogInTables(large_log(200))
    log.export(tmp_path / "exports", TO)
    *_, file = sorted(file for file in (tmp_path / "exports").glob("AWSDynamoDB/*/data/*.gz") if file.stat().st_size > 100)
    file.write_bytes(file.read_bytes()[:-9])
    job = start_job(spark_python, "--exports", tmp_path / "exports", "--tables", tmp_path / "tables")
    _, err = job.communicate()
    assert job.returncode == 1
    *_, last = err.splitlines()
    assert last.startswith("error: AWSDynamoDB/")
    assert "its MD5 is" in last
    assert not any((tmp_path / "tables").glob("**/*"))


def test_seals_and_the_tree_are_read_where_the_streams_are_checked(spark_python, tmp_path):
    with aws_in_this_process():
        store = TamperedAws()
        store.remove_stream(MODEL)
        store.remove_seals(RUN)
        expected = findings_in(store)
        export_of(store, tmp_path / "exports")
        server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)  # it has what is in this process
        server.start()
        try:
            _, port = server.get_host_and_port()
            job = start_job(
                spark_python,
                *("--exports", tmp_path / "exports", "--tables", tmp_path / "tables", "--seals", BUCKET, "--notary", BUCKET),
                aws={
                    **REGION,
                    "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
                    "AWS_ACCESS_KEY_ID": "test",
                    "AWS_SECRET_ACCESS_KEY": "test",
                    "NO_PROXY": "127.0.0.1",
                },
            )
            out, err = job.communicate()
        finally:
            server.stop()
    assert (job.returncode, bool(out)) == (1, True), err
    assert sorted_rows(table(tmp_path / "tables", "findings")) == expected
    assert {"stream_gone", "broken_seal"} <= {row[1] for row in expected}
    assert "has a leaf of 2 events, and none of 0" in out
