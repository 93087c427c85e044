"""`make destroy` prints what stays, asks for the environment's name on a terminal, and goes on for no other answer."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from deploy import confirm_destroy
from deploy.confirm_destroy import explanation
from stacks.settings import Settings
from stacks.settings.file import load
from tests.support.paths import ROOT
from tests.support.stack_json import StackJson


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "deploy.confirm_destroy", *arguments]


@contextmanager
def on_a_terminal(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The command with a terminal of its own, and our end of that terminal."""
    ours, theirs = os.openpty()
    with subprocess.Popen(command(*arguments), cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        try:
            yield process, ours
        finally:
            os.close(ours)


def read_until(terminal: int, text: str = "\0 never") -> str:
    """What the terminal shows up to the text, or up to the end: if the other end is closed, reading raises."""
    shown = ""
    while text not in shown:
        try:
            more = os.read(terminal, 4096)
        except OSError:
            more = b""
        if not more:
            break
        shown += more.decode().replace("\r\n", "\n")
    return shown


def answered(answer: bytes, *arguments: str) -> tuple[int, str]:
    """The exit code and everything that was shown, with this answer to the question."""
    with on_a_terminal(*arguments) as (process, terminal):
        shown = read_until(terminal, "type its name (dev): ")
        os.write(terminal, answer)
        shown += read_until(terminal)
        return process.wait(), shown


def test_the_name_of_the_environment_lets_the_destroy_go_on() -> None:
    code, shown = answered(b"dev\n", "dev")
    assert code == 0
    assert explanation(load("dev")) in shown
    assert shown.endswith("To destroy it, type its name (dev): dev\n")


def test_the_end_of_the_input_stops_the_destroy() -> None:
    code, shown = answered(b"\x04", "dev")
    assert code == 2
    assert shown.endswith(" is not dev: nothing was destroyed\n")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The other end of a terminal that this process's standard input is."""
    ours, theirs = os.openpty()
    with os.fdopen(theirs) as standard_input:
        monkeypatch.setattr("sys.stdin", standard_input)
        yield ours
    os.close(ours)


def called(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit code of the command in this process."""
    monkeypatch.setattr("sys.argv", ["confirm_destroy", *arguments])
    return confirm_destroy.main()


@pytest.mark.parametrize("answer", ["\n", "yes\n", "y\n", "Dev\n", "prod\n", "training-dev\n"])
def test_any_other_answer_stops_the_destroy(
    answer: str, terminal: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    os.write(terminal, answer.encode())
    assert called(monkeypatch, "dev") == 2
    assert capsys.readouterr().err.endswith(" is not dev: nothing was destroyed\n")


@pytest.mark.usefixtures("terminal")
def test_ctrl_c_ends_the_question_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process: if the tests run in the background, their children ignore Ctrl-C."""

    def interrupted(_: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", interrupted)
    codes = []
    with suppress(KeyboardInterrupt):  # it would end the tests too
        codes.append(called(monkeypatch, "dev"))
    assert codes == [130]
    assert capsys.readouterr().err == "interrupted\n"


@pytest.fixture
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The standard input is no terminal."""
    monkeypatch.setattr("sys.stdin", io.StringIO("dev\n"))


@pytest.mark.usefixtures("no_terminal")
@pytest.mark.parametrize("arguments", [("dev",), ("dev", "--no-color"), ("dev", "--auto")])
def test_without_a_terminal_it_refuses(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(monkeypatch, *arguments) == 2
    assert capsys.readouterr() == (
        "",
        "error: there is no terminal to ask whether dev may be destroyed: ARGS=--auto-approve does not ask\n",
    )


@pytest.mark.usefixtures("no_terminal")
@pytest.mark.parametrize("more", [(), ("--output", "elsewhere", "--skip-synth")])
def test_with_auto_approve_it_does_not_ask(
    more: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(monkeypatch, "dev", *more, "--auto-approve") == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("no_terminal")
@pytest.mark.parametrize("other", ["training-prod", "training-*", "*"])
@pytest.mark.parametrize("more", [(), ("--auto-approve",)])
def test_another_stack_or_a_pattern_is_refused(
    other: str, more: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """cdktf takes several stacks, and patterns for them; a person types one name only."""
    assert called(monkeypatch, "dev", "--skip-synth", other, *more) == 2
    assert capsys.readouterr() == ("", f"error: {other}: one environment is destroyed at a time, here dev\n")


def test_an_environment_that_does_not_exist_is_an_error_without_a_question() -> None:
    done = subprocess.run(command("staging"), cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: environments/staging.toml: there is no such environment; there are: ")


def test_make_asks_before_it_destroys_anything() -> None:
    planned = subprocess.run(
        ["make", "-n", "destroy", "ENV=dev", "ARGS=--x"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    asked, destroyed = (planned.stdout.index(what) for what in ("deploy.confirm_destroy dev --x", "cdktf destroy training-dev"))
    assert asked < destroyed


def settings(**more: Any) -> Settings:
    return Settings(environment="team", account_id="111122223333", region="eu-west-1", **more)


def parts(**more: Any) -> tuple[str, str]:
    """The two parts of the explanation: what stays, and what goes."""
    stays, goes = explanation(settings(**more)).split("What is gone for good:")
    return stays, goes


def test_with_deletion_protection_log_bucket_seals_and_state_stay() -> None:
    stays, goes = parts()
    for name in (
        "team-event-log",
        "team-read-models",
        "team-data-",
        "the seals in it",
        "training-state-111122223333-eu-west-1",
    ):
        assert name in stays
    assert "event-log" not in goes
    assert "Terraform ends with an error" in goes


def test_without_deletion_protection_only_backups_and_compliance_locks_stay() -> None:
    stays, goes = parts(deletion_protection=False)
    assert "event-log" not in stays
    assert "seals" not in stays
    assert "training-state-" in stays
    assert "training-team-event-log with every event" in goes
    stays, _ = parts(deletion_protection=False, seals={"mode": "COMPLIANCE", "retention_days": 30})
    assert "the seals in training-team-data-111122223333-eu-west-1, and so the bucket: each is locked for 30 days" in stays


def test_every_name_in_the_explanation_is_a_name_in_the_stack(stacks: dict[str, StackJson]) -> None:
    text = explanation(load("dev"))
    named = {word.strip(",:;()") for word in text.split() if word.startswith("training-dev-")}
    declared = {value for _, _, resource in stacks["dev"].resources() for value in resource.values() if isinstance(value, str)}
    assert len(named) == 6
    assert named <= declared
