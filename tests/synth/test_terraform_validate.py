"""The real Terraform, with the real provider's schema, accepts every environment's stack."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from local import terraform


@pytest.mark.parametrize("environment", ["dev", "local", "prod"])
def test_terraform_accepts_the_stack(cdktf_out: Path, tmp_path: Path, environment: str) -> None:
    folder = tmp_path / "stack"
    shutil.copytree(cdktf_out / "stacks" / f"training-{environment}", folder)
    variables = {**os.environ, **terraform.environment()}
    terraform.require_terraform(variables)
    initialized = subprocess.run(
        ["terraform", "init", "-backend=false", "-input=false"],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert initialized.returncode == 0, initialized.stderr
    validated = subprocess.run(
        ["terraform", "validate", "-json"], cwd=folder, env=variables, capture_output=True, text=True, check=False
    )
    said = json.loads(validated.stdout)
    assert said["valid"], said["diagnostics"]
    assert said["diagnostics"] == []
