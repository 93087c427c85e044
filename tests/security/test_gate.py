"""`python -m security`: what it prints, and its exit codes."""

import json
from pathlib import Path

import pytest

from security import checkov_gate, parliament_gate, synthesized, waivers
from security.__main__ import main
from security.scanner import Finding
from tests.support.options import synthesized_with_options
from tests.support.setting_keys import defaults

# Checks of checkov, and the settings that satisfy each.
_KEYS = ("CKV_AWS_119", "CKV_AWS_145", "CKV_AWS_158", "CKV_AWS_173", "CKV_AWS_187", "CKV_AWS_22", "CKV_AWS_26")
SATISFIED_BY = {check: ["encryption.kms_key_arn"] for check in _KEYS} | {
    "CKV_AWS_115": ["event_processor.reserved_concurrency", "projector.reserved_concurrency"],
    "CKV_AWS_117": ["network.subnet_ids"],
    "CKV_AWS_272": ["code_signing.profile_version_arn"],
    "CKV_AWS_306": ["notebook.subnet_id"],
}


def test_the_environments_of_this_project_pass(cdktf_out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(cdktf_out)]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.endswith(" waivers.toml waives\n")


def test_every_finding_and_every_unneeded_waiver_is_a_line(
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


@pytest.fixture(scope="module")
def findings_with_options(scanners: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Finding]]:
    """The findings in an environment with all settings that are off by default, and in one with all of them but the key."""
    out = tmp_path_factory.mktemp("options")
    synthesized_with_options(out)
    keyless = tmp_path_factory.mktemp("keyless")
    synthesized_with_options(keyless, encryption={})
    (keyless / "stacks" / "training-extra").rename(out / "stacks" / "training-keyless")
    stacks = synthesized.read(out)
    findings = parliament_gate.check(scanners, stacks)[1] + checkov_gate.check(scanners, stacks)[1]
    return {name: [finding for finding in findings if finding.environment == name] for name in ("extra", "keyless")}


def test_findings_that_settings_cause_are_waived_and_those_waivers_are_needed(
    findings_with_options: dict[str, list[Finding]],
) -> None:
    accepted = waivers.read()
    findings = findings_with_options["extra"] + findings_with_options["keyless"]
    assert waivers.not_waived(findings, accepted) == []
    for waiver in accepted:
        if waiver.setting is not None:
            assert waiver.setting in defaults()
            assert set(waiver.resources) <= {finding.address for finding in findings if finding.check == waiver.check}


def test_a_setting_that_a_waiver_names_satisfies_the_check(findings_with_options: dict[str, list[Finding]]) -> None:
    """With these settings, the check finds nothing."""
    accepted, failing = waivers.read(), {finding.check for finding in findings_with_options["extra"]}
    for check, settings in SATISFIED_BY.items():
        assert check not in failing
        (waiver,) = (waiver for waiver in accepted if waiver.check == check)
        assert not [setting for setting in settings if setting not in waiver.reason], check


@pytest.mark.parametrize("content", [None, "{", '{"terraform": {}}', "[]", '{"resource": {}, "resource": {}}'])
def test_a_folder_without_a_synthesized_app_is_misuse(
    tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "stacks" / "training-dev").mkdir(parents=True)
        (tmp_path / "stacks" / "training-dev" / "cdk.tf.json").write_text(content, encoding="utf-8")
    assert main([str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {tmp_path}")


@pytest.mark.parametrize(
    ("planted", "named"),
    [
        ({"module": {"x": {"source": "./x"}}}, "module"),
        ({"data": {"external": {"x": {"program": ["x"]}}}}, "data"),
        ({"resource": {"aws_sqs_queue": {"x": {"name": "x", "count": 0}}}}, "aws_sqs_queue.x: count"),
        ({"resource": {"aws_sqs_queue": {"x": {"dynamic": {"tags": {}}}}}}, "aws_sqs_queue.x: dynamic"),
        ({"resource": {"terraform_data": {"x": {"provisioner": [{"local-exec": {}}]}}}}, "terraform_data.x: provisioner"),
    ],
)
def test_json_with_effects_that_no_check_can_see_does_not_pass(
    tmp_path: Path, planted: dict[str, object], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "stacks" / "training-dev"
    folder.mkdir(parents=True)
    (folder / "cdk.tf.json").write_text(json.dumps({"resource": {}} | planted), encoding="utf-8")
    assert main([str(tmp_path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {folder / 'cdk.tf.json'}: {named}: ")


def test_a_list_of_waivers_that_cannot_be_read_is_misuse(cdktf_out: Path, tmp_path: Path) -> None:
    assert main([str(cdktf_out)], waived=tmp_path / "none.toml") == 2


def test_a_policy_that_cannot_be_checked_does_not_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "stacks" / "training-dev"
    folder.mkdir(parents=True)
    resource = {"aws_iam_role_policy": {"x": {"policy": "${data.aws_iam_policy_document.x.json}"}}}
    (folder / "cdk.tf.json").write_text(json.dumps({"resource": resource}), encoding="utf-8")
    assert main([str(tmp_path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: training-dev: aws_iam_role_policy.x: ")
