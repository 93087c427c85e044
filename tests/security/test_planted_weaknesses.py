"""Plants weaknesses in a copy of an environment, and shows that a scanner finds each of them, at its resource."""

import json
from pathlib import Path
from typing import Any

import pytest

from security import checkov_gate, parliament_gate, synthesized, waivers
from tests.support.planting import Plant, added, allowed, changed, planted, removed, trusted, variable
from tests.support.stack_json import StackJson

ROLE, PROCESSOR = "aws_iam_role_policy", "event_processor"
BUCKET, OBJECTS = "arn:aws:s3:::x", "arn:aws:s3:::x/*"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
ANOTHER = {"AWS": "111122223333"}


def _role(**statement: Any) -> tuple[Plant, str]:
    return allowed(ROLE, PROCESSOR, **statement), ROLE


def _trust(**statement: Any) -> tuple[Plant, str]:
    return trusted("projector", **statement), "aws_iam_role"


def _bucket_policy(**statement: Any) -> tuple[Plant, str]:
    return allowed("aws_s3_bucket_policy", **statement), "aws_s3_bucket_policy"


def _queue_policy(**statement: Any) -> tuple[Plant, str]:
    return allowed("aws_sqs_queue_policy", **statement), "aws_sqs_queue_policy"


def _resource(kind: str, containing: str = "", **attributes: Any) -> tuple[Plant, str]:
    return changed(kind, containing, **attributes), kind


RED = {"StringEquals": {"sqs:QueueColour": "red"}}
# The change that plants it, the type of resource at which it is found, and the check: first parliament's, then checkov's.
WEAKNESSES: dict[str, tuple[tuple[Plant, str], str]] = {
    "every-action": (_role(Action="*", Resource="*"), "PERMISSIONS_MANAGEMENT_ACTIONS:iam:passrole"),
    "every-resource": (_role(Action="s3:GetObject", Resource="*"), "RESOURCE_STAR"),
    "no-such-action": (_role(Action="s3:GetObjekt", Resource="*"), "UNKNOWN_ACTION"),
    "resource-of-another-kind": (_role(Action="s3:GetObject", Resource=BUCKET), "RESOURCE_MISMATCH"),
    "no-such-condition": (_role(Action="sqs:SendMessage", Resource="*", Condition=RED), "UNKNOWN_CONDITION_FOR_ACTION"),
    "all-objects-but-these": (_role(Action="s3:GetObject", NotResource=OBJECTS), "NOTRESOURCE_WITH_ALLOW"),
    "keys-for-a-user": (_role(Action="iam:CreateAccessKey", Resource="*"), "CREDENTIALS_EXPOSURE:iam:createaccesskey"),
    "everybody-but-one": (
        _bucket_policy(Action="s3:GetObject", Resource=OBJECTS, NotPrincipal=ANOTHER),
        "NOTPRINCIPAL_WITH_ALLOW",
    ),
    "trust-of-nobody-known": (_trust(Action="sts:AssumeRole", Principal={"AWS": "somebody"}), "UNKNOWN_PRINCIPAL"),
    "trust-misspelt": (_trust(Action="sts:AsumeRole", Principal=ANOTHER), "UNKNOWN_ACTION"),
    "trust-of-everybody": (_trust(Action="sts:AssumeRole", Principal={"AWS": "*"}), "CKV_AWS_60"),
    "open-bucket": (_bucket_policy(Action="s3:GetObject", Resource=OBJECTS, Principal="*"), "CKV_AWS_70"),
    "open-queue": (_queue_policy(Action="sqs:SendMessage", Resource="*", Principal="*"), "CKV_AWS_168"),
    "administrator": (
        (added("aws_iam_role_policy_attachment", role="x", policy_arn=ADMINISTRATOR), "aws_iam_role_policy_attachment"),
        "CKV_AWS_274",
    ),
    "bucket-not-blocked": ((removed("aws_s3_bucket_public_access_block"), "aws_s3_bucket"), "CKV2_AWS_6"),
    "bucket-without-versions": (
        (changed("aws_s3_bucket_versioning", versioning_configuration={"status": "Suspended"}), "aws_s3_bucket"),
        "CKV_AWS_21",
    ),
    "queue-in-the-clear": (_resource("aws_sqs_queue", sqs_managed_sse_enabled=None), "CKV_AWS_27"),
    "table-without-backup": (
        _resource("aws_dynamodb_table", "event_log", point_in_time_recovery={"enabled": False}),
        "CKV_AWS_28",
    ),
    "called-by-any-rule": (_resource("aws_lambda_permission", "event_processor_permission", source_arn=None), "CKV_AWS_364"),
    "secret-in-a-variable": (
        (variable("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "AWS_SECRET_ACCESS_KEY"), "aws_lambda_function"),
        "CKV_AWS_45",
    ),
    "root-in-the-notebook": (_resource("aws_sagemaker_notebook_instance", root_access="Enabled"), "CKV_AWS_307"),
    "log-for-ever": (_resource("aws_cloudwatch_log_group", "projector", retention_in_days=None), "CKV_AWS_66"),
}
CONTROL = "nothing-planted"


def _write(out: Path, environment: str, stack: StackJson) -> None:
    folder = out / "stacks" / f"training-{environment}"
    folder.mkdir(parents=True)
    (folder / "cdk.tf.json").write_text(json.dumps(stack.content), encoding="utf-8")


@pytest.fixture(scope="module")
def found(stacks: dict[str, StackJson], scanners: Path, tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str, str]]:
    """(weakness, type of resource, check) of each finding that is not waived. Each weakness is an environment, in one run."""
    out = tmp_path_factory.mktemp("planted")
    _write(out, CONTROL, stacks["dev"])
    for weakness, ((plant, _), _) in WEAKNESSES.items():
        _write(out, weakness, planted(stacks["dev"], plant))
    environments = synthesized.read(out)
    for_checkov = [each for each in environments if each.environment == CONTROL or "CKV" in WEAKNESSES[each.environment][1]]
    findings = parliament_gate.check(scanners, environments)[1] + checkov_gate.check(scanners, for_checkov)[1]
    return {(each.environment, each.address.split(".")[0], each.check) for each in waivers.not_waived(findings, waivers.read())}


@pytest.mark.parametrize("weakness", WEAKNESSES)
def test_a_planted_weakness_is_found(found: set[tuple[str, str, str]], weakness: str) -> None:
    (_, kind), check = WEAKNESSES[weakness]
    assert (weakness, kind, check) in found, sorted(each for each in found if each[0] == weakness)


def test_nothing_is_found_if_nothing_is_planted(found: set[tuple[str, str, str]]) -> None:
    assert not [each for each in found if each[0] == CONTROL]
