"""Every command, and everything that can be wrong: one line on standard error, the right exit code, nothing half printed."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import NoCredentialsError
from moto.core.models import botocore_stubber
from training_events import aws, cli

from tests.support.command_line import DYNAMODB, empty_store, make_event, record_events, run_cli
from tests.support.environment import without_aws
from tests.support.fakes import Answer
from tests.support.patience import PATIENCE_SECONDS

READING = {
    "runs": ["runs"],
    "show": ["show", "run/a"],
    "show as of": ["show", "run/a", "--as-of", "now"],
    "history": ["history", "run/a"],
    "verify": ["verify", "run/a"],
    "verify two": ["verify", "run/a", "run/b"],
    "verify --all": ["verify", "--all"],
    "rebuild": ["rebuild"],
    "rebuild --dry-run": ["rebuild", "--dry-run"],
}
ON_A_LOG = {**READING, "record": ["record", "run/a", "Happened"]}
QUEUE = ["--queue", "https://sqs.eu-central-1.amazonaws.com/123456789012/q"]
ON_AWS = {name: [*arguments, "--log", DYNAMODB] for name, arguments in ON_A_LOG.items()} | {
    "record to the bus": ["record", "run/a", "Happened"],
    "undelivered": ["undelivered", *QUEUE],
    "redrive": ["redrive", *QUEUE, "--log", DYNAMODB],
    "reconcile": ["reconcile", "--log", DYNAMODB],
    "replay": ["replay", "--from", "2026-11-21", "--to", "2026-11-22"],
}

as_json = pytest.mark.parametrize("options", [[], ["--json"]], ids=["table", "json"])
reading = pytest.mark.parametrize("arguments", READING.values(), ids=READING)
on_a_log = pytest.mark.parametrize("arguments", ON_A_LOG.values(), ids=ON_A_LOG)
on_aws = pytest.mark.parametrize("arguments", ON_AWS.values(), ids=ON_AWS)


@pytest.fixture(autouse=True)
def _nothing_named(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith(("AWS_", "TRAINING_EVENTS_", "PYTHON")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    monkeypatch.chdir(tmp_path)
    aws.forget_sessions()
    yield
    aws.forget_sessions()


@pytest.fixture
def to_the_bus(monkeypatch):
    monkeypatch.setenv("TRAINING_EVENTS_BUS", "training")


def fails(capsys, code, message, arguments):
    exit_code, out, err = run_cli(capsys, *arguments)
    assert (exit_code, out) == (code, "")
    assert message in err


# ---- what the caller can put right


STREAMS = {"job/7": "allowed: run/<name>, model/<name>, dataset/<name>", "run/": "text, not empty", "run/a\x9b": "'a\\x9b'"}


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("arguments", [["show"], ["history"], ["verify"], ["verify", "run/a"], ["record"]], ids=" ".join)
def test_a_stream_that_can_be_none(capsys, arguments, stream):
    type_ = ["Happened"] if arguments == ["record"] else []
    fails(capsys, 2, STREAMS[stream], [*arguments, stream, *type_, "--log", "sqlite:///x.db"])


@pytest.mark.parametrize("time", ["soon", "2026", "2026-13-01", "\x9b", "11/12/2026"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "run/a", "--as-of"],
        ["show", "run/a", "--known-at"],
        ["runs", "--since"],
        ["record", "run/a", "Happened", "--occurred-at"],
        ["replay", "--to", "now", "--from"],
    ],
    ids=" ".join,
)
def test_a_time_that_can_be_none(capsys, arguments, time):
    fails(capsys, 2, f"{time!a} is no time; allowed: 2026-11-22", [*arguments, time])


def test_a_status_that_can_be_none(capsys):
    fails(capsys, 2, "Invalid value for '--status': 'bogus' is not one of ", ["runs", "--status", "bogus"])


@as_json
@pytest.mark.parametrize("url", ["nonsense", "sqlite://x", "sqlite:///", "dynamodb://a b", "dynamodb://abc?x=y", "\x1b[2J"])
@on_a_log
def test_an_address_that_can_be_none(capsys, arguments, url, options):
    fails(capsys, 2, "allowed: dynamodb://", [*arguments, "--log", url, *options])


@as_json
@reading
def test_without_any_setting_there_is_one_line_that_says_which(capsys, arguments, options):
    fails(
        capsys, 2, "TRAINING_EVENTS_LOG is not set, and in this folder there is no training-events.db", [*arguments, *options]
    )


@as_json
@reading
def test_a_file_that_is_not_there(capsys, arguments, options, tmp_path):
    fails(capsys, 2, "no such file", [*arguments, "--log", "sqlite:///x.db", *options])
    assert list(tmp_path.iterdir()) == []


@as_json
@on_a_log
def test_a_file_that_is_no_database(capsys, arguments, options, tmp_path):
    (tmp_path / "x.db").write_bytes(b"nonsense " * 1000)
    fails(capsys, 2, "no SQLite database", [*arguments, "--log", "sqlite:///x.db", *options])


@as_json
@on_a_log
def test_a_folder(capsys, arguments, options, tmp_path):
    fails(capsys, 2, "it is a folder", [*arguments, "--log", f"sqlite:///{tmp_path}", *options])


@as_json
@reading
def test_a_file_in_which_nothing_was_recorded(capsys, arguments, options, tmp_path):
    (tmp_path / "x.db").touch()
    fails(capsys, 2, "nothing was recorded in it yet", [*arguments, "--log", "sqlite:///x.db", *options])


@as_json
@pytest.mark.parametrize("arguments", [ON_A_LOG[name] for name in ("show", "show as of", "history", "verify", "verify two")])
@pytest.mark.parametrize("kind", ["sqlite", "dynamodb"])
def test_a_stream_that_is_not_there(capsys, kind, arguments, options, tmp_path):
    with empty_store(kind, tmp_path) as url:
        record_events(url, [make_event("run/other", "Happened")])
        fails(capsys, 2, "the log has no event of run/a", [*arguments, "--log", url, *options])


@pytest.mark.parametrize("arguments", [["runs"], ["rebuild"]], ids=" ".join)
def test_an_address_without_read_models(capsys, arguments):
    fails(capsys, 2, "names no read models", [*arguments, "--log", "dynamodb://event-log"])


@on_aws
def test_no_region(capsys, monkeypatch, arguments, to_the_bus):
    monkeypatch.delenv("AWS_REGION")
    fails(capsys, 2, "AWS_REGION is not set", arguments)


WRONG = {
    "AWS_REGION=eu/central": "'eu/central'",
    "AWS_PROFILE=nobodys": "(nobodys) could not be found",
    "AWS_ENDPOINT_URL=nonsense": "Invalid endpoint: nonsense",
}


@pytest.mark.parametrize("setting", WRONG)
@on_aws
def test_a_setting_of_aws_that_cannot_be(capsys, monkeypatch, arguments, setting, to_the_bus):
    monkeypatch.setenv(*setting.split("="))
    fails(capsys, 2, WRONG[setting], arguments)


# ---- what the world does


def respond(monkeypatch, code):
    """Every service answers this error to everything."""
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
def test_what_aws_refuses(capsys, monkeypatch, tmp_path, arguments, refused):
    code, *options = refused
    with empty_store("dynamodb", tmp_path):
        monkeypatch.setenv("TRAINING_EVENTS_BUS", "training")
        respond(monkeypatch, code)
        fails(capsys, 1, code, [*arguments, *options])


TABLES = [name for name in ON_AWS if name in ON_A_LOG and name not in ("runs", "rebuild", "rebuild --dry-run")]


@pytest.mark.parametrize("name", [*TABLES, "undelivered", "redrive", "replay"])
def test_no_such_table_queue_or_bus(capsys, monkeypatch, tmp_path, name):
    with empty_store("dynamodb", tmp_path):
        monkeypatch.setenv("TRAINING_EVENTS_BUS", "training")
        code, out, err = run_cli(capsys, *(argument.replace("event-log", "other") for argument in ON_AWS[name]))
    assert (code, out) == (1, "")
    assert "ResourceNotFoundException" in err or "queue does not exist" in err


@pytest.mark.parametrize("name", ["runs", "show", "rebuild", "rebuild --dry-run"])
def test_no_such_table_of_read_models(capsys, monkeypatch, tmp_path, name):
    with empty_store("dynamodb", tmp_path):
        arguments = [argument.replace("read-models", "other") for argument in ON_AWS[name]]
        fails(capsys, 1, "ResourceNotFoundException", arguments)


@on_aws
def test_no_credentials(capsys, monkeypatch, arguments, to_the_bus):
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "nowhere")
    fails(capsys, 1, str(NoCredentialsError()), arguments)


@on_aws
def test_nobody_answers(capsys, monkeypatch, arguments, to_the_bus):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # and does not listen
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        fails(capsys, 1, "Could not connect to the endpoint URL", arguments)


def test_a_place_where_no_file_can_be(capsys):
    fails(capsys, 1, "the event log /dev/null/x.db", ["record", "run/a", "Happened", "--log", "sqlite:////dev/null/x.db"])


# ---- as a process

MAIN = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests started in a shell's background inherit that it is ignored
from training_events import cli
cli.main()
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    folder = tmp_path_factory.mktemp("database")
    with empty_store("sqlite", folder) as url:
        record_events(url, (make_event("run/a", "Happened", second, text="x" * 1000) for second in range(60)))
        record_events(url, [make_event("run/b", "TrainingStarted")])
    return url


def process(arguments, **more):
    environment = without_aws(NO_PROXY="127.0.0.1", **more.pop("environment", {}))
    return subprocess.Popen([sys.executable, "-c", MAIN, *arguments], stderr=subprocess.PIPE, env=environment, **more)


PRINTING = {**ON_A_LOG, "help": ["--help"], "help of a command": ["runs", "--help"], "version": ["--version"]}
PRINTING |= {f"{name} --json": [*READING[name], "--json"] for name in ("runs", "show", "history", "verify --all", "rebuild")}
printing = pytest.mark.parametrize("arguments", PRINTING.values(), ids=PRINTING)


def with_log(arguments, database):
    return arguments if {"--help", "--version"} & {*arguments} else [*arguments, "--log", database]


@printing
def test_a_closed_pipe_ends_it_quietly(database, arguments):
    read, write = os.pipe()
    os.close(read)
    with process(with_log(arguments, database), stdout=write) as ended:
        os.close(write)
        err = ended.communicate(timeout=PATIENCE_SECONDS)[1]
    assert (ended.returncode, err) == (141, b"")


@printing
def test_a_full_disk_is_one_line(database, arguments):
    with Path("/dev/full").open("w") as full, process(with_log(arguments, database), stdout=full) as ended:
        err = ended.communicate(timeout=PATIENCE_SECONDS)[1]
    assert (ended.returncode, err.splitlines()) == (1, [b"training-events: [Errno 28] No space left on device"])


@pytest.mark.parametrize("name", sorted(ON_AWS.keys() - {"rebuild --dry-run"}))  # whose readers wait for their time-outs first
def test_ctrl_c_ends_it_quietly(name):
    """While it waits for an endpoint that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        environment = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.getsockname()[1]}",
            "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "TRAINING_EVENTS_BUS": "training",
        }
        with process(ON_AWS[name], stdout=subprocess.PIPE, environment=environment) as ended:
            connection, _ = server.accept()
            with connection:
                ended.send_signal(signal.SIGINT)
                out, err = ended.communicate(timeout=PATIENCE_SECONDS)
    assert (ended.returncode, out, err) == (130, b"", b"")


def test_ctrl_c_while_it_starts():
    script = """
import sys
class Interrupt:
    def find_spec(name, path, target=None):
        if name == "typer":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupt)
import training_events.cli
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (130, b"")


@pytest.mark.parametrize("arguments", [["history", "run/a"], ["history"]])
@pytest.mark.parametrize("closed", [1, 2])
def test_what_is_closed_is_not_written_to(database, arguments, closed):
    """Neither does an error appear on standard output, nor does a file get the number of either."""
    command = [sys.executable, "-c", MAIN, *with_log(arguments, database)]
    script = f"import os; os.close({closed}); os.execv({sys.executable!r}, {command!r})"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, env=without_aws(), check=False)
    right = len(arguments) == 2
    assert ended.returncode == (0 if right else 2)
    assert bool(ended.stdout) == (right and closed == 2)
    assert bool(ended.stderr) == (not right and closed == 1)


def test_a_terminal_that_knows_no_utf_8(tmp_path):
    url = f"sqlite:///{tmp_path}/x.db"
    assert cli.run(["record", "run/é", "Happened", "--data", '{"text": "😀"}', "--log", url]) == 0
    with process(
        ["history", "run/é", "--json", "--log", url], stdout=subprocess.PIPE, environment={"PYTHONIOENCODING": "ascii"}
    ) as ended:
        out, err = ended.communicate(timeout=PATIENCE_SECONDS)
    assert (ended.returncode, err) == (0, b"")
    assert "😀".encode() in out
