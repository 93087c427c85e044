"""The key policy in docs/operate/encryption.md is JSON, for the names of the stack and the services that need the key."""

import json
import re
from typing import Any

import pytest

from stacks.settings.file import load
from tests.support.options import synthesized_with_options
from tests.support.paths import ROOT
from tests.support.stack_json import StackJson

TEXT = (ROOT / "docs" / "operate" / "encryption.md").read_text(encoding="utf-8")
# The services that use the key by their own names and not on a role's behalf, and for which type of resource.
SERVICES = {
    "aws_cloudwatch_event_bus": "events.amazonaws.com",
    "aws_sqs_queue": "events.amazonaws.com",
    "aws_cloudwatch_log_group": "logs.us-east-1.amazonaws.com",
    "aws_sns_topic": "cloudwatch.amazonaws.com",
}
CONTEXTS = {
    "aws_cloudwatch_event_bus": ("aws:events:event-bus:arn", "events", "event-bus/{name}"),
    "aws_sqs_queue": ("aws:sqs:arn", "sqs", "{name}"),
    "aws_cloudwatch_log_group": ("aws:logs:arn", "logs", "log-group:{name}"),
    "aws_sns_topic": ("aws:sns:topicArn", "sns", "{name}"),
}


@pytest.fixture(scope="module")
def statements() -> list[dict[str, Any]]:
    [text] = re.findall(r"```json\n(.+?)```", TEXT, re.DOTALL)
    policy = json.loads(text)
    assert policy["Version"] == "2012-10-17"
    assert len(text.encode()) < 32 * 1024  # KMS takes no longer one
    return list(policy["Statement"])


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> StackJson:
    """The environment that the document speaks of, with a key and an address for alarms."""
    settings = load("dev")
    return synthesized_with_options(
        tmp_path_factory.mktemp("dev"),
        environment="dev",
        account_id=settings.account_id,
        region=settings.region,
        encryption={"kms_key_arn": re.findall(r'kms_key_arn = "(.+?)"', TEXT)[0]},
        checkpoints={},
        code_signing={},
        openlineage={},
    )


def _contexts(statement: dict[str, Any]) -> set[tuple[str, str]]:
    """(Key of the encryption context, its value) that the statement is for."""
    ((_, condition),) = statement["Condition"].items()
    ((key, values),) = condition.items()
    return {(key.removeprefix("kms:EncryptionContext:"), value) for value in ([values] if isinstance(values, str) else values)}


@pytest.mark.parametrize("kind", SERVICES)
def test_the_service_may_use_the_key_for_every_resource_that_needs_it(
    statements: list[dict[str, Any]], dev: StackJson, kind: str
) -> None:
    context, service, form = CONTEXTS[kind]
    needed = {
        (context, f"arn:aws:{service}:us-east-1:111122223333:{form.format(name=resource['name'])}")
        for resource in dev.all(kind).values()
    }
    allowed = {
        context
        for statement in statements
        if statement["Principal"] == {"Service": SERVICES[kind]} and "Condition" in statement
        if {"kms:Decrypt"} < set(statement["Action"]) & {"kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKey*"}
        for context in _contexts(statement)
    }
    assert needed
    assert needed <= allowed


def test_nobody_else_may_and_no_service_without_saying_for_what(statements: list[dict[str, Any]]) -> None:
    (account, *services) = statements
    assert account["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
    assert {statement["Principal"]["Service"] for statement in services} == set(SERVICES.values())
    assert [statement["Action"] for statement in services if "Condition" not in statement] == ["kms:DescribeKey"]
    assert all((statement["Effect"], statement["Resource"]) == ("Allow", "*") for statement in statements)
    assert len({statement["Sid"] for statement in statements}) == len(statements)


def test_every_type_of_resource_with_a_key_is_spoken_of(dev: StackJson) -> None:
    """By its own service above, or as what a role reads and writes, or Lambda and SageMaker with a grant."""
    key = dev.content["terraform"]["backend"]["s3"]["kms_key_id"]
    by_roles_and_grants = {
        "aws_athena_workgroup",  # Athena writes answers with the rights of whoever asks
        "aws_dynamodb_table",
        "aws_lambda_function",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_sagemaker_notebook_instance",
    }
    kinds = {kind for kind, _, resource in dev.resources() if key in json.dumps(resource)} - {"aws_iam_role_policy"}
    assert kinds == SERVICES.keys() | by_roles_and_grants
