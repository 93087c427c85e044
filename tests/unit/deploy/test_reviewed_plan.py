"""`make deploy PLAN=…`: the plan that was reviewed is applied, and no other."""

import json
import sys
from pathlib import Path

import pytest

from deploy.reviewed_plan import main
from review.plan import read
from tests.review.made_plans import change, document

REVIEWED = document(change("aws_sqs_queue.jobs", "create", after={"name": "jobs"}))
ANOTHER = document(change("aws_sqs_queue.jobs", "delete", before={"name": "jobs"}))
DIGEST = read(REVIEWED, "the plan").digest
TERRAFORM = """\
import json, sys
with open({calls!r}, "a") as calls:
    print(json.dumps(sys.argv[1:]), file=calls)
out = next((a.partition("=")[2] for a in sys.argv if a.startswith("-out=")), None)
if out:
    open(out, "w").write("the plan")
if sys.argv[1] == "show":
    print({plan!r})
if sys.argv[1] == "apply":
    assert open(sys.argv[-1]).read() == "the plan"
    sys.exit({code})
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cdktf.out" / "stacks" / "training-dev"
    folder.mkdir(parents=True)
    (folder / "cdk.tf.json").write_text("{}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "calls"


def terraform(calls: Path, monkeypatch: pytest.MonkeyPatch, plan: bytes, code: int = 0) -> None:
    """A terraform that makes this plan, and ends an apply with this code."""
    script, binary = calls.with_name("terraform.py"), calls.with_name("terraform")
    script.write_text(TERRAFORM.format(calls=str(calls), plan=plan.decode(), code=code), encoding="utf-8")
    binary.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n', encoding="utf-8")
    binary.chmod(0o700)
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", str(binary))


def commands(calls: Path) -> list[str]:
    return [json.loads(line)[0] for line in calls.read_text(encoding="utf-8").splitlines()]


def test_the_reviewed_plan_is_applied_itself(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terraform(calls, monkeypatch, REVIEWED)
    assert main(["dev", DIGEST]) == 0
    assert commands(calls) == ["init", "plan", "show", "apply"]


def test_another_plan_is_refused_with_both_digests(
    calls: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terraform(calls, monkeypatch, ANOTHER)
    assert main(["dev", DIGEST]) == 2
    assert commands(calls) == ["init", "plan", "show"]
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(f"error: training-dev: the plan is now {read(ANOTHER, 'now').digest}, not {DIGEST}: ")
    assert "nothing was deployed" in error


def test_where_nothing_is_left_to_do_nothing_is_applied(
    calls: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terraform(calls, monkeypatch, document())
    assert main(["dev", DIGEST]) == 0
    assert commands(calls) == ["init", "plan", "show"]
    assert capsys.readouterr().out.startswith("training-dev: no changes")


def test_an_apply_that_fails_is_a_failure(
    calls: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terraform(calls, monkeypatch, REVIEWED, code=1)
    assert main(["dev", DIGEST]) == 1
    assert capsys.readouterr().err.endswith("error: terraform apply of training-dev ended with exit code 1\n")
