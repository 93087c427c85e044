"""The state bucket is made once, corrected at every call, and never made in the wrong account."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from deploy.state_bucket import BootstrapError, bootstrap, main
from stacks.settings import Settings
from tests.support.moto import mock_aws

ACCOUNT = "123456789012"  # moto's


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


def _settings(account: str = ACCOUNT, region: str = "eu-west-1", **more: Any) -> Settings:
    return Settings(environment="team", account_id=account, region=region, **more)


def _described(settings: Settings) -> dict[str, Any]:
    s3, bucket = boto3.client("s3", region_name=settings.region), settings.state_bucket
    return {
        "region": s3.get_bucket_location(Bucket=bucket)["LocationConstraint"],
        "versioning": s3.get_bucket_versioning(Bucket=bucket)["Status"],
        "encryption": s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"],
        "private": s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"],
        "policy": json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"],
        "lifecycle": s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"],
    }


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_the_bucket_is_versioned_encrypted_private_and_tls_only(region: str) -> None:
    settings = _settings(region=region)
    assert bootstrap(settings)
    bucket = _described(settings)
    assert bucket["region"] == (None if region == "us-east-1" else region)
    assert bucket["versioning"] == "Enabled"
    assert bucket["encryption"][0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert all(bucket["private"].values())
    (statement,) = bucket["policy"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert [rule["ID"] for rule in bucket["lifecycle"]] == ["old-states"]


def test_a_second_call_changes_nothing() -> None:
    settings = _settings()
    bootstrap(settings)
    before = _described(settings)
    assert not bootstrap(settings)
    assert _described(settings) == before


def test_a_bucket_that_others_use_too_keeps_their_statements() -> None:
    settings = _settings(remote_state={"bucket": "states-of-the-team"})
    s3 = boto3.client("s3", region_name="eu-west-1")
    s3.create_bucket(Bucket="states-of-the-team", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    theirs = {"Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::x"}
    s3.put_bucket_policy(Bucket="states-of-the-team", Policy=json.dumps({"Version": "2012-10-17", "Statement": [theirs]}))
    for _ in range(2):
        assert not bootstrap(settings)
    policy = json.loads(s3.get_bucket_policy(Bucket="states-of-the-team")["Policy"])["Statement"]
    assert [statement["Sid"] for statement in policy] == ["Theirs", "TlsOnly"]


def test_a_bucket_with_a_key_of_its_own_keeps_it() -> None:
    settings = _settings(region="us-east-1")
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket=settings.state_bucket)
    theirs: Any = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234"}
    s3.put_bucket_encryption(
        Bucket=settings.state_bucket,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": theirs}]},
    )
    assert not bootstrap(settings)
    (rule,) = s3.get_bucket_encryption(Bucket=settings.state_bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == theirs


def test_a_bucket_of_another_region_is_refused_and_left_as_it_is() -> None:
    """boto3 finds a bucket in any region; Terraform asks only in the region of the settings."""
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="states-of-the-team")
    with pytest.raises(BootstrapError, match=r"states-of-the-team is in us-east-1 and .* region = 'eu-west-1'"):
        bootstrap(_settings(remote_state={"bucket": "states-of-the-team"}))
    assert "Status" not in s3.get_bucket_versioning(Bucket="states-of-the-team")


def test_an_endpoint_that_is_not_a_url_is_an_error_of_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost")
    monkeypatch.setattr("sys.argv", ["bootstrap", "dev"])
    assert main() == 1
    assert capsys.readouterr().err == "error: the state bucket of dev: Invalid endpoint: localhost\n"


def test_credentials_of_another_account_than_in_the_settings_make_nothing() -> None:
    with pytest.raises(BootstrapError, match=r"environments/team\.toml: account_id = '111122223333', .* account 123456789012"):
        bootstrap(_settings(account="111122223333"))
    assert boto3.client("s3").list_buckets()["Buckets"] == []
