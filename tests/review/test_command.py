"""`python -m review`: which commands it runs, what it prints, and its exit code."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from review.__main__ import main
from tests.review.examples import PLANS
from tests.review.made_plans import change, document
from tests.support.paths import ROOT
from tests.support.patience import PATIENCE_SECONDS, is_readable

TERRAFORM = """\
import json, os, sys
with open("{calls}", "a") as calls:
    print(json.dumps([sys.argv[1:], os.environ["TF_DATA_DIR"], os.getcwd()]), file=calls)
plan = next((a.partition("=")[2] for a in sys.argv if a.startswith("-out=")), None)
if sys.argv[1] == "{fails}":
    print("Error: no valid credential sources found", file=sys.stderr)
    sys.exit(1)
if plan:
    folder = os.path.dirname(plan)
    assert oct(os.stat(folder).st_mode)[-3:] == "700", "others may read the plan"
    open(plan, "w").close()
if sys.argv[1] == "show":
    assert os.path.exists(sys.argv[-1])
    print({plan!r})
"""
"""A terraform that writes down how it was called, and makes the same plan each time."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cdktf.out" / "stacks" / "training-dev"
    folder.mkdir(parents=True)
    backend = {"s3": {"bucket": "state", "key": "training-dev/terraform.tfstate"}}
    content = {"//": {"metadata": {"stackName": "training-dev"}}, "terraform": {"backend": backend}}
    (folder / "cdk.tf.json").write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def terraform(project: Path, monkeypatch: pytest.MonkeyPatch, plan: bytes = b"", fails: str = "") -> Path:
    calls, script, binary = project / "calls", project / "terraform.py", project / "terraform"
    script.write_text(TERRAFORM.format(calls=calls, fails=fails, plan=plan.decode()), encoding="utf-8")
    # Not with #! and the path of Python: that path may have a blank in it.
    binary.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n', encoding="utf-8")
    binary.chmod(0o700)
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", str(binary))
    return calls


def test_it_plans_and_writes_the_summary_and_leaves_nothing_else_behind(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    scratch = project / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    calls_file = terraform(project, monkeypatch, document(change("aws_x.y", "delete", before={"name": "gone"})))
    assert main(["dev"]) == 2
    printed = capfd.readouterr()
    assert printed.out == (project / ".build/review/training-dev.md").read_text(encoding="utf-8")
    assert printed.out.startswith("## `training-dev`\n\n**Plan: 1 to destroy.**\n")
    assert [line for line in printed.err.splitlines() if line.startswith("==> ")] == [
        f"==> terraform {command} in cdktf.out/stacks/training-dev" for command in ("init", "plan", "show")
    ]
    calls = [json.loads(line) for line in calls_file.read_text(encoding="utf-8").splitlines()]
    assert {"-lock=false", "-input=false"} <= set(calls[1][0])
    data = project / ".build" / "review-terraform" / "training-dev"
    assert {(folder, where) for _, folder, where in calls} == {(str(data), str(project / "cdktf.out/stacks/training-dev"))}
    assert oct(data.stat().st_mode)[-3:] == "700"
    assert list(scratch.iterdir()) == []
    assert [file.name for file in (project / ".build" / "review").iterdir()] == ["training-dev.md"]


def test_with_exit_zero_changes_end_with_0_and_a_failure_still_with_1(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    terraform(project, monkeypatch, document(change("aws_x.y", "delete")))
    assert main(["dev", "--exit-zero"]) == 0
    assert "1 to destroy" in capfd.readouterr().out
    assert main(["staging", "--exit-zero"]) == 1


def test_a_plan_without_changes_ends_with_0(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    terraform(project, monkeypatch, document())
    assert main(["dev"]) == 0
    assert capfd.readouterr().out == "## `training-dev`\n\nNo changes.\n"


@pytest.mark.parametrize("command", ["init", "plan", "show"])
def test_a_failure_is_one_line_and_terraforms_own_message(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], command: str
) -> None:
    terraform(project, monkeypatch, document())
    assert main(["dev"]) == 0
    capfd.readouterr()
    terraform(project, monkeypatch, document(), fails=command)
    assert main(["dev"]) == 1
    printed = capfd.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines()[-2:] == [
        f"error: terraform {command} in cdktf.out/stacks/training-dev failed with exit code 1",
        "Error: no valid credential sources found",
    ]
    assert list((project / ".build" / "review").iterdir()) == [], (
        "somebody would take the older summary for the result of this run"
    )


def test_a_cancelled_pipeline_leaves_no_plan_behind(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = project / "scratch"
    scratch.mkdir()
    terraform(project, monkeypatch, document())
    started, script = project / "started", project / "terraform.py"
    os.mkfifo(started)
    wait = f"if plan:\n    open({str(started)!r}, 'w').write('.'); __import__('signal').pause()\n"
    script.write_text(script.read_text(encoding="utf-8").replace("if plan:\n", wait, 1), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(scratch)}
    start = os.open(started, os.O_RDONLY | os.O_NONBLOCK)
    with subprocess.Popen([sys.executable, "-m", "review", "dev"], env=environment) as process:
        try:
            assert is_readable(start), "terraform has not started"
            assert [folder.name[:7] for folder in scratch.iterdir()] == ["review-"]
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=PATIENCE_SECONDS) == 128 + signal.SIGTERM
        finally:
            process.kill()
    os.close(start)
    assert list(scratch.iterdir()) == []


def test_a_missing_stack_and_a_missing_terraform_are_errors(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["prod"]) == 1
    assert (
        "error: cdktf.out/stacks/training-prod: there is no cdk.tf.json in it: run `make synth` first" in capfd.readouterr().err
    )
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", "no-such-terraform")
    assert main(["dev"]) == 1
    assert capfd.readouterr().err.splitlines()[-1].startswith("error: no-such-terraform cannot be run: ")


def test_an_environment_that_is_not_there_is_an_error_and_no_change(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["staging"]) == 1
    assert capfd.readouterr().err.startswith("error: environments/staging.toml: there is no such environment")


def test_a_plan_from_a_file_and_from_standard_input_give_the_same_summary(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], project: Path
) -> None:
    file = PLANS / "first_deploy.json"
    stack = str(project / "cdktf.out" / "stacks" / "training-dev")
    assert main(["--plan", str(file), "--stack", stack]) == 2
    from_file = capfd.readouterr().out
    assert "> **The state at `s3://state/training-dev/terraform.tfstate` is empty.**" in from_file
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
    assert main(["--plan", "-", "--stack", stack]) == 2
    assert capfd.readouterr().out == from_file
    assert main(["--plan", str(PLANS / "no_changes.json")]) == 0
    assert capfd.readouterr().out == "## `Terraform plan`\n\nNo changes.\n"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"{}", b'{"format_version":"1.0","values":{}}', b'{"format_version":"1.2","errored":true}']
)
def test_what_is_not_a_plan_is_an_error_of_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str], content: bytes) -> None:
    (tmp_path / "plan.json").write_bytes(content)
    assert main(["--plan", str(tmp_path / "plan.json")]) == 1
    printed = capfd.readouterr()
    assert printed.out == ""
    [line] = printed.err.splitlines()
    assert line.startswith(f"error: {tmp_path}/plan.json is ")


def test_a_missing_file_and_an_unreadable_stack_are_errors(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--plan", str(tmp_path / "none")]) == 1
    assert capfd.readouterr().err == f"error: {tmp_path}/none: No such file or directory\n"
    (tmp_path / "cdk.tf.json").write_text("[]", encoding="utf-8")
    assert main(["--plan", str(PLANS / "additions.json"), "--stack", str(tmp_path)]) == 1
    assert capfd.readouterr().err.startswith(f"error: {tmp_path}/cdk.tf.json: cannot be read as synthesized Terraform JSON")


@pytest.mark.parametrize("arguments", [[], ["dev", "--plan", "x"], ["dev", "--stack", "x"], ["--nonsense"]])
def test_misuse_does_not_end_with_the_code_for_changes(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 1
    assert capfd.readouterr().err.splitlines()[-1].startswith("error: ")


def test_it_runs_without_the_rest_of_the_project_on_a_terminal_that_has_only_ascii() -> None:
    """It imports only the standard library and msgspec, as another project's pipeline needs it."""
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    command = [sys.executable, "-X", "importtime", "-m", "review", "--plan", str(PLANS / "table_replaced.json")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert done.returncode == 2
    assert "→".encode() in done.stdout
    imported = {line.split(b"|")[-1].strip().split(b".")[0].decode() for line in done.stderr.splitlines()}
    others = {name.stem if name.is_file() else name.name for name in ROOT.iterdir()} | {
        "cdktf",
        "boto3",
        "pydantic",
        "training_events",
    }
    assert imported & others == {"command_line", "review"}
