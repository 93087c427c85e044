"""`training-events export --to s3`: DynamoDB's own export, asked for and followed."""

import pytest
from training_events import aws

from tests.support.command_line import make_event, parse_document, record_events, run_cli
from tests.support.dynamodb import READ_MODELS, TABLE, create_read_models_table, create_table
from tests.support.dynamodb_exports import Change, items_of_table
from tests.support.s3 import BUCKET, data_bucket
from tests.support.table_exports import TableExports

URL = f"dynamodb://{TABLE}?read_models={READ_MODELS}"
EXPORT = ["export", "--to", "s3"]
STATE = "s3://data/analytics/exports/state.json"
AT, END = "2026-11-22T15:00:00.000000Z", "2026-11-22T16:00:00.000000Z"
FIRST = "arn:aws:dynamodb:eu-central-1:123456789012:table/event-log/export/00000000000001-a1b2c3d4"


@pytest.fixture
def exports():
    """What AWS knows of exports, with a log of one event. The environment names the log and the bucket."""
    with data_bucket(TRAINING_EVENTS_LOG=URL, TRAINING_EVENTS_BUCKET=BUCKET):
        create_table()
        create_read_models_table()
        table_exports = TableExports()
        table_exports.answer_in_place_of_aws()
        record_events(URL, [make_event("run/a", "Tagged", tags={"a": 1})])
        yield table_exports


def test_people_read_each_step(exports, capsys):
    code, out, _ = run_cli(capsys, *EXPORT)
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == f"{TABLE}: full export to {AT}: asked for, {FIRST}"
    manifest = "s3://data/analytics/exports/AWSDynamoDB/00000000000001-a1b2c3d4/manifest-summary.json"
    assert lines[2] == f"{TABLE}: full export to {AT}: 1 item, {manifest}"
    assert lines[3].startswith(f"{READ_MODELS}: full export to {AT}: 1 item, s3://data/")
    assert lines[4] == f"{STATE}: exported up to {AT}"
    assert run_cli(capsys, *EXPORT) == (
        0,
        f"{STATE}: exported up to {AT}, and nothing more can be yet: a window of changes has 15 minutes at least\n",
        "",
    )


def test_programs_read_one_document(exports, capsys):
    run_cli(capsys, *EXPORT)
    record_events(URL, [make_event("run/b", "Tagged", tags={"a": 1})])
    exports.latest = END
    code, out, _ = run_cli(capsys, *EXPORT, "--json")
    document = parse_document("export", out)
    assert (code, document["to"], document["path"], document["events"]) == (0, "s3", STATE, 1)
    assert document["exported_to"] == {TABLE: END, READ_MODELS: END}
    assert [(done["table"], done["from"], done["to"], done["items"], done["altered"]) for done in document["exports"]] == [
        (TABLE, AT, END, 1, 0),
        (READ_MODELS, AT, END, 1, 0),
    ]
    _, out, _ = run_cli(capsys, *EXPORT, "--json", "--full")
    assert [done["from"] for done in parse_document("export", out)["exports"]] == [None, None]


def test_what_was_altered_is_named_and_the_export_stands(exports, capsys):
    run_cli(capsys, *EXPORT)
    [item] = items_of_table(aws.client("dynamodb"), TABLE)
    exports.planted = [Change(item, item | {"data": {"S": "{}"}})]
    exports.latest = END
    code, out, err = run_cli(capsys, *EXPORT)
    position = item["position"]["S"]
    assert code == 1
    assert f"{TABLE}: run/a {position} was replaced in this window\n" in out
    assert out.endswith(f"{STATE}: exported up to {END}\n")
    shown = f"DynamoDB's own export of {TABLE} shows 1 altered item between {AT} and {END}"
    assert err == f"training-events: {shown}; the first: run/a {position} was replaced\n"
    assert run_cli(capsys, *EXPORT)[0] == 0


def test_an_altered_log_is_in_the_document_too(exports, capsys):
    run_cli(capsys, *EXPORT)
    [item] = items_of_table(aws.client("dynamodb"), TABLE)
    exports.planted, exports.latest = [Change(None, item)], END
    code, out, _ = run_cli(capsys, *EXPORT, "--json")
    log = parse_document("export", out)["exports"][0]
    named = [{"stream": "run/a", "position": item["position"]["S"], "what": "deleted"}]
    assert (code, log["altered"], log["named"]) == (1, 1, named)


def test_a_table_that_was_just_made_is_not_exported_yet(exports, capsys):
    exports.earliest = exports.latest
    code, out, _ = run_cli(capsys, *EXPORT)
    assert (code, out) == (
        0,
        f"{STATE}: nothing can be exported yet: point-in-time recovery of a new table begins within minutes\n",
    )


def test_an_export_that_failed(exports, capsys):
    exports.failures = [("S3AccessDenied", "no right to put")]
    code, _, err = run_cli(capsys, *EXPORT)
    assert (code, "it failed: S3AccessDenied: no right to put; run the same command again" in err) == (1, True)


def test_what_aws_refuses(exports, capsys):
    exports.refusals = ["AccessDeniedException"]
    code, _, err = run_cli(capsys, *EXPORT)
    assert (code, "AccessDeniedException" in err) == (1, True)


def test_a_log_on_a_laptop_has_another_export(bare_environment, capsys):
    code, out, err = run_cli(capsys, *EXPORT, "--log", "sqlite:///log.db")
    assert (code, out) == (2, "")
    assert err == (
        "training-events: --to s3 is DynamoDB's own export, and this log is a file of SQLite: training-events export --to"
        " parquet FOLDER\n"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([*EXPORT, "folder"], "--to s3 takes no PATH, --cursor or --endpoint: exports go to analytics/exports/"),
        ([*EXPORT, "--cursor", "c"], "--to s3 takes no PATH, --cursor or --endpoint"),
        ([*EXPORT, "--endpoint", "http://localhost"], "--to s3 takes no PATH, --cursor or --endpoint"),
        (["export", "--to", "parquet", "tables", "--full"], "--full is for --to s3"),
        ([*EXPORT, "--log", URL], "TRAINING_EVENTS_BUCKET is not set"),
        ([*EXPORT, "--findings"], "--findings is a table: --to parquet"),
    ],
)
def test_options_that_do_not_fit(bare_environment, capsys, options, message):
    code, out, err = run_cli(capsys, *options)
    assert (code, out) == (2, "")
    assert message in err
