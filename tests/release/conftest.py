"""A small synthesized stack, and a fake Terraform that finds a provider."""

import json
from pathlib import Path
from typing import Any

import pytest

PACKAGE = "assets/package/0A/training-events.zip"
LOCK = 'provider "registry.terraform.io/hashicorp/aws" {\n  version     = "5.100.0"\n  hashes = [\n    "h1:AAA=",\n  ]\n}\n'


def content(package: str = PACKAGE, **more: Any) -> dict[str, Any]:
    """The part of a stack's JSON that a release reads."""
    function = {"filename": package, "source_code_hash": f'${{filebase64sha256("{package}")}}'} | more
    return {
        "//": {"metadata": {"stackName": "training-dev"}},
        "output": {"event_bus_name": {}, "data_bucket_name": {}},
        "provider": {"aws": [{"allowed_account_ids": ["111122223333"], "region": "us-east-1"}]},
        "resource": {"aws_lambda_function": {"processor": function}},
        "terraform": {
            "backend": {"s3": {"bucket": "states", "key": "training-dev/terraform.tfstate", "region": "eu-west-1"}},
            "required_providers": {"aws": {"source": "hashicorp/aws", "version": ">= 5.100.0, < 7.0.0"}},
            "required_version": ">= 1.10.0",
        },
    }


def synthesize(out: Path, stack_content: dict[str, Any], name: str = "training-dev") -> Path:
    """Write to `out` what cdktf would write, and files of Terraform beside it. Returns the stack's folder."""
    stack = out / "stacks" / name
    (stack / PACKAGE).parent.mkdir(parents=True)
    (stack / PACKAGE).write_bytes(b"the package")
    (stack / "cdk.tf.json").write_text(json.dumps(stack_content), encoding="utf-8")
    (stack / ".terraform" / "providers").mkdir(parents=True)
    for leftover in (
        ".terraform/terraform.tfstate",
        ".terraform.lock.hcl",
        "plan",
        "terraform.tfstate",
        "assets/package/old.zip",
    ):
        (stack / leftover).write_text("of Terraform, or of an earlier synth")
    return stack


def terraform(folder: Path, locks: str | None = LOCK) -> Path:
    """A fake Terraform that writes this lock file, or, for None, fails because it finds no provider."""
    folder.mkdir(exist_ok=True)
    action = "echo 'Error: Could not retrieve providers for locking' >&2; exit 1"
    if locks is not None:
        (folder / "lock").write_text(locks)
        action = f"cp '{folder}/lock' .terraform.lock.hcl"
    script = f"""#!/bin/sh
case "$1" in
  version) echo '{{"terraform_version": "1.11.4", "platform": "linux_amd64"}}' ;;
  *) {action} ;;
esac
"""
    (folder / "terraform").write_text(script)
    (folder / "terraform").chmod(0o755)
    return folder / "terraform"


@pytest.fixture(autouse=True)
def terraform_with_a_provider(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", str(terraform(tmp_path_factory.mktemp("terraform") / "bin")))
