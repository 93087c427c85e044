"""Makes the bucket that keeps Terraform's state: `python -m deploy.state_bucket ENVIRONMENT`.

The state cannot make its own home, so this is the one thing made without Terraform. It may run any number of times, and
brings a bucket that somebody made by hand up to the same standard: versioned, encrypted, private, TLS only.
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

_OLD_STATE_DAYS = 365  # how long a replaced state can be brought back


class BootstrapError(CommandError):
    """The state bucket cannot be made; the message is one line."""


def bootstrap(settings: Settings) -> bool:
    """Make or mend the state bucket; True if it was not there before. Raises BootstrapError, and botocore's errors."""
    account = boto3.client("sts", region_name=settings.region).get_caller_identity()["Account"]
    if account != settings.account_id:
        raise BootstrapError(
            f"environments/{settings.environment}.toml: account_id = '{settings.account_id}', but your credentials are for "
            f"account {account}: nothing was made"
        )
    s3 = boto3.client("s3", region_name=settings.region)
    made = _make(s3, settings)
    _protect(s3, settings)
    if made:
        _expire_old_states(s3, settings)
    return made


def _make(s3: "S3Client", settings: Settings) -> bool:
    bucket = settings.state_bucket
    try:
        there = s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=settings.account_id)
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
        if (region := there.get("BucketRegion", settings.region)) != settings.region:
            raise BootstrapError(
                f"the bucket {bucket} is in {region} and not where its environment is, region = '{settings.region}' in "
                f"environments/{settings.environment}.toml: choose another name as remote_state.bucket there"
            )
        return False
    if settings.region == "us-east-1":  # S3 refuses the name of its first region here
        s3.create_bucket(Bucket=bucket)
    else:
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": settings.region})  # type: ignore[typeddict-item]
    s3.get_waiter("bucket_exists").wait(Bucket=bucket)
    return True


def _protect(s3: "S3Client", settings: Settings) -> None:
    """Each call says the wanted state and not a change, so that repeating it changes nothing."""
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
    # A bucket that others use too keeps the key that they gave it.
    if not _told(s3.get_bucket_encryption, bucket, "ServerSideEncryptionConfigurationNotFoundError"):
        s3.put_bucket_encryption(
            Bucket=bucket,
            ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
        )
    tls_only = iam.tls_only("s3:*", [arn, f"{arn}/*"])
    others = [statement for statement in _statements(s3, bucket) if statement.get("Sid") != tls_only["Sid"]]
    s3.put_bucket_policy(Bucket=bucket, Policy=iam.policy(*others, tls_only))


def _statements(s3: "S3Client", bucket: str) -> list[iam.Statement]:
    """What the bucket's policy says already: a bucket that others use too keeps their statements."""
    told = _told(s3.get_bucket_policy, bucket, "NoSuchBucketPolicy")
    statements = json.loads(told["Policy"])["Statement"] if told else []
    return statements if isinstance(statements, list) else [statements]


def _told(ask: Callable[..., Any], bucket: str, nothing: str) -> Any:
    """What S3 tells of the bucket; None where nobody has said anything of it yet, which S3 answers with the error `nothing`."""
    try:
        return ask(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] == nothing:
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
        made = bootstrap(settings)
    except (BotoCoreError, ClientError, ValueError) as error:  # a ValueError: AWS_ENDPOINT_URL is no address
        raise BootstrapError(f"the state bucket of {name}: {error}") from None
    print(f"{settings.state_bucket} {'made' if made else 'was there already'}: versioned, encrypted, private, TLS only")
    return 0


if __name__ == "__main__":
    sys.exit(main())
