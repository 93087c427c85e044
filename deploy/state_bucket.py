"""Makes the bucket that keeps Terraform's state: `python -m deploy.state_bucket ENVIRONMENT`.

Terraform cannot make the bucket that it needs for its own state, so this is the only thing that is made without it. The command
may run any number of times. It brings a bucket that somebody made by hand up to the same standard: versioned, encrypted,
private, TLS only.
"""

import argparse
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from command_line import CommandError, run_command
from stacks import iam
from stacks.settings import Settings
from stacks.settings.file import load

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_OLD_STATE_DAYS = 365  # how long a replaced state can be restored


class BootstrapError(CommandError):
    """The state bucket cannot be made; the message is one line."""


def bootstrap(settings: Settings) -> bool:
    """Make the state bucket, or correct its configuration. True if it is new. Raises BootstrapError, and botocore's errors."""
    account = boto3.client("sts", region_name=settings.region).get_caller_identity()["Account"]
    if account != settings.account_id:
        raise BootstrapError(
            f"environments/{settings.environment}.toml: account_id = '{settings.account_id}', but your credentials are for "
            f"account {account}: nothing was made"
        )
    s3 = boto3.client("s3", region_name=settings.region)
    is_new = _make(s3, settings)
    _protect(s3, settings)
    if is_new:
        _expire_old_states(s3, settings)
    return is_new


def _make(s3: "S3Client", settings: Settings) -> bool:
    bucket = settings.state_bucket
    try:
        current = s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=settings.account_id)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 403:
            raise BootstrapError(
                f"the bucket {bucket} belongs to another account, or you may not see it: choose another name as "
                f"remote_state.bucket in environments/{settings.environment}.toml"
            ) from None
        if status != 404:
            raise
    else:
        # boto3 follows a bucket into its region; Terraform does not.
        if (region := current.get("BucketRegion", settings.region)) != settings.region:
            raise BootstrapError(
                f"the bucket {bucket} is in {region} and not where its environment is, region = '{settings.region}' in "
                f"environments/{settings.environment}.toml: choose another name as remote_state.bucket there"
            )
        return False
    if settings.region == "us-east-1":  # S3 refuses the name of its first region as a LocationConstraint
        s3.create_bucket(Bucket=bucket)
    else:
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": settings.region})  # type: ignore[typeddict-item]
    s3.get_waiter("bucket_exists").wait(Bucket=bucket)
    return True


def _protect(s3: "S3Client", settings: Settings) -> None:
    """Each call sets the wanted state, so that calling it again changes nothing."""
    bucket = settings.state_bucket
    arn = f"arn:{settings.partition}:s3:::{bucket}"
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    # If others use the bucket too, it keeps their key.
    if not _get_or_none(s3.get_bucket_encryption, bucket, "ServerSideEncryptionConfigurationNotFoundError"):
        s3.put_bucket_encryption(
            Bucket=bucket,
            ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
        )
    tls_only = iam.tls_only("s3:*", [arn, f"{arn}/*"])
    others = [statement for statement in _statements(s3, bucket) if statement.get("Sid") != tls_only["Sid"]]
    s3.put_bucket_policy(Bucket=bucket, Policy=iam.policy(*others, tls_only))


def _statements(s3: "S3Client", bucket: str) -> list[iam.Statement]:
    """The statements of the bucket's policy. If others use the bucket too, it keeps theirs."""
    current = _get_or_none(s3.get_bucket_policy, bucket, "NoSuchBucketPolicy")
    statements = json.loads(current["Policy"])["Statement"] if current else []
    return statements if isinstance(statements, list) else [statements]


def _get_or_none(get: Callable[..., Any], bucket: str, not_set: str) -> Any:
    """One configuration of the bucket; None if nobody has set it, for which S3 has the error code `not_set`."""
    try:
        return get(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] == not_set:
            return None
        raise


def _expire_old_states(s3: "S3Client", settings: Settings) -> None:
    s3.put_bucket_lifecycle_configuration(
        Bucket=settings.state_bucket,
        LifecycleConfiguration={
            "Rules": [
                {
                    "ID": "old-states",
                    "Status": "Enabled",
                    "Filter": {"Prefix": ""},
                    "NoncurrentVersionExpiration": {"NoncurrentDays": _OLD_STATE_DAYS},
                }
            ]
        },
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.state_bucket", description=__doc__.split("\n", 1)[0])
    parser.add_argument("environment", help="the name of a file in environments/, without .toml")
    name = parser.parse_args().environment
    return run_command(lambda: _bootstrap(name))


def _bootstrap(name: str) -> int:
    settings = load(name)
    try:
        is_new = bootstrap(settings)
    except (BotoCoreError, ClientError, ValueError) as error:  # ValueError: AWS_ENDPOINT_URL is not a URL
        raise BootstrapError(f"the state bucket of {name}: {error}") from None
    print(f"{settings.state_bucket} {'was made' if is_new else 'existed already'}: versioned, encrypted, private, TLS only")
    return 0


if __name__ == "__main__":
    sys.exit(main())
