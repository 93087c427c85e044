"""`make destroy` says what stays, wants the environment's name typed on a terminal, and goes on for nothing else."""

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
    """The question with a terminal of its own, and the other end of that."""
    ours, theirs = os.openpty()
    with subprocess.Popen(command(*arguments), cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        try:
            yield process, ours
        finally:
            os.close(ours)


def read_until(terminal: int, text: str = "\0 never") -> str:
    """What is shown up to the text, or up to the end: a terminal whose other end is closed raises."""
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
    """The exit code, and all that was shown, for someone who answers the question."""
    with on_a_terminal(*arguments) as (process, terminal):
        shown = read_until(terminal, "type its name (dev): ")
        os.write(terminal, answer)
        shown += read_until(terminal)
        return process.wait(), shown


def test_the_environments_name_lets_it_go_on() -> None:
    code, shown = answered(b"dev\n", "dev")
    assert code == 0
    assert explanation(load("dev")) in shown
    assert shown.endswith("To destroy it, type its name (dev): dev\n")


@pytest.mark.parametrize("answer", [b"\n", b"yes\n", b"y\n", b"Dev\n", b"prod\n", b"training-dev\n", b"\x04"])
def test_any_other_answer_ends_it(answer: bytes) -> None:
    code, shown = answered(answer, "dev")
    assert code == 2
    assert shown.endswith(" is not dev: nothing was destroyed\n")


def test_ctrl_c_ends_it_without_a_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """In this process: where tests run in the background, their children have Ctrl-C switched off."""

    def interrupted(_: str) -> str:
        raise KeyboardInterrupt

    ours, theirs = os.openpty()
    monkeypatch.setattr("builtins.input", interrupted)
    monkeypatch.setattr("sys.argv", ["confirm_destroy", "dev"])
    with os.fdopen(theirs) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        codes = []
        with suppress(KeyboardInterrupt):  # which would end the tests, too
            codes.append(confirm_destroy.main())
    assert codes == [130]
    os.close(ours)
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.parametrize("arguments", [("dev",), ("dev", "--no-color"), ("dev", "--auto")])
def test_where_nobody_can_answer_it_refuses(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(command(*arguments), cwd=ROOT, input="dev\n", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: nobody is there to ask whether dev may be destroyed: ARGS=--auto-approve does not ask\n"


@pytest.mark.parametrize("more", [(), ("--output", "elsewhere", "--skip-synth")])
def test_a_pipeline_says_beforehand_that_it_is_meant(more: tuple[str, ...]) -> None:
    arguments = command("dev", *more, "--auto-approve")
    done = subprocess.run(arguments, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("other", ["training-prod", "training-*", "*"])
@pytest.mark.parametrize("more", [(), ("--auto-approve",)])
def test_no_other_stack_is_destroyed_with_it(other: str, more: tuple[str, ...]) -> None:
    """cdktf takes several, and a pattern for them; only one name is typed."""
    done = subprocess.run(
        command("dev", "--skip-synth", other, *more),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: {other}: one environment is destroyed at a time, here dev\n"


def test_an_environment_that_there_is_not_is_not_asked_about() -> None:
    done = subprocess.run(command("staging"), cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: environments/staging.toml: there is no such environment; there are: ")


def test_make_asks_before_anything_is_destroyed() -> None:
    planned = subprocess.run(
        ["make", "-n", "destroy", "ENV=dev", "ARGS=--x"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    asked, destroyed = (planned.stdout.index(what) for what in ("deploy.confirm_destroy dev --x", "cdktf destroy training-dev"))
    assert asked < destroyed


def settings(**more: Any) -> Settings:
    return Settings(environment="team", account_id="111122223333", region="eu-west-1", **more)


def parts(**more: Any) -> tuple[str, str]:
    """What stays and what goes, as it is told."""
    stays, goes = explanation(settings(**more)).split("What is gone for good:")
    return stays, goes


def test_under_deletion_protection_log_bucket_seals_and_state_stay() -> None:
    stays, goes = parts()
    for kept in (
        "team-event-log",
        "team-read-models",
        "team-data-",
        "the seals in it",
        "training-state-111122223333-eu-west-1",
    ):
        assert kept in stays
    assert "event-log" not in goes
    assert "Terraform ends with an error" in goes


def test_without_it_only_what_aws_or_a_compliance_lock_keeps_stays() -> None:
    stays, goes = parts(deletion_protection=False)
    assert "event-log" not in stays
    assert "seals" not in stays
    assert "training-state-" in stays
    assert "training-team-event-log with every event" in goes
    stays, _ = parts(deletion_protection=False, seals={"mode": "COMPLIANCE", "retention_days": 30})
    assert "the seals in training-team-data-111122223333-eu-west-1, and so the bucket: each is locked for 30 days" in stays


def test_every_name_in_it_is_one_of_the_stack(stacks: dict[str, StackJson]) -> None:
    text = explanation(load("dev"))
    named = {word.strip(",:;()") for word in text.split() if word.startswith("training-dev-")}
    there = {value for _, _, resource in stacks["dev"].resources() for value in resource.values() if isinstance(value, str)}
    assert len(named) == 6
    assert named <= there
