"""The deployed stack is complete and has no drift, and the other commands of cdktf work on it."""

import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stacks.settings.file import load
from tests.local_aws.conftest import Deployed
from tests.support.original_parts import PARTS, Part
from tests.support.patience import DEPLOYMENT_SECONDS


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
        timeout=DEPLOYMENT_SECONDS,
    )


def test_a_plan_after_the_apply_changes_nothing(deployed: Deployed) -> None:
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
    objects: Any = deployed.client("s3").list_objects_v2(Bucket=settings.state_bucket)
    assert [item["Key"] for item in objects["Contents"]] == ["training-local/terraform.tfstate"]


def test_both_functions_run_the_same_package(deployed: Deployed) -> None:
    functions = [
        deployed.client("lambda").get_function_configuration(FunctionName=deployed.outputs[f"{name}_function_name"])
        for name in ("event_processor", "projector")
    ]
    for configuration in functions:
        assert (configuration["Runtime"], configuration["Architectures"]) == ("python3.13", ["arm64"])
        assert configuration["TracingConfig"]["Mode"] == "Active"
    assert len({configuration["CodeSha256"] for configuration in functions}) == 1


def test_the_projector_follows_the_logs_change_stream(deployed: Deployed) -> None:
    log = deployed.client("dynamodb").describe_table(TableName=deployed.outputs["event_log_table_name"])["Table"]
    (mapping,) = deployed.client("lambda").list_event_source_mappings(FunctionName=deployed.outputs["projector_function_name"])[
        "EventSourceMappings"
    ]
    assert mapping["EventSourceArn"] == log["LatestStreamArn"]
    assert mapping["State"] == "Enabled"
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"].endswith(":training-local-undelivered")


def _delete_names_with_a_percent_sign(deployed: Deployed, bucket: str) -> None:
    """The seals of a dataset with a blank in its name. MiniStack does not delete such an object when it is to delete several at
    once, as Terraform does to empty a bucket; S3 does.
    """
    s3 = deployed.client("s3")
    for version in s3.list_object_versions(Bucket=bucket)["Versions"]:
        if "%" in version["Key"]:
            s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"], BypassGovernanceRetention=True)


@pytest.mark.takes_down
def test_cdktf_destroy_takes_everything_down(deployed: Deployed) -> None:
    bucket, locked = deployed.outputs["data_bucket_name"], datetime.now(UTC) + timedelta(days=7)
    deployed.client("s3").put_object(
        Bucket=bucket, Key="seals/run/x/000001.jsonl", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=locked
    )
    _delete_names_with_a_percent_sign(deployed, bucket)
    destroyed = _cdktf(deployed, "destroy", "--auto-approve")
    assert destroyed.returncode == 0, destroyed.stdout + destroyed.stderr
    names = [function["FunctionName"] for function in deployed.client("lambda").list_functions()["Functions"]]
    names += deployed.client("dynamodb").list_tables()["TableNames"]
    names += [bucket["Name"] for bucket in deployed.client("s3").list_buckets()["Buckets"]]
    assert load("local").state_bucket in names
    assert not [name for name in names if name.startswith(load("local").name(""))]  # other environments stay
