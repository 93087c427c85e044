"""A deploy begins only when what exists already is as the stack needs it; each flaw is a line."""

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto.backends import get_backend

from deploy.existing import lacking, main, required_policy
from stacks import iam
from stacks.settings import Settings
from tests.support.moto import mock_aws
from tests.support.paths import ROOT

ACCOUNT, REGION = "123456789012", "us-east-1"  # moto's
BUCKET, BUS, GROUP = "data-of-the-company", "company-events", "/company/training"


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():  # it begins without a session
        session = boto3.Session()
        session.events.register("after-call.s3.GetBucketNotificationConfiguration", _with_eventbridge)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
        yield


def _with_eventbridge(parsed: dict[str, Any], **_: object) -> None:
    """moto keeps that a bucket sends events to EventBridge, and does not answer it."""
    configured = get_backend("s3")[ACCOUNT]["aws"].buckets[BUCKET].notification_configuration
    if configured and configured.event_bridge is not None:
        parsed["EventBridgeConfiguration"] = {}


def settings(**more: Any) -> Settings:
    return Settings(environment="team", account_id=ACCOUNT, region=REGION, **more)


def with_bucket() -> Settings:
    return settings(data_bucket={"existing_name": BUCKET})


def client(service: Any) -> Any:
    return boto3.client(service, region_name=REGION)


def make_bucket() -> Any:
    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}})
    blocked = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=blocked)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=iam.policy(*required_policy(with_bucket(), BUCKET)))
    return s3


def test_without_anything_existing_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "client", None)
    assert list(lacking(settings())) == []
    assert main(["dev"]) == 0


def test_a_bucket_a_bus_and_a_log_group_as_they_must_be_are_taken() -> None:
    make_bucket()
    client("events").create_event_bus(Name=BUS)
    client("logs").create_log_group(logGroupName=GROUP)
    named = settings(
        data_bucket={"existing_name": BUCKET}, events={"existing_bus_name": BUS}, logs={"existing_group_name": GROUP}
    )
    assert list(lacking(named)) == []


def test_the_policy_may_say_more_and_say_it_in_another_order() -> None:
    s3 = make_bucket()
    own = [
        {"Sid": "Audit", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": f"arn:aws:s3:::{BUCKET}"}
    ]
    required = json.loads(
        json.dumps(required_policy(with_bucket(), BUCKET)).replace('"Principal": "*"', '"Principal": {"AWS": "*"}')
    )
    for statement in required:
        statement.pop("Sid")
        if isinstance(statement["Resource"], list):
            statement["Resource"].reverse()
    s3.put_bucket_policy(Bucket=BUCKET, Policy=iam.policy(*reversed([*own, *required])))
    assert list(lacking(with_bucket())) == []


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (
            lambda s3: s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"}),
            "keeps no versions",
        ),
        (
            lambda s3: s3.put_object_lock_configuration(
                Bucket=BUCKET,
                ObjectLockConfiguration={
                    "ObjectLockEnabled": "Enabled",
                    "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}},
                },
            ),
            "has a default retention",
        ),
        (lambda s3: s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={}), "sends no events"),
        (lambda s3: s3.delete_public_access_block(Bucket=BUCKET), "does not block public access"),
        (lambda s3: s3.delete_bucket_policy(Bucket=BUCKET), "its policy lacks TlsOnly, SealsAreWrittenByTheProjector, "),
        (
            lambda s3: s3.put_bucket_policy(
                Bucket=BUCKET, Policy=iam.policy(*required_policy(with_bucket(), BUCKET)).replace("seals/*", "seals/a*")
            ),
            "its policy lacks SealsAre",
        ),
    ],
)
def test_what_a_bucket_lacks_is_told_in_one_line(spoil: Callable[[Any], object], line: str) -> None:
    spoil(make_bucket())
    (found,) = lacking(with_bucket())
    assert found.startswith(f"data_bucket.existing_name = {BUCKET!r}: {line}")


def test_a_bucket_without_object_lock_cannot_hold_seals() -> None:
    client("s3").create_bucket(Bucket=BUCKET)
    assert any("has no Object Lock" in line for line in lacking(with_bucket()))


def test_what_is_not_there_is_told() -> None:
    named = settings(
        data_bucket={"existing_name": BUCKET}, events={"existing_bus_name": BUS}, logs={"existing_group_name": GROUP}
    )
    client("logs").create_log_group(logGroupName=f"{GROUP}-2")
    bucket, bus, group = lacking(named)
    assert bucket == f"data_bucket.existing_name = {BUCKET!r}: is no bucket of account {ACCOUNT} that you may see (404)"
    assert bus == f"events.existing_bus_name = {BUS!r}: is no bus of account {ACCOUNT} in {REGION}"
    assert group == f"logs.existing_group_name = {GROUP!r}: is no log group of account {ACCOUNT} in {REGION}"


def test_a_bucket_of_another_region_is_refused() -> None:
    boto3.client("s3", region_name="eu-west-1").create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    assert list(lacking(with_bucket())) == [f"data_bucket.existing_name = {BUCKET!r}: is in eu-west-1, and must be in {REGION}"]


def test_a_flaw_stops_the_deploy_with_2_and_the_files_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("deploy.existing.load", lambda _: settings(events={"existing_bus_name": BUS}))
    assert main(["team"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: environments/team.toml: events.existing_bus_name = {BUS!r}: is no bus")


def test_an_aws_that_does_not_answer_ends_with_1_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nowhere")
    monkeypatch.setattr("deploy.existing.load", lambda _: with_bucket())
    assert main(["team"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: what exists already of team cannot be checked: ")


def test_the_policy_that_is_printed_is_the_one_that_is_required(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("deploy.existing.load", lambda _: with_bucket())
    assert main(["team", "--policy"]) == 0
    assert json.loads(capsys.readouterr().out)["Statement"] == required_policy(with_bucket(), BUCKET)
    monkeypatch.setattr("deploy.existing.load", lambda _: settings())
    assert main(["team", "--policy"]) == 2


def test_make_deploy_checks_before_it_deploys() -> None:
    planned = subprocess.run(["make", "-n", "deploy", "ENV=dev"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert planned.index("deploy.existing") < planned.index("cdktf deploy")
