"""A DynamoDB table, as all of this stack are: encrypted, with point-in-time recovery, paid by request."""

from typing import Any

from cdktf_cdktf_provider_aws.dynamodb_table import (
    DynamodbTable,
    DynamodbTableAttribute,
    DynamodbTablePointInTimeRecovery,
    DynamodbTableServerSideEncryption,
)
from constructs import Construct

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
