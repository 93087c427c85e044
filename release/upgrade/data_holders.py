"""What holds data, by its Terraform type, and which changes of it make the provider destroy it and create an empty one.

Terraform's schemas do not tell which attributes force that. `tests/release/test_data_holders.py` asks the provider itself, by
a plan.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple


class DataHolder(NamedTuple):
    """`content` is what would be lost; a change of one of `forcing` means a new, empty resource."""

    content: str
    forcing: tuple[str, ...]
    only_shrinking: tuple[str, ...] = ()
    """Numbers that force it if they become smaller."""


DATA_HOLDERS: Mapping[str, DataHolder] = {
    "aws_cloudwatch_event_archive": DataHolder("every event that could be replayed", ("name", "event_source_arn")),
    "aws_cloudwatch_event_bus": DataHolder("the bus, and with it its archive", ("name", "event_source_name")),
    "aws_cloudwatch_log_group": DataHolder("what the function has logged", ("name", "name_prefix", "log_group_class")),
    "aws_dynamodb_table": DataHolder(
        "every item of the table",
        (
            "name",
            "hash_key",
            "range_key",
            "local_secondary_index",
            "restore_date_time",
            "restore_source_name",
            "restore_source_table_arn",
            "restore_to_latest_time",
        ),
    ),
    "aws_kms_key": DataHolder(
        "what only this key decrypts or proves",
        ("custom_key_store_id", "customer_master_key_spec", "key_usage", "multi_region"),
    ),
    "aws_s3_bucket": DataHolder("every object of the bucket", ("bucket", "bucket_prefix", "object_lock_enabled")),
    "aws_sagemaker_notebook_instance": DataHolder(
        "the notebook's volume, with the work on it",
        ("name", "subnet_id", "security_groups", "direct_internet_access", "kms_key_id", "platform_identifier"),
        only_shrinking=("volume_size",),
    ),
    "aws_sqs_queue": DataHolder("the messages that wait in it", ("name", "name_prefix", "fifo_queue")),
}


def forcing(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The attributes whose change replaces the resource, as far as its type is known here."""
    holder = DATA_HOLDERS.get(kind)
    if holder is None:
        return []
    # An attribute that is false or empty is the same as one that is not there.
    changed = [name for name in holder.forcing if (old.get(name) or None) != (new.get(name) or None)]
    return changed + [name for name in holder.only_shrinking if (old.get(name) or 0) > (new.get(name) or 0)]
