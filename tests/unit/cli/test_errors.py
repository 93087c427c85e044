"""Every command and everything that can go wrong: one line on standard error, the right exit code, nothing half printed."""

import socket

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import NoCredentialsError
from moto.core.models import botocore_stubber
from training_events import aws

from tests.support.command_line import (
    CALLS_ON_A_LOG,
    CALLS_ON_AWS,
    READING_CALLS,
    empty_store,
    make_event,
    record_events,
    run_cli,
)
from tests.support.fakes import Answer

LISTS = ("runs", "models", "datasets", "serving")
as_json = pytest.mark.parametrize("options", [[], ["--json"]], ids=["table", "json"])
REPRODUCE = {"reproduce": ["reproduce", "run/a"]}
"""Not among the usual calls: of most runs it ends with what is not pinned."""
EXPORTS = {
    "export tables": ["export", "--to", "parquet", "tables"],
    "export lines": ["export", "--to", "cloudevents", "events.ndjson"],
}
"""Not among the usual calls: they write beside the log."""
READING = READING_CALLS | REPRODUCE | EXPORTS
ON_A_LOG = CALLS_ON_A_LOG | REPRODUCE | EXPORTS
reading = pytest.mark.parametrize("arguments", READING.values(), ids=READING)
on_a_log = pytest.mark.parametrize("arguments", ON_A_LOG.values(), ids=ON_A_LOG)
on_aws = pytest.mark.parametrize("arguments", CALLS_ON_AWS.values(), ids=CALLS_ON_AWS)


@pytest.fixture(autouse=True)
def _bare(bare_environment):
    """Nothing names a log, a bus or an account."""


@pytest.fixture
def to_the_bus(monkeypatch):
    monkeypatch.setenv("TRAINING_EVENTS_BUS", "training")


def fails(capsys, code, message, arguments):
    exit_code, out, err = run_cli(capsys, *arguments)
    assert (exit_code, out) == (code, "")
    assert message in err


# ---- mistakes of the caller


STREAMS = {"job/7": "allowed: run/<name>, model/<name>, dataset/<name>", "run/": "text, not empty", "run/a\x9b": "'a\\x9b'"}


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize(
    "arguments",
    [
        ["show"],
        ["history"],
        ["lineage"],
        ["report"],
        ["report", "run/a"],
        ["verify"],
        ["verify", "run/a"],
        ["evidence"],
        ["record"],
        ["describe"],
        ["restore"],
    ],
    ids=" ".join,
)
def test_a_stream_name_that_is_wrong(capsys, arguments, stream):
    more = {"record": ["Happened"], "describe": ["a text"]}.get(arguments[0], [])
    fails(capsys, 2, STREAMS[stream], [*arguments, stream, *more, "--log", "sqlite:///x.db"])


@pytest.mark.parametrize("time", ["soon", "2026", "2026-13-01", "\x9b", "11/12/2026"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "run/a", "--as-of"],
        ["show", "run/a", "--known-at"],
        ["compare", "run/a", "run/b", "--as-of"],
        ["runs", "--since"],
        ["serving", "--as-of"],
        ["serving", "--known-at"],
        ["record", "run/a", "Happened", "--occurred-at"],
        ["replay", "--to", "now", "--from"],
    ],
    ids=" ".join,
)
def test_a_time_that_is_wrong(capsys, arguments, time):
    fails(capsys, 2, f"{time!a} is no time; allowed: 2026-11-22", [*arguments, time])


def test_a_status_that_does_not_exist(capsys):
    fails(capsys, 2, "Invalid value for '--status': 'bogus' is not one of ", ["runs", "--status", "bogus"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--where", "metrics.loss >"], "where, at character 15: expected a number"),
        (["--where", "metrics.\x1b[2J = 1"], "where, at character 8: expected a comparison"),
        (["--where", "statsu = 'failed'"], "where, at character 1: a run has no attribute `statsu`; did you mean `status`?"),
        (["--where", "x" * 2000 + " = 1"], "a run has no attribute `xxxx"),
        (["--sort", "metrics.loss upwards"], "order, at character 1: expected a name such as -metrics.accuracy"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else value[0],
)
def test_a_search_that_is_wrong(capsys, options, message):
    fails(capsys, 2, message, ["runs", *options])


@as_json
@pytest.mark.parametrize("url", ["nonsense", "sqlite://x", "sqlite:///", "dynamodb://a b", "dynamodb://abc?x=y", "\x1b[2J"])
@on_a_log
def test_an_address_that_is_wrong(capsys, arguments, url, options):
    fails(capsys, 2, "allowed: dynamodb://", [*arguments, "--log", url, *options])


@as_json
@reading
def test_without_any_setting_the_error_names_the_one_that_is_missing(capsys, arguments, options):
    fails(
        capsys, 2, "TRAINING_EVENTS_LOG is not set, and in this folder there is no training-events.db", [*arguments, *options]
    )


@as_json
@reading
def test_a_file_that_does_not_exist(capsys, arguments, options, tmp_path):
    fails(capsys, 2, "no such file", [*arguments, "--log", "sqlite:///x.db", *options])
    assert list(tmp_path.iterdir()) == []


@as_json
@on_a_log
def test_a_file_that_is_not_a_database(capsys, arguments, options, tmp_path):
    (tmp_path / "x.db").write_bytes(b"nonsense " * 1000)
    fails(capsys, 2, "no SQLite database", [*arguments, "--log", "sqlite:///x.db", *options])


@as_json
@on_a_log
def test_a_folder_instead_of_a_file(capsys, arguments, options, tmp_path):
    fails(capsys, 2, "it is a folder", [*arguments, "--log", f"sqlite:///{tmp_path}", *options])


@as_json
@reading
def test_a_file_in_which_nothing_was_recorded(capsys, arguments, options, tmp_path):
    (tmp_path / "x.db").touch()
    fails(capsys, 2, "nothing was recorded in it yet", [*arguments, "--log", "sqlite:///x.db", *options])


@as_json
@pytest.mark.parametrize("name", ["show", "show as of", "history", "compare", "verify", "verify two"])
@pytest.mark.parametrize("kind", ["sqlite", "dynamodb"])
def test_a_stream_without_events(capsys, kind, name, options, tmp_path):
    with empty_store(kind, tmp_path) as url:
        record_events(url, [make_event("run/other", "Happened")])
        fails(capsys, 2, "the log has no event of run/a", [*READING_CALLS[name], "--log", url, *options])


@pytest.mark.parametrize("arguments", [[name] for name in (*LISTS, "rebuild")], ids=" ".join)
def test_an_address_without_read_models(capsys, arguments):
    fails(capsys, 2, "names no read models", [*arguments, "--log", "dynamodb://event-log"])


@on_aws
def test_no_region_is_set(capsys, monkeypatch, arguments, to_the_bus):
    monkeypatch.delenv("AWS_REGION")
    fails(capsys, 2, "AWS_REGION is not set", arguments)


WRONG_SETTINGS = {
    "AWS_REGION=eu/central": "'eu/central'",
    "AWS_PROFILE=nobodys": "(nobodys) could not be found",
    "AWS_ENDPOINT_URL=nonsense": "Invalid endpoint: nonsense",
}


@pytest.mark.parametrize("setting", WRONG_SETTINGS)
@on_aws
def test_a_setting_for_aws_that_is_wrong(capsys, monkeypatch, arguments, setting, to_the_bus):
    monkeypatch.setenv(*setting.split("="))
    fails(capsys, 2, WRONG_SETTINGS[setting], arguments)


# ---- failures outside the command


def let_aws_answer(monkeypatch, code):
    """Every service answers every request with this error."""
    make = aws.client

    def refuse(request, **_):
        body = f'{{"__type": "com.amazonaws#{code}", "message": "as the test\\nwants it \\u009b"}}'.encode()
        return AWSResponse(str(request.url), 400, HTTPHeaders(), Answer(body))

    def client(service, **more):
        made = make(service, **more)
        made.meta.events.unregister("before-send", botocore_stubber)
        made.meta.events.register("before-send", refuse)
        return made

    monkeypatch.setattr(aws, "client", client)


CODES = ["ExpiredTokenException", "AccessDeniedException", "ThrottlingException"]


@pytest.mark.parametrize("refused", [(code, *options) for code in CODES for options in ([], ["--json"])], ids=" ".join)
@on_aws
def test_an_error_that_aws_answers(capsys, monkeypatch, tmp_path, arguments, refused):
    code, *options = refused
    with empty_store("dynamodb", tmp_path):
        monkeypatch.setenv("TRAINING_EVENTS_BUS", "training")
        let_aws_answer(monkeypatch, code)
        fails(capsys, 1, code, [*arguments, *options])


OF_READ_MODELS = (*LISTS, "rebuild", "rebuild --dry-run")
TABLES = [name for name in CALLS_ON_AWS if name in CALLS_ON_A_LOG and name not in OF_READ_MODELS]


@pytest.mark.parametrize("name", [*TABLES, "undelivered", "redrive", "replay"])
def test_a_table_queue_or_bus_that_does_not_exist(capsys, monkeypatch, tmp_path, name):
    with empty_store("dynamodb", tmp_path):
        monkeypatch.setenv("TRAINING_EVENTS_BUS", "training")
        code, out, err = run_cli(capsys, *(argument.replace("event-log", "other") for argument in CALLS_ON_AWS[name]))
    assert (code, out) == (1, "")
    assert "ResourceNotFoundException" in err or "queue does not exist" in err


@pytest.mark.parametrize("name", ["show", *OF_READ_MODELS])
def test_a_table_of_read_models_that_does_not_exist(capsys, monkeypatch, tmp_path, name):
    with empty_store("dynamodb", tmp_path):
        arguments = [argument.replace("read-models", "other") for argument in CALLS_ON_AWS[name]]
        fails(capsys, 1, "ResourceNotFoundException", arguments)


@on_aws
def test_no_credentials_are_set(capsys, monkeypatch, arguments, to_the_bus):
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "nowhere")
    fails(capsys, 1, str(NoCredentialsError()), arguments)


@on_aws
def test_an_endpoint_that_refuses_the_connection(capsys, monkeypatch, arguments, to_the_bus):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # and does not listen
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        fails(capsys, 1, "Could not connect to the endpoint URL", arguments)


def test_a_place_where_a_file_cannot_be_created(capsys):
    fails(capsys, 1, "the event log /dev/null/x.db", ["record", "run/a", "Happened", "--log", "sqlite:////dev/null/x.db"])
