"""DynamoDB tables, as all of this stack are: encrypted, with point-in-time recovery, paid by request; and who may write one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cdktf_cdktf_provider_aws.dynamodb_resource_policy import DynamodbResourcePolicy
from cdktf_cdktf_provider_aws.dynamodb_table import (
    DynamodbTable,
    DynamodbTableAttribute,
    DynamodbTablePointInTimeRecovery,
    DynamodbTableServerSideEncryption,
)
from constructs import Construct

from stacks import iam
from stacks.settings import Settings


def text_keyed_table(
    scope: Construct,
    id_: str,
    settings: Settings,
    *,
    name: str,
    keys: tuple[str, ...],
    index_keys: tuple[str, ...] = (),
    **more: Any,
) -> DynamodbTable:
    """An encrypted pay-per-request table with text keys: the partition key and, where there is one, the sort key."""
    return DynamodbTable(
        scope,
        id_,
        name=name,
        billing_mode="PAY_PER_REQUEST",
        attribute=[DynamodbTableAttribute(name=key, type="S") for key in (*keys, *index_keys)],
        hash_key=keys[0],
        range_key=keys[1] if len(keys) == 2 else None,
        point_in_time_recovery=DynamodbTablePointInTimeRecovery(enabled=True),
        server_side_encryption=DynamodbTableServerSideEncryption(enabled=True, kms_key_arn=settings.encryption.kms_key_arn),
        deletion_protection_enabled=settings.deletion_protection,
        **more,
    )


@dataclass(frozen=True)
class Denied:
    """Actions on a table that its policy denies, and the name of that statement."""

    sid: str
    actions: Sequence[str]


def accept_only_from(
    scope: Construct, id_: str, table: DynamodbTable, role_arn: str, *, to_everyone: Denied, to_others: Denied
) -> None:
    """Deny actions on a table to everyone, and others to all but one role, whatever their own policies allow.

    For a session of a role, aws:PrincipalArn is the role's ARN:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
    """

    def deny(denied: Denied) -> dict[str, Any]:
        actions = list(denied.actions)
        return {"Sid": denied.sid, "Effect": "Deny", "Principal": "*", "Action": actions, "Resource": table.arn}

    only_the_role = {"Condition": {"ArnNotEquals": {"aws:PrincipalArn": role_arn}}}
    policy = iam.policy(deny(to_everyone), {**deny(to_others), **only_the_role})
    DynamodbResourcePolicy(scope, id_, resource_arn=table.arn, policy=policy)
