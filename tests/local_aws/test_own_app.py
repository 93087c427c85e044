"""An app elsewhere that installs the library takes over what the repository has deployed, and adds its own resource to it."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.local_aws.conftest import Deployed
from tests.support.own_app import synthesized_own_app
from tests.support.patience import DEPLOYMENT_SECONDS
from tests.support.session import session_folder

OWN = "aws_iam_policy.auditors"


def _terraform(deployed: Deployed, folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["terraform", *arguments],
        cwd=folder,
        env=deployed.environment.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=DEPLOYMENT_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def taken_over(deployed: Deployed, pytestconfig: pytest.Config, tmp_path: Path) -> Path:
    """The stack of the app with a copy of the deployment's state: what other tests use keeps its own."""
    app = synthesized_own_app(session_folder(pytestconfig))
    folder = shutil.copytree(app / "cdktf.out" / "stacks" / "training-local", tmp_path / "stack")
    content = json.loads((folder / "cdk.tf.json").read_text(encoding="utf-8"))
    del content["terraform"]["backend"]
    (folder / "cdk.tf.json").write_text(json.dumps(content), encoding="utf-8")
    state = _terraform(deployed, deployed.environment.terraform_folder, "state", "pull")
    (folder / "terraform.tfstate").write_text(state, encoding="utf-8")
    _terraform(deployed, folder, "init", "-input=false", "-no-color")
    return folder


def test_an_own_app_adds_its_resource_to_the_deployed_stack_and_changes_nothing_else(
    deployed: Deployed, taken_over: Path
) -> None:
    applied = _terraform(deployed, taken_over, "apply", "-auto-approve", "-input=false", "-no-color")
    try:
        assert "Apply complete! Resources: 1 added, 0 changed, 0 destroyed." in applied
        policies = deployed.client("iam").list_policies(Scope="Local")["Policies"]
        assert "training-local-auditors" in [policy["PolicyName"] for policy in policies]
    finally:
        _terraform(deployed, taken_over, "destroy", f"-target={OWN}", "-auto-approve", "-input=false", "-no-color")
    policies = deployed.client("iam").list_policies(Scope="Local")["Policies"]
    assert "training-local-auditors" not in [policy["PolicyName"] for policy in policies]
