"""The real Terraform, with the real provider's schema, accepts every environment's stack, as JSON and as HCL."""

import json
import os
import shutil
from pathlib import Path

import pytest

from local import terraform
from release.errors import ReleaseError
from release.validate import main, validate

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def with_terraform(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in terraform.environment().items():
        monkeypatch.setenv(name, value)
    terraform.require_terraform(os.environ)


def for_provider_5(stack: Path, folder: Path) -> Path:
    """A copy of the stack for provider 5.100 and the newest platform of a notebook that it knows.

    The tests run where no later provider can be had. What dev and prod declare is the same but for these two values.
    """
    copy = folder / stack.name
    shutil.copytree(stack, copy)
    (file,) = copy.glob("cdk.tf*")
    text = file.read_text(encoding="utf-8")
    for later, earlier in ((">= 6.19.0, < 7.0.0", ">= 5.100.0, < 6.0.0"), ("notebook-al2023-v1", "notebook-al2-v3")):
        assert text.count(later) == (0 if stack.name == "training-local" else 1)
        text = text.replace(later, earlier)
    file.write_text(text, encoding="utf-8")
    return copy


@pytest.mark.parametrize("environment", ["dev", "local", "prod"])
def test_terraform_accepts_the_json(cdktf_out: Path, tmp_path: Path, environment: str) -> None:
    assert validate(for_provider_5(cdktf_out / "stacks" / f"training-{environment}", tmp_path)) == []


@pytest.mark.parametrize("environment", ["dev", "local", "prod"])
def test_terraform_accepts_the_hcl(hcl_out: Path, tmp_path: Path, environment: str) -> None:
    stack = for_provider_5(hcl_out / "stacks" / f"training-{environment}", tmp_path)
    assert {file.name for file in stack.glob("*.tf*")} == {"cdk.tf"}
    # cdktf writes `depends_on` in the form of Terraform 0.11. There may be no other warning.
    assert [line for line in validate(stack) if "Quoted references are deprecated" not in line] == []


def test_terraforms_refusal_is_shown_in_its_own_words_and_leaves_no_files(tmp_path: Path) -> None:
    (tmp_path / "cdk.tf.json").write_text(json.dumps({"output": {"one": {"value": "${local.gone}"}}}), encoding="utf-8")
    with pytest.raises(
        ReleaseError, match=r"terraform validate:\ncdk\.tf\.json:1: error: Reference to undeclared local value: "
    ):
        validate(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["cdk.tf.json"]


def test_what_terraform_cannot_read_is_an_error_in_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "cdk.tf").write_text('terraform {\n  0 = "required_version"\n}\n', encoding="utf-8")
    with pytest.raises(ReleaseError, match=r"terraform init:[^$]+Argument or block definition required"):
        validate(tmp_path)


def test_without_a_synth_the_error_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], tmp_path) == 1
    assert capsys.readouterr().err.endswith("training-dev: does not exist: run `make synth` first\n")
