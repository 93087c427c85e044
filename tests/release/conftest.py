"""A small synthesized stack, and a Terraform that has a provider at hand."""

import json
from pathlib import Path
from typing import Any

import pytest

PACKAGE = "assets/package/0A/training-events.zip"
LOCK = 'provider "registry.terraform.io/hashicorp/aws" {\n  version     = "5.100.0"\n  hashes = [\n    "h1:AAA=",\n  ]\n}\n'


def content(package: str = PACKAGE, **more: Any) -> dict[str, Any]:
    """What a stack's JSON says, as far as a release reads it."""
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


def synthesize(out: Path, said: dict[str, Any], name: str = "training-dev") -> Path:
    """What cdktf would leave in `out`, with what Terraform leaves beside it; the stack's folder."""
    stack = out / "stacks" / name
    (stack / PACKAGE).parent.mkdir(parents=True)
    (stack / PACKAGE).write_bytes(b"the package")
    (stack / "cdk.tf.json").write_text(json.dumps(said), encoding="utf-8")
    (stack / ".terraform" / "providers").mkdir(parents=True)
    for left in (".terraform/terraform.tfstate", ".terraform.lock.hcl", "plan", "terraform.tfstate", "assets/package/old.zip"):
        (stack / left).write_text("left by Terraform, or by an earlier synth")
    return stack


def terraform(folder: Path, locks: str | None = LOCK) -> Path:
    """A Terraform that writes this lock file; without one, it says that it found no provider."""
    folder.mkdir(exist_ok=True)
    writes = "echo 'Error: Could not retrieve providers for locking' >&2; exit 1"
    if locks is not None:
        (folder / "lock").write_text(locks)
        writes = f"cp '{folder}/lock' .terraform.lock.hcl"
    script = f"""#!/bin/sh
case "$1" in
  version) echo '{{"terraform_version": "1.11.4", "platform": "linux_amd64"}}' ;;
  *) {writes} ;;
esac
"""
    (folder / "terraform").write_text(script)
    (folder / "terraform").chmod(0o755)
    return folder / "terraform"


@pytest.fixture(autouse=True)
def a_provider_at_hand(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", str(terraform(tmp_path_factory.mktemp("terraform") / "bin")))
