"""`python -m deploy.existing ENVIRONMENT`: checks the bucket, bus and log group that the settings name in place of ours.

The stack declares nothing of them, so what it would otherwise set is their owner's to set. `make deploy` runs this first. With
--policy it prints the statements that the bucket's policy must have, and asks AWS nothing.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from command_line import CommandError, UsageError, run_command
from stacks import bucket_policy, iam
from stacks.settings import Settings
from stacks.settings.file import load

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class ExistingError(CommandError):
    """AWS could not be asked; the message is one line."""


def lacking(settings: Settings) -> Iterator[str]:
    """A line for each thing that is not as the stack needs it. Raises botocore's errors."""
    if bucket := settings.data_bucket.existing_name:
        yield from (f"data_bucket.existing_name = {bucket!r}: {line}" for line in _of_bucket(settings, bucket))
    if bus := settings.events.existing_bus_name:
        yield from (f"events.existing_bus_name = {bus!r}: {line}" for line in _of_bus(settings, bus))
    if group := settings.logs.existing_group_name:
        yield from (f"logs.existing_group_name = {group!r}: {line}" for line in _of_log_group(settings, group))


def required_policy(settings: Settings, bucket: str) -> list[iam.Statement]:
    """The statements that the bucket's policy must have, beside those of its owner."""
    return bucket_policy.statements(settings, f"arn:{settings.partition}:s3:::{bucket}")


def _of_bucket(settings: Settings, bucket: str) -> Iterator[str]:
    s3 = boto3.client("s3", region_name=settings.region)
    try:
        head = s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=settings.account_id)
    except ClientError as error:
        yield f"is no bucket of account {settings.account_id} that you may see ({error.response['Error']['Code']})"
        return
    if (region := head.get("BucketRegion", settings.region)) != settings.region:
        yield f"is in {region}, and must be in {settings.region}"
        return
    if s3.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
        yield "keeps no versions: enable versioning"
    lock = _or_none(lambda: s3.get_object_lock_configuration(Bucket=bucket), "ObjectLockConfigurationNotFoundError") or {}
    if lock.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") != "Enabled":
        yield "has no Object Lock: enable it, without a default retention: seals and checkpoints bring their own"
    elif "Rule" in lock["ObjectLockConfiguration"]:
        yield "has a default retention, which would lock every dataset and model too: remove it"
    if "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(Bucket=bucket):
        yield "sends no events to EventBridge: switch them on, or new datasets are not recorded"
    blocked = _or_none(lambda: s3.get_public_access_block(Bucket=bucket), "NoSuchPublicAccessBlockConfiguration") or {}
    if not all(blocked.get("PublicAccessBlockConfiguration", {"": False}).values()):
        yield "does not block public access: block all four kinds"
    if missing := [statement["Sid"] for statement in _missing_statements(s3, settings, bucket)]:
        yield (
            f"its policy lacks {', '.join(missing)}: `python -m deploy.existing {settings.environment} --policy` prints"
            " the statements"
        )


def _missing_statements(s3: "S3Client", settings: Settings, bucket: str) -> list[iam.Statement]:
    """What the bucket's policy does not say word for word, in whatever order its lists are."""
    policy = _or_none(lambda: s3.get_bucket_policy(Bucket=bucket), "NoSuchBucketPolicy")
    current = json.loads(policy["Policy"])["Statement"] if policy else []
    said = [_in_one_form(statement) for statement in (current if isinstance(current, list) else [current])]
    return [wanted for wanted in required_policy(settings, bucket) if _in_one_form(wanted) not in said]


def _in_one_form(value: Any) -> Any:
    """A list of one is as good as its only element, everybody is `*`, and the order of a list says nothing."""
    if isinstance(value, dict):
        if value == {"AWS": "*"}:
            return "*"
        return {key: _in_one_form(part) for key, part in value.items() if key != "Sid"}
    if isinstance(value, list):
        return _in_one_form(value[0]) if len(value) == 1 else sorted(value, key=json.dumps)
    return value


def _of_bus(settings: Settings, bus: str) -> Iterator[str]:
    events = boto3.client("events", region_name=settings.region)
    if _or_none(lambda: events.describe_event_bus(Name=bus), "ResourceNotFoundException") is None:
        yield f"is no bus of account {settings.account_id} in {settings.region}"


def _of_log_group(settings: Settings, group: str) -> Iterator[str]:
    logs = boto3.client("logs", region_name=settings.region)
    groups = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=group)
    if not any(each.get("logGroupName") == group for page in groups for each in page["logGroups"]):
        yield f"is no log group of account {settings.account_id} in {settings.region}"


def _or_none(call: Any, not_there: str) -> Any:
    """The answer; None if AWS answers with the error code `not_there`."""
    try:
        return call()
    except ClientError as error:
        if error.response["Error"]["Code"] == not_there:
            return None
        raise


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.existing",
        description="Checks the bucket, bus and log group that an environment's settings name in place of the stack's own.",
        epilog="exit codes: 0 they are as they must be, 2 they are not, 1 AWS could not be asked; docs/operate/company.md",
    )
    parser.add_argument("environment", help="the name of a file in environments/, without .toml")
    parser.add_argument("--policy", action="store_true", help="print the statements that the bucket's policy must have")
    options = parser.parse_args(arguments)
    return run_command(lambda: _print_policy(options.environment) if options.policy else _check(options.environment))


def _print_policy(name: str) -> int:
    settings = load(name)
    if (bucket := settings.data_bucket.existing_name) is None:
        raise UsageError(f"environments/{name}.toml: data_bucket.existing_name is not set: the stack makes bucket and policy")
    print(json.dumps(json.loads(iam.policy(*required_policy(settings, bucket))), indent=2))
    return 0


def _check(name: str) -> int:
    settings = load(name)
    try:
        lines = list(lacking(settings))
    except (BotoCoreError, ClientError, ValueError) as error:  # ValueError: AWS_ENDPOINT_URL is not a URL
        raise ExistingError(f"what exists already of {name} cannot be checked: {error}") from None
    if lines:
        raise UsageError("\n".join(f"environments/{name}.toml: {line}" for line in lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
