"""An environment with a company's rules beside the standard one: prefix, path, boundary, a bucket and a bus of its own."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from training_events.bus.publisher import EventBusPublisher
from training_events.proof.s3_seal_store import S3SealStore
from training_events.stores.dynamodb.event_log import DynamoDbLog

from deploy import existing, state_bucket
from review import plan, stack
from review.summary import summary
from stacks import iam
from stacks.settings import Settings
from stacks.settings.file import load
from tests.local_aws.conftest import Deployed, new_event
from tests.support.patience import DEPLOYMENT_SECONDS, until

BUCKET, BUS, BOUNDARY = "acme-training-data", "acme-events", "acme-teams-may-at-most"


@dataclass(frozen=True)
class Ruled:
    """The environment of the company: its settings, Terraform's folder, and its bucket and bus in the emulators."""

    settings: Settings
    folder: Path
    deployed: Deployed

    def terraform(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return _terraform(self.deployed, self.folder, *arguments)

    def log(self) -> DynamoDbLog:
        return DynamoDbLog(self.settings.name("event-log"), self.deployed.client("dynamodb"))


def _terraform(deployed: Deployed, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["terraform", *arguments],
        cwd=folder,
        env=deployed.environment.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=DEPLOYMENT_SECONDS,
    )


def _synthesized(settings: Settings, out: Path) -> Path:
    import cdktf  # noqa: PLC0415 - starts Node, which no process needs that only collects the tests

    from stacks.training_stack import TrainingStack  # noqa: PLC0415

    app = cdktf.App(outdir=str(out))
    TrainingStack(app, settings)
    app.synth()
    return out / "stacks" / settings.stack_name


def _make_what_exists(deployed: Deployed, settings: Settings) -> None:
    s3 = deployed.client("s3")
    s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}})
    blocked = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=blocked)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=iam.policy(*existing.required_policy(settings, BUCKET)))
    deployed.client("events").create_event_bus(Name=BUS)
    services = [f"{service}:*" for service in ("dynamodb", "events", "logs", "s3", "sagemaker", "sqs", "xray")]
    deployed.client("iam").create_policy(PolicyName=BOUNDARY, PolicyDocument=iam.policy(iam.allow(services, ["*"])))


@pytest.fixture(scope="module")
def ruled(deployed: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Ruled:
    local = load("local")
    rules: dict[str, Any] = {
        "environment": "company",
        "name_prefix": "acme-ml",
        "iam": {"path": "/teams/vision/", "permissions_boundary_arn": f"arn:aws:iam::{local.account_id}:policy/{BOUNDARY}"},
        "data_bucket": {"existing_name": BUCKET},
        "events": {"existing_bus_name": BUS},
        # Without these, the deployment takes half of the time, and every rule of the company is in what is left.
        "checkpoints": {"enabled": False},
        "training_starter": {"enabled": False},
    }
    settings = Settings(**local.model_dump() | rules)
    with pytest.MonkeyPatch.context() as aws:
        for name, value in deployed.environment.endpoints.variables().items():
            aws.setenv(name, value)
        for name in set(os.environ) - set(deployed.environment.endpoints.variables()):
            if name.startswith("AWS_"):
                aws.delenv(name)
        _make_what_exists(deployed, settings)
        assert list(existing.lacking(settings)) == []
        state_bucket.bootstrap(settings)
    made = Ruled(settings, _synthesized(settings, tmp_path_factory.mktemp("company")), deployed)
    for arguments in (["init", "-input=false"], ["apply", "-auto-approve", "-input=false", "-no-color"]):
        done = made.terraform(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    return made


def test_a_plan_after_the_apply_changes_nothing(ruled: Ruled) -> None:
    done = ruled.terraform("plan", "-detailed-exitcode", "-input=false", "-no-color", "-lock=false")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_role_of_the_environment_has_the_path_and_the_boundary(ruled: Ruled) -> None:
    client = ruled.deployed.client("iam")
    names = [role["RoleName"] for page in client.get_paginator("list_roles").paginate() for role in page["Roles"]]
    roles = [client.get_role(RoleName=name)["Role"] for name in names if name.startswith("acme-ml-company-")]
    assert len(roles) == 4
    boundary = ruled.settings.iam.permissions_boundary_arn
    assert {(role["Path"], role["PermissionsBoundary"]["PermissionsBoundaryArn"]) for role in roles} == {
        ("/teams/vision/", boundary)
    }


def test_an_event_on_the_companys_bus_is_recorded_and_sealed_in_the_companys_bucket(ruled: Ruled) -> None:
    event = new_event("model/of-the-company", 1)
    EventBusPublisher(BUS, ruled.deployed.client("events")).publish([event])
    log = ruled.log()
    until(lambda: [stored.event.event_id for stored in log.read("model/of-the-company")] == [event.event_id])
    seals = S3SealStore(BUCKET, ruled.deployed.client("s3"))
    until(lambda: seals.of("model/of-the-company"))


def test_a_dataset_in_the_companys_bucket_is_recorded(ruled: Ruled) -> None:
    """It comes over the default bus to the company's, where the log takes only what its own rules forward."""
    s3 = ruled.deployed.client("s3")
    s3.put_object(Bucket=BUCKET, Key="datasets/of-the-company/train.csv", Body=b"12345")
    until(lambda: list(ruled.log().read("dataset/of-the-company")))
    (recorded,) = ruled.log().read("dataset/of-the-company")
    assert (recorded.event.type, recorded.event.data["uri"]) == (
        "DatasetRegistered",
        f"s3://{BUCKET}/datasets/of-the-company/train.csv",
    )


def test_the_standard_environment_got_none_of_it(ruled: Ruled, deployed: Deployed) -> None:
    assert ruled.settings.name("event-log") != deployed.outputs["event_log_table_name"]
    log = DynamoDbLog(deployed.outputs["event_log_table_name"], deployed.client("dynamodb"))
    assert not [stream for stream in ("model/of-the-company", "dataset/of-the-company") if list(log.read(stream))]


def test_a_review_of_the_rules_on_a_deployed_environment_says_what_would_be_lost(
    ruled: Ruled, deployed: Deployed, tmp_path: Path
) -> None:
    rules = {key: ruled.settings.model_dump()[key] for key in ("iam", "data_bucket", "events")}
    folder = _synthesized(Settings(**load("local").model_dump() | rules), tmp_path)
    for arguments in (["init", "-input=false"], ["plan", "-input=false", "-lock=false", "-out=plan"]):
        done = _terraform(deployed, folder, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    shown = _terraform(deployed, folder, "show", "-json", "plan").stdout
    text = summary(plan.read(shown.encode(), "the plan"), stack.read(folder))
    assert "The data bucket would be destroyed" in text
