"""The command line as people and pipes meet it."""

import signal
import subprocess
import sys

import pytest
from training_events import aws
from training_events.cli.commands import COMMANDS
from training_events.event import Event
from training_events.stores.opening import open_event_log

from tests.support.command_line import DYNAMODB, empty_store, parse_document, run_cli
from tests.support.patience import PATIENCE_SECONDS
from tools.schemas import DOCUMENTS


def event(second):
    return Event(f"e-{second}", "run/a", "Happened", f"2026-11-22T15:08:{second:02d}.000000Z", "tests", {"loss": second / 10})


@pytest.fixture
def log(monkeypatch, tmp_path):
    with empty_store("dynamodb", tmp_path) as url:
        monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
        yield open_event_log(url)


def test_history_for_people(log, capsys):
    for second in (30, 10):
        log.append(event(second))
    code, out, _ = run_cli(capsys, "history", "run/a")
    lines = [line.split() for line in out.splitlines()]
    assert code == 0
    assert lines[1:] == [
        ["2026-11-22T15:08:10.000000Z", "Happened", '{"loss":1}'],
        ["2026-11-22T15:08:30.000000Z", "Happened", '{"loss":3}'],
    ]


def test_history_for_programs_is_one_document_and_nothing_else(log, capsys):
    for second in (30, 10):
        log.append(event(second))
    code, out, _ = run_cli(capsys, "history", "run/a", "--json")
    assert code == 0
    [first, second] = parse_document("history", out)["events"]
    assert second["occurred_at"] > first["occurred_at"]
    assert first | event(10).to_dict() == first
    assert {key for key, value in first.items() if value in (None, [], {})} == {
        "producer",
        "correlation_id",
        "resources",
        "extensions",
    }


def test_history_takes_its_log_from_the_option_first(log, capsys, monkeypatch):
    monkeypatch.setenv("TRAINING_EVENTS_LOG", "nonsense")
    log.append(event(1))
    assert run_cli(capsys, "history", "run/a", "--log", DYNAMODB)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["history", "run/never"], "no event of run/never"),
        (["history", "job/7"], "allowed: run/<name>, model/<name>, dataset/<name>"),
        (["history", "run/"], "text, not empty"),
        (["history", "run/a", "--log", "sqlite://x"], "allowed: dynamodb://"),
        (["history", "run/\udcff"], "is not UTF-8"),
        (["history", "run/a", "--nonsense"], "--nonsense"),
        (["history"], "Missing argument"),
        (["histroy"], "No such command 'histroy'. Did you mean 'history'?"),
        (["history", "run/a", "--jsno"], "No such option: --jsno (Possible options: --json"),
        (["--versino"], "No such option: --versino (Possible options: --version)"),
    ],
)
def test_what_the_caller_can_put_right_is_2(log, capsys, arguments, message):
    code, out, err = run_cli(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_a_mistake_of_the_program_is_one_line_too(capsys, monkeypatch):
    monkeypatch.setattr(aws, "client", lambda *_, **__: 1 / 0)
    code, _, err = run_cli(capsys, "history", "run/a", "--log", DYNAMODB)
    assert code == 1
    assert "ZeroDivisionError" in err


def test_without_arguments_it_helps(capsys):
    assert run_cli(capsys) == run_cli(capsys, "--help")


@pytest.mark.parametrize("command", sorted(DOCUMENTS))
def test_every_command_helps(capsys, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = run_cli(capsys, command, "--help")
    assert code == 0
    assert "  For example:\n    training-events " in out
    assert out.splitlines()[2].strip() == COMMANDS[command], "the list of commands says the same"
    listed = next(line for line in run_cli(capsys, "--help")[1].splitlines() if line.strip().startswith(f"{command} "))
    assert listed.endswith("."), "the first sentence fits into the list"
    assert run_cli(capsys, command, "-h") == (0, out, "")


def test_version(capsys):
    assert run_cli(capsys, "--version") == (0, "0.1.0\n", "")


def test_help(capsys):
    code, out, _ = run_cli(capsys, "--help")
    assert code == 0
    assert "history" in out
    assert run_cli(capsys, "-h") == (0, out, "")


ENDLESS = """
import itertools, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests started in a shell's background inherit that it is ignored
from training_events import cli
from training_events.cli.commands import history
from training_events.event import Event, RecordedEvent
event = Event("e", "run/a", "Happened", "2026-11-22T15:08:10.000000Z", "tests", {"text": "x" * 100})
class Log:
    def read(self, stream):
        return (RecordedEvent(event, event.occurred_at, event.digest) for _ in itertools.count())
history.open_event_log = lambda url: Log()
sys.argv = ["training-events", "history", "run/a", "--log", "x", *sys.argv[1:]]
cli.main()
"""


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_closed_pipe_ends_it_quietly(options):
    process = subprocess.Popen([sys.executable, "-c", ENDLESS, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(PATIENCE_SECONDS) == 141
    assert process.stderr.read() == b""


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_ctrl_c_ends_it_quietly(options):
    command = [sys.executable, "-c", ENDLESS, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            process.stdout.readline()  # now it is printing
            process.send_signal(signal.SIGINT)
            errors = process.communicate(timeout=PATIENCE_SECONDS)[1]
        finally:
            process.kill()
    assert (process.returncode, errors) == (130, b"")


def test_memory_does_not_grow_with_the_stream():
    script = ENDLESS.replace("itertools.count()", "range(COUNT)")
    script = script.replace("import itertools, signal", "import itertools, resource, signal").replace(
        "cli.main()", "code = cli.run(sys.argv[1:])\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )

    def peak(count):
        done = subprocess.run(
            [sys.executable, "-c", script.replace("COUNT", str(count)), "--json"], capture_output=True, check=True
        )
        return int(done.stderr)

    assert peak(60_000) < peak(600) * 1.05


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_may_stand_in_either_variable(monkeypatch, variable):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "eu-north-1")
    assert aws.client("sqs").meta.region_name == "eu-north-1"
