"""Seals stay as they were written: what the bucket's policy denies, to whom, and what it must still allow."""

import json
from typing import Any

import pytest

from tests.support.stack_json import StackJson


def _denials(stack: StackJson) -> dict[str, dict[str, Any]]:
    statements = json.loads(stack.one("aws_s3_bucket_policy")["policy"])["Statement"]
    return {statement["Sid"]: statement for statement in statements if statement["Sid"].startswith("Seals")}


def test_every_denial_is_for_everyone_and_only_for_seals(stack: StackJson) -> None:
    for statement in _denials(stack).values():
        assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
        assert statement["Resource"] == stack.reference("aws_s3_bucket", "arn") + "/seals/*"


def test_only_the_projectors_role_may_write_seals(stack: StackJson) -> None:
    denial = _denials(stack)["SealsAreWrittenByTheProjector"]
    role = stack.one("aws_iam_role", "projector")["name"]
    assert denial["Action"] == "s3:PutObject"
    assert denial["Condition"].keys() == {"ArnNotLike"}
    names = denial["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
    assert [name.split(":", 5)[2] + ":" + name.split(":", 5)[5] for name in names] == [
        f"iam:role/{role}",
        f"sts:assumed-role/{role}/*",
    ]
    (account,) = stack.content["provider"]["aws"][0]["allowed_account_ids"]
    assert {name.split(":")[4] for name in names} == {account}


def test_nobody_may_hide_a_seal_behind_a_delete_marker(stack: StackJson) -> None:
    denial = _denials(stack)["SealsAreNotHidden"]
    assert denial["Action"] == "s3:DeleteObject"
    assert "Condition" not in denial


def test_nobody_may_overwrite_a_seal(stack: StackJson) -> None:
    denial = _denials(stack)["SealsAreWrittenOnce"]
    assert (denial["Action"], denial["Condition"]) == ("s3:PutObject", {"Null": {"s3:if-none-match": "true"}})


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_nobody_may_lift_a_seals_lock(stacks: dict[str, StackJson], environment: str) -> None:
    locked = _denials(stacks[environment])["SealsStayLocked"]
    assert locked["Action"] == "s3:BypassGovernanceRetention"
    assert "Condition" not in locked


def test_an_environment_without_deletion_protection_can_be_destroyed_with_its_seals(stacks: dict[str, StackJson]) -> None:
    """Terraform deletes each version in the bucket, and bypasses a GOVERNANCE lock."""
    denied = {statement["Action"] for statement in _denials(stacks["local"]).values()}
    assert not denied & {"s3:BypassGovernanceRetention", "s3:DeleteObjectVersion"}
    assert stacks["local"].one("aws_s3_bucket")["force_destroy"] is True
    assert stacks["prod"].one("aws_s3_bucket")["force_destroy"] is False


def test_the_bucket_can_lock_objects_for_as_long_as_the_environment_sets(stacks: dict[str, StackJson]) -> None:
    days = {"local": "7", "dev": "90", "prod": "3653"}
    for environment, expected in days.items():
        variables = stacks[environment].one("aws_lambda_function", "projector")["environment"]["variables"]
        assert stacks[environment].one("aws_s3_bucket")["object_lock_enabled"] is True
        assert (variables["TRAINING_EVENTS_SEAL_MODE"], variables["TRAINING_EVENTS_SEAL_DAYS"]) == ("GOVERNANCE", expected)


def test_nobody_in_the_stack_may_bypass_a_lock_or_delete_an_object(stack: StackJson) -> None:
    for address, statement in stack.statements():
        if statement["Effect"] == "Allow":
            assert not {"s3:BypassGovernanceRetention", "s3:DeleteObject", "s3:DeleteObjectVersion"} & {*statement["Action"]}, (
                address
            )
