"""Which attributes force a new resource is what the real provider says, in a plan on a made-up state, which needs no AWS."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local import terraform
from release.upgrade.data_holders import DATA_HOLDERS, forcing

pytestmark = pytest.mark.slow

KEYS = [{"name": name, "type": "S"} for name in ("a", "b")]
ARN = "arn:aws:{}:us-east-1:123456789012:{}"
IS: dict[str, dict[str, Any]] = {
    "aws_cloudwatch_event_archive": {"name": "old", "event_source_arn": ARN.format("events", "event-bus/old")},
    "aws_cloudwatch_event_bus": {"name": "old"},
    "aws_cloudwatch_log_group": {"name": "old"},
    "aws_dynamodb_table": {
        "name": "old",
        "hash_key": "a",
        "range_key": "b",
        "attribute": KEYS,
        "billing_mode": "PAY_PER_REQUEST",
    },
    "aws_kms_key": {"key_usage": "ENCRYPT_DECRYPT", "customer_master_key_spec": "SYMMETRIC_DEFAULT"},
    "aws_s3_bucket": {"bucket": "old-bucket"},
    "aws_sagemaker_notebook_instance": {
        "name": "old",
        "role_arn": "arn:aws:iam::123456789012:role/old",
        "instance_type": "ml.t3.medium",
        "platform_identifier": "notebook-al2-v2",
        "direct_internet_access": "Enabled",
        "security_groups": ["sg-1"],
        "volume_size": 50,
    },
    "aws_sqs_queue": {"name": "old", "fifo_queue": False, "content_based_deduplication": False},
}
"""What the state has of each."""
INDEX = {"name": "i", "range_key": "b", "projection_type": "ALL"}
FORCING: dict[str, dict[str, Any]] = {
    "aws_cloudwatch_event_archive": {"name": "new", "event_source_arn": ARN.format("events", "event-bus/new")},
    "aws_cloudwatch_event_bus": {"name": "new", "event_source_name": "aws.partner/x/y"},
    "aws_cloudwatch_log_group": {"name": "new", "name_prefix": "new", "log_group_class": "INFREQUENT_ACCESS"},
    "aws_dynamodb_table": {
        "name": "new",
        "hash_key": "b",
        "range_key": "a",
        "local_secondary_index": [INDEX],
        "restore_date_time": "2026-01-01T00:00:00Z",
        "restore_source_name": "other",
        "restore_source_table_arn": ARN.format("dynamodb", "table/other"),
        "restore_to_latest_time": True,
    },
    "aws_kms_key": {
        "custom_key_store_id": "new",
        "customer_master_key_spec": "ECC_NIST_P256",
        "key_usage": "SIGN_VERIFY",
        "multi_region": True,
    },
    "aws_s3_bucket": {"bucket": "new-bucket", "bucket_prefix": "new", "object_lock_enabled": True},
    "aws_sagemaker_notebook_instance": {
        "name": "new",
        "subnet_id": "subnet-1",
        "security_groups": ["sg-2"],
        "direct_internet_access": "Disabled",
        "kms_key_id": ARN.format("kms", "key/57ff7a43-341d-46b6-aee3-a450c9de6dc8"),
        "platform_identifier": "notebook-al2-v3",
        "volume_size": 20,
    },
    "aws_sqs_queue": {"name": "new", "name_prefix": "new", "fifo_queue": True},
}
"""One other value for each attribute that is said to force a new resource."""
HARMLESS: dict[str, dict[str, Any]] = {
    "aws_cloudwatch_event_archive": {"retention_days": 5, "description": "new", "event_pattern": '{"source":["a"]}'},
    "aws_cloudwatch_event_bus": {"description": "new", "kms_key_identifier": "new"},
    "aws_cloudwatch_log_group": {"retention_in_days": 7, "kms_key_id": ARN.format("kms", "key/new")},
    "aws_dynamodb_table": {"billing_mode": "PROVISIONED", "deletion_protection_enabled": True, "table_class": "STANDARD"},
    "aws_kms_key": {"description": "new", "policy": "{}", "enable_key_rotation": True, "deletion_window_in_days": 9},
    "aws_s3_bucket": {"force_destroy": True},
    "aws_sagemaker_notebook_instance": {
        "volume_size": 60,
        "instance_type": "ml.t3.large",
        "lifecycle_config_name": "new",
        "role_arn": "arn:aws:iam::123456789012:role/new",
        "root_access": "Disabled",
    },
    "aws_sqs_queue": {"kms_master_key_id": "new", "message_retention_seconds": 100, "visibility_timeout_seconds": 5},
}
"""Values that a later version may change: the provider changes the resource where it is."""


def _declared(kind: str, attribute: str, value: Any) -> dict[str, Any]:
    """The resource with this one changed, and what has to go with it."""
    declared = IS[kind] | {attribute: value}
    if attribute.endswith("_prefix"):
        del declared[attribute.removesuffix("_prefix")]
    if attribute == "fifo_queue":
        declared["name"] = "old.fifo"
    if attribute == "hash_key":
        declared["range_key"] = "a"
    if attribute == "range_key":
        declared["hash_key"] = "b"
    return declared


CASES = [
    (f"{kind.removeprefix('aws_')}-{attribute}{number}", kind, attribute, value)
    for number, changes in enumerate((FORCING, HARMLESS))
    for kind, of_kind in changes.items()
    for attribute, value in of_kind.items()
]


@pytest.fixture(scope="module")
def replaced(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What forces a replacement of each case's resource, as one plan of the real provider says."""
    folder = tmp_path_factory.mktemp("plan")
    provider = {"region": "us-east-1", "skip_credentials_validation": True, "skip_requesting_account_id": True}
    content: dict[str, Any] = {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
        "provider": {"aws": [provider | {"skip_metadata_api_check": True}]},
    }
    main = folder / "main.tf.json"
    main.write_text(json.dumps(content))
    _terraform(folder, "init", "-input=false")
    schemas = json.loads(_terraform(folder, "providers", "schema", "-json"))["provider_schemas"]
    ((source, provider_schema),) = schemas.items()
    resources: dict[str, Any] = {}
    state = []
    for name, kind, attribute, value in CASES:
        resources.setdefault(kind, {})[name] = _declared(kind, attribute, value)
        schema = provider_schema["resource_schemas"][kind]
        state.append(
            {
                "mode": "managed",
                "type": kind,
                "name": name,
                "provider": f'provider["{source}"]',
                "instances": [{"schema_version": schema["version"], "attributes": _empty(schema) | {"id": "old"} | IS[kind]}],
            }
        )
    main.write_text(json.dumps(content | {"resource": resources}))
    head = {"version": 4, "terraform_version": "1.10.0", "serial": 1, "lineage": "made-up", "outputs": {}}
    (folder / "terraform.tfstate").write_text(json.dumps(head | {"resources": state}))
    _terraform(folder, "plan", "-refresh=false", "-input=false", "-out=plan")
    changes = json.loads(_terraform(folder, "show", "-json", "plan"))["resource_changes"]
    return {
        change["name"]: {path[0] for path in change["change"].get("replace_paths", [])}
        for change in changes
        if change["change"]["actions"] != ["create"]
    }


def _empty(schema: dict[str, Any]) -> dict[str, Any]:
    blocks = schema["block"].get("block_types", {})
    return dict.fromkeys(schema["block"]["attributes"]) | {
        name: None if block["nesting_mode"] == "single" else [] for name, block in blocks.items()
    }


def _terraform(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, **terraform.environment(), "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    done = subprocess.run(["terraform", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_attribute_of_the_table_is_tried() -> None:
    assert {kind: {*of_kind} for kind, of_kind in FORCING.items()} == {
        kind: {*holder.forcing, *holder.only_shrinking} for kind, holder in DATA_HOLDERS.items()
    }


@pytest.mark.parametrize(("name", "kind", "attribute", "value"), CASES, ids=[case[0] for case in CASES])
def test_the_table_says_what_the_provider_says(
    replaced: dict[str, set[str]], name: str, kind: str, attribute: str, value: Any
) -> None:
    told = set(forcing(kind, IS[kind], _declared(kind, attribute, value)))
    assert bool(told) == bool(replaced[name])
    assert told >= replaced[name]  # a name that gives way to a prefix is told, too
