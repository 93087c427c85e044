"""The program itself, and a command as people and programs call it."""

import re

import pytest
from training_events import aws
from training_events.cli.commands import COMMANDS, GROUPS
from training_events.event import Event
from training_events.stores.opening import open_event_log

from tests.support.command_line import DYNAMODB, empty_store, parse_document, run_cli
from tools.schemas import DOCUMENTS


def event(second):
    return Event(f"e-{second}", "run/a", "Happened", f"2026-11-22T15:08:{second:02d}.000000Z", "tests", {"loss": second / 10})


@pytest.fixture
def log(monkeypatch, tmp_path):
    with empty_store("dynamodb", tmp_path) as url:
        monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
        yield open_event_log(url)


def test_history_as_a_table(log, capsys):
    for second in (30, 10):
        log.append(event(second))
    code, out, _ = run_cli(capsys, "history", "run/a")
    lines = [line.split() for line in out.splitlines()]
    assert code == 0
    assert lines[1:] == [
        ["2026-11-22T15:08:10.000000Z", "Happened", '{"loss":1}'],
        ["2026-11-22T15:08:30.000000Z", "Happened", '{"loss":3}'],
    ]


def test_history_as_json_is_one_document_and_nothing_else(log, capsys):
    for second in (30, 10):
        log.append(event(second))
    code, out, _ = run_cli(capsys, "history", "run/a", "--json")
    assert code == 0
    [first, second] = parse_document("history", out)["events"]
    assert second["occurred_at"] > first["occurred_at"]
    assert first | event(10).to_dict() == first
    assert {key for key, value in first.items() if value in (None, [], {})} == {
        "account",
        "producer",
        "correlation_id",
        "resources",
        "extensions",
    }


def test_history_and_state_take_the_events_of_an_instant_in_the_order_of_a_life(log, capsys):
    life = ["TrainingStarted", "MetricsRecorded", "TrainingCompleted"]
    for event_id, type_ in zip("cba", life, strict=True):
        log.append(Event(event_id, "run/a", type_, "2026-11-22T15:08:10.000000Z", "tests", {"points": []}))
    code, out, _ = run_cli(capsys, "history", "run/a", "--json")
    assert (code, [event["type"] for event in parse_document("history", out)["events"]]) == (0, life)
    code, out, _ = run_cli(capsys, "show", "run/a", "--json")
    assert (code, parse_document("show", out)["status"]) == (0, "completed")


def test_show_says_where_the_order_is_unknown(log, capsys):
    for version in ("1", "2"):
        promotion = {"version": version, "stage": "production"}
        log.append(Event(version, "model/m", "ModelPromoted", "2026-11-22T15:08:10.000000Z", "tests", promotion))
    code, out, _ = run_cli(capsys, "show", "model/m")
    assert code == 0
    assert "stage production, at 2026-11-22T15:08:10.000000Z" in out
    code, out, _ = run_cli(capsys, "show", "model/m", "--json")
    assert parse_document("show", out)["order_unknown"] == {"stage production": "2026-11-22T15:08:10.000000Z"}


def test_the_option_for_the_log_comes_before_the_environment(log, capsys, monkeypatch):
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
        (["show", "run/a", "--asof", "x"], "No such option: --asof (Possible options: --as-of)"),
        (["runs", "--newest", "loss"], "No such option: --newest\n"),
        (["--versino"], "No such option: --versino (Possible options: --version)"),
    ],
)
def test_a_mistake_of_the_caller_is_2(log, capsys, arguments, message):
    code, out, err = run_cli(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_a_mistake_of_the_program_is_one_line(capsys, monkeypatch):
    monkeypatch.setattr(aws, "client", lambda *_, **__: 1 / 0)
    code, _, err = run_cli(capsys, "history", "run/a", "--log", DYNAMODB)
    assert code == 1
    assert "ZeroDivisionError" in err


def test_without_arguments_the_program_prints_its_help(capsys):
    assert run_cli(capsys) == run_cli(capsys, "--help")


@pytest.mark.parametrize("command", sorted(DOCUMENTS))
def test_every_command_has_its_help(capsys, monkeypatch, command):
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
    assert "  For example:\n    training-events " in out
    assert run_cli(capsys, "-h") == (0, out, "")


@pytest.mark.parametrize("columns", [60, 80, 160])
def test_the_help_groups_the_commands_by_what_they_are_for(capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    text = run_cli(capsys, "--help")[1]
    assert max(map(len, text.splitlines())) <= columns
    _, *groups = re.findall(r"^(\w[\w ]*):\n((?:  .+\n)+)", text, re.MULTILINE)
    listed = {title: re.findall(r"^  (\w+ +)\S", commands, re.MULTILINE) for title, commands in groups}
    assert {title: [name.rstrip() for name in names] for title, names in listed.items()} == {
        title: list(commands) for title, commands in GROUPS.items()
    }
    assert len({len(name) for names in listed.values() for name in names}) == 1, "what they do stands in one column"


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_is_taken_from_either_variable(monkeypatch, variable):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "eu-north-1")
    assert aws.client("sqs").meta.region_name == "eu-north-1"
