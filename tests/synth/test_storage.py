"""The tables and the bucket: what is recorded or put there is kept."""

import json

import pytest

from tests.support.stack_json import StackJson


def test_nobody_may_alter_the_event_log(stack: StackJson) -> None:
    policy = stack.one("aws_dynamodb_resource_policy", "event_log_append_only")
    assert policy["resource_arn"] == stack.reference("aws_dynamodb_table", "arn", "event_log")
    (statement,) = (s for s in json.loads(policy["policy"])["Statement"] if s["Sid"] == "AppendOnly")
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert {"dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"} <= set(statement["Action"])
    assert "Condition" not in statement


def test_nobody_but_the_event_processor_may_put_into_the_event_log(stack: StackJson) -> None:
    policy = stack.one("aws_dynamodb_resource_policy", "event_log_append_only")
    (statement,) = (s for s in json.loads(policy["policy"])["Statement"] if s["Sid"] == "OnlyTheEventProcessorAppends")
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    # BatchWriteItem is denied to everyone; TransactWriteItems asks for the right to PutItem
    assert set(statement["Action"]) == {"dynamodb:PutItem", "dynamodb:PartiQLInsert"}
    assert statement["Resource"] == stack.reference("aws_dynamodb_table", "arn", "event_log")
    role = stack.reference("aws_iam_role", "arn", "event_processor")
    assert statement["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": role}}
    assert stack.one("aws_lambda_function", "event_processor")["role"] == role


def test_the_event_log_sorts_by_position_and_streams_old_and_new_images(stack: StackJson) -> None:
    (table,) = (t for name, t in stack.all("aws_dynamodb_table").items() if "event_log" in name)
    assert (table["hash_key"], table["range_key"]) == ("stream", "position")
    assert (table["stream_enabled"], table["stream_view_type"]) == (True, "NEW_AND_OLD_IMAGES")


def test_no_table_has_a_time_to_live(stack: StackJson) -> None:
    """With one, DynamoDB itself would delete items, and no policy can deny that."""
    assert not [name for name, table in stack.all("aws_dynamodb_table").items() if "ttl" in table]


def test_an_index_lists_read_models_by_kind_without_their_states(stack: StackJson) -> None:
    table = stack.one("aws_dynamodb_table", "read_models")
    assert table["hash_key"] == "stream"
    assert "range_key" not in table
    assert table["global_secondary_index"] == [
        {
            "name": f"by_{key}",
            "hash_key": key,
            "range_key": "first_at",
            "projection_type": "INCLUDE",
            "non_key_attributes": ["summary"],
        }
        for key in ("kind", "shard")
    ]
    # DynamoDB refuses a table with an attribute that no key uses, or with a key whose attribute is not declared.
    declared = {attribute["name"]: attribute["type"] for attribute in table["attribute"]}
    assert declared == {"stream": "S", "kind": "S", "shard": "S", "first_at": "S"}


def test_tables_can_be_restored_and_are_encrypted(stack: StackJson) -> None:
    tables = stack.all("aws_dynamodb_table").values()
    assert len(tables) == 3
    for table in tables:
        assert table["point_in_time_recovery"] == {"enabled": True}
        assert table["server_side_encryption"] == {"enabled": True}


def test_tables_and_bucket_of_a_protected_environment_cannot_be_deleted(stacks: dict[str, StackJson]) -> None:
    for environment, protected in {"prod": True, "dev": True, "local": False}.items():
        for table in stacks[environment].all("aws_dynamodb_table").values():
            assert table["deletion_protection_enabled"] is protected
        assert stacks[environment].one("aws_s3_bucket")["force_destroy"] is not protected


def test_the_bucket_is_private_encrypted_and_versioned(stack: StackJson) -> None:
    bucket = stack.reference("aws_s3_bucket", "id")
    for kind in (
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_ownership_controls",
        "aws_s3_bucket_versioning",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_policy",
        "aws_s3_bucket_lifecycle_configuration",
        "aws_s3_bucket_notification",
    ):
        assert stack.one(kind)["bucket"] == bucket
    access = stack.one("aws_s3_bucket_public_access_block")
    assert all(
        access[key] is True
        for key in ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    )
    assert stack.one("aws_s3_bucket_ownership_controls")["rule"] == {"object_ownership": "BucketOwnerEnforced"}
    (encryption,) = stack.one("aws_s3_bucket_server_side_encryption_configuration")["rule"]
    assert encryption["apply_server_side_encryption_by_default"] == {"sse_algorithm": "AES256"}
    assert stack.one("aws_s3_bucket_versioning")["versioning_configuration"] == {"status": "Enabled"}
    assert stack.one("aws_s3_bucket_notification")["eventbridge"] is True


@pytest.mark.parametrize(
    ("kind", "action", "within"), [("aws_s3_bucket", "s3:*", ["", "/*"]), ("aws_sqs_queue", "sqs:*", [""])]
)
def test_requests_to_the_bucket_and_the_queue_need_tls(stack: StackJson, kind: str, action: str, within: list[str]) -> None:
    (denied,) = (s for s in json.loads(stack.one(f"{kind}_policy")["policy"])["Statement"] if s["Sid"] == "TlsOnly")
    assert (denied["Effect"], denied["Principal"], denied["Action"]) == ("Deny", "*", action)
    assert denied["Resource"] == [stack.reference(kind, "arn") + end for end in within]
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_unfinished_uploads_and_old_versions_expire_and_current_objects_do_not(stack: StackJson) -> None:
    rules = {rule["id"]: rule for rule in stack.one("aws_s3_bucket_lifecycle_configuration")["rule"]}
    assert rules["abandoned-uploads"]["abort_incomplete_multipart_upload"] == [{"days_after_initiation": 7}]
    assert rules["old-versions"]["noncurrent_version_expiration"] == [{"noncurrent_days": 365}]
    assert not any("expiration" in rule for rule in rules.values())
