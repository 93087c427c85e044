"""`python -m security`: what it says, and with which exit code."""

import json
from pathlib import Path
from typing import Any

import cdktf
import pytest

from security import checkov_gate, parliament_gate, synthesized, waivers
from security.__main__ import main
from stacks.settings import Settings
from stacks.training_stack import TrainingStack


def test_the_environments_of_this_project_pass(cdktf_out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(cdktf_out)]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.endswith(" waivers.toml waives\n")


def test_every_finding_is_a_line_with_its_address_and_so_is_a_waiver_in_vain(
    cdktf_out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without_bucket = waivers.FILE.read_text(encoding="utf-8").replace(
        "aws_s3_bucket.data_bucket_51E298BF", "aws_s3_bucket.gone"
    )
    other = tmp_path / "waivers.toml"
    other.write_text(without_bucket, encoding="utf-8")
    assert main([str(cdktf_out)], waived=other) == 1
    lines = capsys.readouterr().out.splitlines()
    bucket = "aws_s3_bucket.data_bucket_51E298BF"
    assert f"prod: {bucket}: CKV_AWS_18: Ensure the S3 bucket has access logging enabled" in lines
    assert "waivers.toml: aws_s3_bucket.gone: CKV_AWS_18: nothing needs this waiver any more: remove it" in lines
    assert len(lines) == 3 * 3 + 3  # three checks in three environments, and three waivers


def test_what_settings_add_is_waived_as_well_and_those_waivers_are_needed_then(scanners: Path, tmp_path: Path) -> None:
    options: dict[str, Any] = {
        "notebook": {"subnet_id": "subnet-0123456789abcdef0", "security_group_ids": ["sg-0123456789abcdef0"]},
        "observability": {"alarm_email": "on-call@example.com"},
    }
    app = cdktf.App(outdir=str(tmp_path))
    TrainingStack(app, Settings(environment="extra", account_id="111122223333", region="eu-west-1", **options))
    app.synth()
    stacks = synthesized.read(tmp_path)
    findings = parliament_gate.check(scanners, stacks)[1] + checkov_gate.check(scanners, stacks)[1]
    listed = waivers.read()
    assert waivers.not_waived(findings, listed) == []
    for waiver in listed:
        if waiver.setting is not None:
            assert {one.address for one in findings if one.check == waiver.check} == set(waiver.resources)


@pytest.mark.parametrize("content", [None, "{", '{"terraform": {}}', "[]"])
def test_a_folder_without_a_synthesized_app_is_misuse(
    tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "stacks" / "training-dev").mkdir(parents=True)
        (tmp_path / "stacks" / "training-dev" / "cdk.tf.json").write_text(content, encoding="utf-8")
    assert main([str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {tmp_path}")


def test_a_list_of_waivers_that_cannot_be_read_is_misuse(cdktf_out: Path, tmp_path: Path) -> None:
    assert main([str(cdktf_out)], waived=tmp_path / "none.toml") == 2


def test_a_policy_that_cannot_be_checked_does_not_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "stacks" / "training-dev"
    folder.mkdir(parents=True)
    resource = {"aws_iam_role_policy": {"x": {"policy": "${data.aws_iam_policy_document.x.json}"}}}
    (folder / "cdk.tf.json").write_text(json.dumps({"resource": resource}), encoding="utf-8")
    assert main([str(tmp_path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: dev: aws_iam_role_policy.x: ")
