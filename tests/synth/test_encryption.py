"""With a key in the settings, everything that stores data has it, and every role may use it as far as necessary."""

import importlib
import inspect
import json
import re
from pathlib import Path

import pytest

from tests.support.options import ACCOUNT, KEY, REGION, synthesized_with_options
from tests.support.stack_json import StackJson

# Types that could have a key and have none, each with the reason.
KEYLESS = {
    "aws_scheduler_schedule",  # it says which job to start, and nothing of the log
    "aws_lambda_event_source_mapping",  # its key is for filter criteria, and it has none
    "aws_s3_bucket",  # a resource of its own has it: aws_s3_bucket_server_side_encryption_configuration
    "aws_s3_object",  # put into a bucket that already has the key
}
ROLES = {
    "event_processor": ({"dynamodb", "lambda", "s3", "sqs"}, {"s3", "sqs"}),
    "projector": ({"dynamodb", "lambda", "s3", "sqs"}, {"s3", "sqs"}),
    "notary": ({"dynamodb", "lambda", "s3", "sqs"}, {"s3", "sqs"}),
    "notebook": ({"dynamodb", "s3"}, {"s3"}),
    "training_starter_run": ({"dynamodb", "lambda", "s3", "sqs"}, {"s3", "sqs"}),
    "training_starter_jobs": ({"s3"}, {"s3"}),
    "forwarding": (set(), set()),  # EventBridge encrypts what the role puts on the bus
    "analytics_job_execution": ({"s3"}, {"s3"}),
    "analytics_job_start_role": (set(), set()),  # it starts the job, and reads nothing
    "openlineage": (set(), set()),  # EventBridge decrypts what it sends
}


def takes_a_key(kind: str) -> bool:
    """Whether the provider has an argument for a KMS key in this type of resource, or in a block of it."""
    module = importlib.import_module(f"cdktf_cdktf_provider_aws.{kind.removeprefix('aws_')}")
    return any("kms_" in name for _, struct in inspect.getmembers(module, inspect.isclass) for name in vars(struct))


def test_everything_that_can_have_a_key_has_it(later: StackJson) -> None:
    supporting = {kind for kind, _, _ in later.resources() if takes_a_key(kind)}
    assert supporting >= KEYLESS  # the list has nothing that is not needed
    assert len(supporting - KEYLESS) >= 9
    for kind, name, resource in later.resources():
        if kind in supporting - KEYLESS:
            assert KEY in json.dumps(resource), f"{kind}.{name}"


def test_the_archive_has_the_key_only_if_the_provider_supports_it(options: StackJson, later: StackJson) -> None:
    assert "kms_key_identifier" not in options.one("aws_cloudwatch_event_archive")
    assert later.one("aws_cloudwatch_event_archive")["kms_key_identifier"] == KEY


def test_the_key_is_the_only_encryption_of_tables_bucket_and_queue(options: StackJson) -> None:
    for table in options.all("aws_dynamodb_table").values():
        assert table["server_side_encryption"] == {"enabled": True, "kms_key_arn": KEY}
    (rule,) = options.one("aws_s3_bucket_server_side_encryption_configuration")["rule"]
    assert rule == {
        "apply_server_side_encryption_by_default": {"kms_master_key_id": KEY, "sse_algorithm": "aws:kms"},
        "bucket_key_enabled": True,
    }
    assert "sqs_managed_sse_enabled" not in options.one("aws_sqs_queue")  # SQS allows only one of the two


def test_the_state_has_the_key(options: StackJson) -> None:
    assert options.content["terraform"]["backend"]["s3"]["kms_key_id"] == KEY


def test_objects_are_put_after_the_bucket_has_the_key_and_are_compared_by_their_source(options: StackJson) -> None:
    (encryption,) = options.all("aws_s3_bucket_server_side_encryption_configuration")
    objects = options.all("aws_s3_object").values()
    assert len([object_ for object_ in objects if not object_["key"].startswith("recipes/")]) == 4
    for object_ in objects:
        assert f"aws_s3_bucket_server_side_encryption_configuration.{encryption}" in object_["depends_on"]
        assert "etag" not in object_  # it is no longer the MD5 of the content, so every plan would show a change
        assert object_["source_hash"]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_use_only_this_key_and_only_through_the_services_that_it_uses(options: StackJson, role: str) -> None:
    given: dict[str, set[str]] = {"kms:Decrypt": set(), "kms:GenerateDataKey": set()}
    for statement in options.role_statements(role):
        actions = [action for action in statement["Action"] if action.startswith("kms:")]
        if actions and "kms:Sign" not in actions:  # another key: tests/synth/test_notary.py
            assert (statement["Effect"], statement["Resource"], actions) == ("Allow", [KEY], statement["Action"])
            ((operator, condition),) = statement["Condition"].items()
            assert (operator, list(condition)) == ("StringEquals", ["kms:ViaService"])
            for action in actions:
                given[action] |= set(condition["kms:ViaService"])
    reading, writing = ({f"{service}.{REGION}.amazonaws.com" for service in services} for services in ROLES[role])
    assert given == {"kms:Decrypt": reading, "kms:GenerateDataKey": writing}


def test_no_other_policy_names_a_key(options: StackJson) -> None:
    assert len(options.all("aws_iam_role")) == len(ROLES)
    naming = {address.split(".")[0] for address, statement in options.statements() if "kms:" in json.dumps(statement)}
    assert naming == {"aws_iam_role_policy", "aws_kms_key"}


def test_events_that_the_bus_cannot_encrypt_go_to_the_undelivered_queue(options: StackJson) -> None:
    assert options.one("aws_cloudwatch_event_bus")["dead_letter_config"] == {"arn": options.reference("aws_sqs_queue", "arn")}
    (statement,) = (s for s in json.loads(options.one("aws_sqs_queue_policy")["policy"])["Statement"] if s["Effect"] == "Allow")
    rules = {f"${{aws_cloudwatch_event_rule.{name}.arn}}" for name in options.all("aws_cloudwatch_event_rule")}
    bus = options.reference("aws_cloudwatch_event_bus", "arn")
    assert set(statement["Condition"]["ArnEquals"]["aws:SourceArn"]) == rules | {bus}


def test_a_notebook_may_have_a_key_of_its_own(tmp_path: Path) -> None:
    own = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/mrk-a835af0b39c94b86a21a8fc9535df681"
    stack = synthesized_with_options(tmp_path, notebook={"kms_key_arn": own})
    assert stack.one("aws_sagemaker_notebook_instance")["kms_key_id"] == own


def test_without_the_setting_nothing_names_a_key(stack: StackJson) -> None:
    """But for the key that signs checkpoints, which encrypts nothing."""
    assert not re.search(r"(?<!aws_)kms_|aws:kms|kms:(Decrypt|GenerateDataKey)", json.dumps(stack.content))
    assert "dead_letter_config" not in stack.one("aws_cloudwatch_event_bus")
