"""The deployment of the stack on this machine; fakes take the place of the emulators and of cdktf."""

import io
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from local import __main__ as command_line
from local import deployment, environment
from local.deployment import deploy, run
from local.emulator import HERE
from local.endpoints import Endpoints
from local.environment import LocalEnvironment, up, write_env
from local.errors import LocalError
from local.installation import python_of_emulators
from local.progress import Progress, readable
from tests.support.patience import until

ENDPOINTS = Endpoints("http://127.0.0.1:1", "http://127.0.0.1:2", "us-east-1")
OUTPUTS = {
    "data_bucket_name": "bucket",
    "event_bus_name": "bus",
    "event_processor_function_name": "processor",
    "event_log_table_name": "log",
    "notary_function_name": "notary",
    "notary_table_name": "leaves",
    "read_model_table_name": "models",
    "undelivered_queue_url": "http://queue",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with fake emulators. Each call is a line in the file `calls`."""
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "local.toml").write_text('region = "us-east-1"\n')
    calls = tmp_path / "calls"
    calls.touch()

    def note(line: str) -> None:
        calls.write_text(calls.read_text() + line + "\n")

    def start(_region: str, folder: Path, _build: Path) -> Endpoints:
        folder.mkdir()
        note("start")
        return ENDPOINTS

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("local.terraform.require_terraform", lambda _variables: None)
    monkeypatch.setattr(environment, "running", lambda _region, _folder: None)
    monkeypatch.setattr(environment, "start_detached", start)
    monkeypatch.setattr(environment, "stop", lambda _folder: note("stop"))
    monkeypatch.setattr(environment, "bootstrap", lambda *_: note("bootstrap"))
    monkeypatch.setattr(environment, "deploy", lambda *_: OUTPUTS)
    return tmp_path


def fail(*_: object) -> Mapping[str, str]:
    raise LocalError("no")


def test_up_deploys_and_writes_the_variables_for_a_shell(project: Path) -> None:
    up()

    assert (project / "calls").read_text() == "stop\nstart\nbootstrap\n"
    shown = subprocess.run(
        ["/bin/sh", "-c", "set -a; . .local/env; set +a; env -0"], env={}, capture_output=True, text=True, check=True
    )
    lines = shown.stdout.split("\0")
    assert "AWS_ENDPOINT_URL=http://127.0.0.1:1" in lines
    assert "TRAINING_EVENTS_BUS=bus" in lines
    assert "TRAINING_EVENTS_LOG=dynamodb://log?read_models=models&notary=leaves" in lines
    assert "TRAINING_EVENTS_NOTARY=notary" in lines
    assert "TRAINING_EVENTS_BUCKET=bucket" in lines
    assert "TRAINING_EVENTS_UNDELIVERED=http://queue" in lines
    assert "OUTPUT_UNDELIVERED_QUEUE_URL=http://queue" in lines


def test_a_failed_deployment_stops_the_emulators_that_it_started(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "deploy", fail)
    with pytest.raises(LocalError):
        up()
    assert (project / "calls").read_text().endswith("bootstrap\nstop\n")


def test_a_failed_deployment_does_not_stop_emulators_that_ran_before(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / ".local").mkdir()
    monkeypatch.setattr(environment, "running", lambda _region, _folder: ENDPOINTS)
    monkeypatch.setattr(environment, "deploy", fail)
    with pytest.raises(LocalError):
        up()
    assert (project / "calls").read_text() == "bootstrap\n"


def test_up_reports_that_the_emulators_ran_already(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / ".local").mkdir()
    monkeypatch.setattr(environment, "running", lambda _region, _folder: ENDPOINTS)

    assert command_line.main(["up"]) == 0

    assert "ran already" in capsys.readouterr().out


@pytest.mark.parametrize(
    "failure",
    [
        (LocalError("it broke"), 1, "error: it broke\n"),
        (OSError("disk full"), 1, "error: disk full\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_every_failure_is_one_line_and_a_code(
    failure: tuple[BaseException, int, str],
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    error, code, message = failure

    def raise_it(*_: object) -> None:
        raise error

    monkeypatch.setattr(environment, "bootstrap", raise_it)

    assert command_line.main(["up"]) == code
    assert capsys.readouterr().err == message
    assert (project / "calls").read_text() == "stop\nstart\nstop\n"


def test_outside_of_the_project_it_is_one_line_and_exit_code_2(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "environments" / "local.toml").unlink()
    assert command_line.main(["up"]) == 2
    assert "run this in the project's folder" in capsys.readouterr().err


def test_the_outputs_are_read_from_the_file_that_cdktf_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pretend(_command: list[str], _environment: Mapping[str, str], _log: Path, _progress: Progress) -> None:
        (tmp_path / "out" / "outputs.json").write_text(json.dumps({"training-local": {"a": "b"}}))

    monkeypatch.setattr(deployment, "run", pretend)
    assert deploy("training-local", {}, tmp_path / "out", tmp_path / "log") == {"a": "b"}
    with pytest.raises(LocalError, match="no outputs of training-dev"):
        deploy("training-dev", {}, tmp_path / "out", tmp_path / "log")


def test_a_failed_command_shows_the_end_of_its_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["sh", "-c", "printf '\\033[31m│ Error: no such role\\033[0m\\n1 Stack deploying   0 Stacks done\\n'; exit 3"]

    with pytest.raises(LocalError, match=r"deploying failed with exit code 3 \(full output: .*log\)"):
        run(command, {"PATH": "/bin:/usr/bin"}, tmp_path / "log", Progress("deploying", sys.stderr, clock=lambda: 0.0))

    assert capsys.readouterr().err == "deploying: failed in 0 s\n  Error: no such role\n"


def test_a_command_that_does_not_exist_is_no_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(LocalError):
        run(["no-such-command"], {"PATH": "/bin"}, tmp_path / "log", Progress("deploying", sys.stderr))
    assert "no-such-command: No such file or directory" in capsys.readouterr().err


def test_a_command_ends_with_its_starter_even_if_that_is_killed(tmp_path: Path) -> None:
    script = "import os, sys, time; print(os.getpid(), flush=True); time.sleep(300)"
    starter = (
        "import sys; from pathlib import Path; from local.deployment import run; from local.progress import Progress;"
        f"run([sys.executable, '-c', {script!r}], {{}}, Path({str(tmp_path / 'log')!r}), Progress('x', sys.stderr))"
    )
    parent = subprocess.Popen([sys.executable, "-c", starter], cwd=HERE.parent)
    try:
        child = wait_for_text(tmp_path / "log")
    finally:
        parent.kill()
        parent.wait()
    until(lambda: not alive(child))


def wait_for_text(path: Path) -> str:
    until(lambda: path.is_file() and path.read_text().endswith("\n"))
    return path.read_text().strip()


def alive(pid: str) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def test_progress_counts_the_resources_that_terraform_has_finished() -> None:
    progress = Progress("deploying", io.StringIO(), clock=lambda: 0.0)
    for line in (
        "                Plan: 3 to add, 1 to change, 0 to destroy.",
        "aws_dynamodb_table.log: \x1b[0mCreation complete after 8s [id=z]",
        "training-local  aws_sqs_queue.undelivered (undelivered): Still creating... [10s elapsed]",
        "\x1b[2K\x1b[Gtraining-local  aws_sqs_queue.undelivered: Creation complete after 25s [id=x]",
        "                aws_s3_bucket.data: Modifications complete after 0s [id=y]",
    ):
        progress.read(line)
    assert progress.state(60.0) == "deploying: 3 of 4 resources, 60 s, aws_s3_bucket.data"


def test_readable_output_has_no_colours_and_no_spinners() -> None:
    assert readable("\x1b[2K⠋  Synthesizing\n\n0 Stacks deploying     1 Stack done\n\x1b[31m│\x1b[0m Error: x\r\n") == [
        "Error: x"
    ]


def test_each_variable_is_on_one_line(tmp_path: Path) -> None:
    write_env(tmp_path / "env", LocalEnvironment(ENDPOINTS, OUTPUTS, tmp_path).variables())
    assert all("=" in line for line in (tmp_path / "env").read_text().splitlines())


def test_the_tree_is_read_from_the_bucket_in_which_the_notary_keeps_it(tmp_path: Path) -> None:
    def bucket(**more: str) -> str | None:
        return LocalEnvironment(ENDPOINTS, OUTPUTS | more, tmp_path).variables().get("TRAINING_EVENTS_NOTARY_BUCKET")

    assert bucket() is None, "it is the data bucket"
    assert bucket(checkpoint_bucket_name="auditors") == "auditors"


def test_the_emulators_are_installed_again_only_if_something_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# one")
    home = tmp_path / "emulators"
    left_over = home / "left over"

    def installs() -> bool:
        python = python_of_emulators(tmp_path, requirements)
        assert python == home / "bin" / "python"
        assert python.exists()
        installed = "Installing" in capsys.readouterr().err
        assert not (installed and left_over.exists()), "the old installation was not removed first"
        left_over.touch()
        return installed

    assert [installs(), installs()] == [True, False]
    requirements.write_text("# two")
    assert [installs(), installs()] == [True, False]
    (home / "installed").unlink()  # an installation that was interrupted
    assert [installs(), installs()] == [True, False]


def test_an_installation_that_fails_is_an_error_of_one_line(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("ministack==1.5.33\n")  # without its hash

    with pytest.raises(LocalError, match=r"could not be installed: error: .*hash"):
        python_of_emulators(tmp_path, requirements)

    assert not (tmp_path / "emulators" / "installed").exists()
