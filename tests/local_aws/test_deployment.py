"""What was deployed is there, nothing drifts, and the CLI's other commands work on it."""

import subprocess
from typing import Any

import pytest

from stacks.settings_file import load
from tests.local_aws.conftest import Deployed
from tests.original_parts import PARTS, Part


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_part_of_the_original_workflow_is_deployed(deployed: Deployed, part: Part) -> None:
    assert part.deployed(deployed)


def _cdktf(deployed: Deployed, command: str, *options: str) -> subprocess.CompletedProcess[str]:
    out = deployed.environment.folder / "terraform"
    return subprocess.run(
        ["npx", "--no-install", "cdktf", command, "training-local", "--no-color", "--output", str(out), *options],
        env=deployed.environment.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )


def test_a_plan_after_the_apply_has_nothing_to_do(deployed: Deployed) -> None:
    plan = subprocess.run(
        ["terraform", "plan", "-detailed-exitcode", "-input=false", "-no-color", "-lock=false"],
        cwd=deployed.environment.terraform_folder,
        env=deployed.environment.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert plan.returncode == 0, plan.stdout + plan.stderr


def test_cdktf_diff_says_that_nothing_changes(deployed: Deployed) -> None:
    diff = _cdktf(deployed, "diff")
    assert diff.returncode == 0, diff.stdout + diff.stderr
    assert "No changes" in diff.stdout


def test_the_state_is_in_the_bootstrapped_bucket(deployed: Deployed) -> None:
    settings = load("local")
    kept: Any = deployed.client("s3").list_objects_v2(Bucket=settings.state_bucket)
    assert [item["Key"] for item in kept["Contents"]] == ["training-local/terraform.tfstate"]


def test_the_function_runs_the_package_that_was_built(deployed: Deployed) -> None:
    name = deployed.outputs["event_processor_function_name"]
    configuration = deployed.client("lambda").get_function_configuration(FunctionName=name)
    assert (configuration["Runtime"], configuration["Architectures"]) == ("python3.13", ["arm64"])
    assert configuration["TracingConfig"]["Mode"] == "Active"


@pytest.mark.takes_down
def test_cdktf_destroy_takes_everything_down(deployed: Deployed) -> None:
    destroyed = _cdktf(deployed, "destroy", "--auto-approve")
    assert destroyed.returncode == 0, destroyed.stdout + destroyed.stderr
    assert deployed.client("lambda").list_functions()["Functions"] == []
    assert deployed.client("dynamodb").list_tables()["TableNames"] == []
    assert [b["Name"] for b in deployed.client("s3").list_buckets()["Buckets"]] == [load("local").state_bucket]
