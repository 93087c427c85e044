"""The roles that docs/guides/pipeline-roles.md gives to copy let no stranger in, do no harm, and can do what they are for."""

import copy
import json
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.support.paths import ROOT
from tests.support.stack_json import StackJson

TEXT = (ROOT / "docs" / "guides" / "pipeline-roles.md").read_text(encoding="utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r'^```json title="([\w-]+)\.json"\n(.*?)^```$', TEXT, re.MULTILINE | re.DOTALL)
POLICIES: dict[str, Any] = {name: json.loads(text) for name, text in BLOCKS}

GITHUB = "token.actions.githubusercontent.com"
HERE = "us-east-1:111122223333"
DATA = "arn:aws:s3:::training-dev-data-111122223333-us-east-1"
STATE = "arn:aws:s3:::training-state-111122223333-us-east-1"
LOG = f"arn:aws:dynamodb:{HERE}:table/training-dev-event-log"
LONGEST_INLINE_POLICY = 10_240
"""Characters of a role, blanks not counted: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""


def many(value: Any) -> list[Any]:
    """IAM takes one for a list of one."""
    return value if isinstance(value, list) else [value]


def lets_strangers_in(trust: dict[str, Any]) -> bool:
    [statement] = trust["Statement"]
    if set(statement["Condition"]) != {"StringEquals"}:
        return True
    conditions = statement["Condition"]["StringEquals"]
    subjects = many(conditions.get(f"{GITHUB}:sub", "*"))
    known = re.compile(r"repo:my-org/my-repo:(pull_request|ref:refs/heads/main|environment:dev)")
    return conditions.get(f"{GITHUB}:aud") != "sts.amazonaws.com" or not all(map(known.fullmatch, subjects))


def allows(policy: dict[str, Any], action: str, resource: str) -> bool:
    """Whether the policy does, as far as wildcards go; case counts for both here, and conditions are taken as met."""
    hit = [
        statement["Effect"]
        for statement in policy["Statement"]
        if any(fnmatchcase(action, one) for one in many(statement["Action"]))
        and any(fnmatchcase(resource, one) for one in many(statement["Resource"]))
    ]
    return "Allow" in hit and "Deny" not in hit


@pytest.mark.parametrize("name", ["plan-trust", "deploy-trust"])
def test_only_this_repository_may_take_a_role(name: str) -> None:
    assert not lets_strangers_in(POLICIES[name])


def test_the_deploy_role_is_for_the_environments_jobs_alone() -> None:
    [statement] = POLICIES["deploy-trust"]["Statement"]
    assert statement["Condition"]["StringEquals"][f"{GITHUB}:sub"] == "repo:my-org/my-repo:environment:dev"


@pytest.mark.parametrize(
    "weaken",
    [
        lambda conditions: conditions["StringEquals"].pop(f"{GITHUB}:sub"),
        lambda conditions: conditions["StringEquals"].pop(f"{GITHUB}:aud"),
        lambda conditions: conditions["StringEquals"].update({f"{GITHUB}:sub": "repo:my-org/*:pull_request"}),
        lambda conditions: conditions.update(StringLike=conditions.pop("StringEquals")),
    ],
)
def test_a_trust_that_is_too_wide_is_found(weaken: Callable[[Any], Any]) -> None:
    trust = copy.deepcopy(POLICIES["plan-trust"])
    weaken(trust["Statement"][0]["Condition"])
    assert lets_strangers_in(trust)


@pytest.mark.parametrize("name", ["plan", "deploy"])
def test_a_policy_fits_into_a_role(name: str) -> None:
    assert len(json.dumps(POLICIES[name], separators=(",", ":"))) < LONGEST_INLINE_POLICY


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("dynamodb:GetItem", LOG),
        ("dynamodb:Query", LOG),
        ("dynamodb:PutItem", LOG),
        ("dynamodb:GetRecords", f"{LOG}/stream/2026"),
        ("s3:GetObject", f"{DATA}/datasets/digits/digits.npz"),
        ("s3:GetObject", f"{DATA}/undelivered/event.json"),
        ("s3:GetObject", f"{STATE}/training-prod/terraform.tfstate"),
        ("s3:PutObject", f"{STATE}/training-dev/terraform.tfstate"),
        ("s3:PutObject", f"{DATA}/client/train_digits.ipynb"),
        ("sqs:ReceiveMessage", f"arn:aws:sqs:{HERE}:training-dev-undelivered"),
        ("logs:GetLogEvents", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/training-dev-projector:*"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:training-dev-projector"),
        ("lambda:GetFunction", f"arn:aws:lambda:{HERE}:function:somebody-elses"),
        ("sagemaker:CreatePresignedNotebookInstanceUrl", f"arn:aws:sagemaker:{HERE}:notebook-instance/training-dev-notebook"),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:any"),
        ("iam:PassRole", "arn:aws:iam::111122223333:role/training-dev-notebook"),
    ],
)
def test_the_plan_role_reads_no_content_and_changes_nothing(action: str, resource: str) -> None:
    assert not allows(POLICIES["plan"], action, resource)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("dynamodb:PutItem", LOG),
        ("dynamodb:DeleteItem", LOG),
        ("dynamodb:PartiQLUpdate", LOG),
        ("dynamodb:DeleteTable", LOG),
        ("dynamodb:UpdateItem", f"arn:aws:dynamodb:{HERE}:table/training-dev-notary"),
        ("kms:Sign", f"arn:aws:kms:{HERE}:key/57ff7a43-341d-46b6-aee3-a450c9de6dc8"),
        ("s3:PutObject", f"{DATA}/notary/checkpoint"),
        ("s3:DeleteBucket", DATA),
        ("s3:BypassGovernanceRetention", f"{DATA}/seals/run/digits-1.json"),
        ("s3:DeleteObject", f"{STATE}/training-dev/terraform.tfstate"),
        ("s3:PutObject", f"{STATE}/training-prod/terraform.tfstate"),
        ("iam:PutRolePolicy", "arn:aws:iam::111122223333:role/pipeline-training-dev-deploy"),
        ("iam:CreateUser", "arn:aws:iam::111122223333:user/any"),
        ("lambda:DeleteFunctionCodeSigningConfig", f"arn:aws:lambda:{HERE}:function:somebody-elses"),
        ("lambda:TagResource", f"arn:aws:lambda:{HERE}:function:somebody-elses"),
        ("signer:StartSigningJob", f"arn:aws:signer:{HERE}:/signing-profiles/somebody-elses"),
        ("ec2:DescribeInstanceAttribute", f"arn:aws:ec2:{HERE}:instance/i-1"),  # what a machine is started with, secrets too
    ],
)
def test_the_deploy_role_alters_neither_the_record_nor_itself_nor_what_is_others(action: str, resource: str) -> None:
    assert not allows(POLICIES["deploy"], action, resource)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
        ("ec2:DescribeSecurityGroups", "*"),
        ("ec2:DescribeSubnets", "*"),
        ("ec2:DescribeVpcs", "*"),
        # https://docs.aws.amazon.com/sagemaker/latest/dg/api-permissions-reference.html, of a notebook in a subnet
        ("ec2:CreateNetworkInterface", f"arn:aws:ec2:{HERE}:subnet/subnet-1"),
        ("ec2:DeleteNetworkInterface", f"arn:aws:ec2:{HERE}:network-interface/eni-1"),
        # https://docs.aws.amazon.com/lambda/latest/dg/config-codesigning-policies.html
        ("lambda:CreateCodeSigningConfig", "*"),
        ("lambda:PutFunctionCodeSigningConfig", f"arn:aws:lambda:{HERE}:function:training-dev-projector"),
        ("lambda:PutFunctionCodeSigningConfig", f"arn:aws:lambda:{HERE}:code-signing-config:csc-1"),
        ("signer:StartSigningJob", f"arn:aws:signer:{HERE}:/signing-profiles/training"),
        ("s3:GetObjectVersion", f"{DATA}/package/training-events.zip"),
        ("s3:PutObject", f"{DATA}/package/signed/1b2c.zip"),
        ("s3:PutObject", f"{DATA}/recipes/digits.toml"),
    ],
)
def test_the_deploy_role_may_do_what_settings_that_are_off_by_default_ask_for(action: str, resource: str) -> None:
    assert allows(POLICIES["deploy"], action, resource)


def test_the_plan_role_sees_a_buckets_tags_as_every_version_of_the_provider_asks_for_them() -> None:
    """From 6.23 it asks S3 Control first: https://github.com/hashicorp/terraform-provider-aws/pull/45251"""
    assert allows(POLICIES["plan"], "s3:GetBucketTagging", DATA)
    assert allows(POLICIES["plan"], "s3:ListTagsForResource", DATA)


OF_AWS = {
    "aws_cloudwatch_dashboard": ("dashboard_name", "cloudwatch::111122223333:dashboard/{}", "GetDashboard", "PutDashboard"),
    "aws_cloudwatch_event_archive": ("name", f"events:{HERE}:archive/{{}}", "DescribeArchive", "CreateArchive"),
    "aws_cloudwatch_event_bus": ("name", f"events:{HERE}:event-bus/{{}}", "DescribeEventBus", "CreateEventBus"),
    "aws_cloudwatch_event_rule": ("name", f"events:{HERE}:rule/{{}}", "DescribeRule", "PutTargets"),
    "aws_cloudwatch_log_group": ("name", f"logs:{HERE}:log-group:{{}}", "ListTagsForResource", "CreateLogGroup"),
    "aws_cloudwatch_metric_alarm": ("alarm_name", f"cloudwatch:{HERE}:alarm:{{}}", "ListTagsForResource", "PutMetricAlarm"),
    "aws_dynamodb_table": ("name", f"dynamodb:{HERE}:table/{{}}", "DescribeTable", "CreateTable"),
    "aws_iam_role": ("name", "iam::111122223333:role/{}", "GetRole", "CreateRole"),
    "aws_kms_key": ("description", f"kms:{HERE}:key/{{}}", "GetKeyPolicy", "PutKeyPolicy"),  # AWS names it
    "aws_lambda_function": ("function_name", f"lambda:{HERE}:function:{{}}", "GetFunction", "UpdateFunctionCode"),
    "aws_s3_bucket": ("bucket", "s3:::{}", "GetBucketPolicy", "CreateBucket"),
    "aws_sagemaker_notebook_instance": (
        "name",
        f"sagemaker:{HERE}:notebook-instance/{{}}",
        "DescribeNotebookInstance",
        "CreateNotebookInstance",
    ),
    "aws_sqs_queue": ("name", f"sqs:{HERE}:{{}}", "GetQueueAttributes", "SetQueueAttributes"),
}
"""Of each type that has a name of ours: the name's attribute, the ARN, an action that sees it and one that makes it."""


@pytest.mark.parametrize("action", ["CreateEventSourceMapping", "UpdateEventSourceMapping", "TagResource", "ListTags"])
def test_the_deploy_role_may_make_and_keep_the_mapping_which_has_no_name(action: str) -> None:
    assert allows(POLICIES["deploy"], f"lambda:{action}", f"arn:aws:lambda:{HERE}:event-source-mapping:1b2c")


def test_the_roles_cover_what_the_stack_declares(stacks: dict[str, StackJson]) -> None:
    declared = stacks["dev"].content["resource"]
    services = {re.match(r"aws_cloudwatch_(?:event|log)|aws_[a-z0-9]+", kind)[0] for kind in declared}  # type: ignore[index]
    assert services == {re.match(r"aws_cloudwatch_(?:event|log)|aws_[a-z0-9]+", kind)[0] for kind in OF_AWS}  # type: ignore[index]
    for kind, (key, arn, seen, made) in OF_AWS.items():
        for resource in declared[kind].values():
            where = f"arn:aws:{arn.format(resource[key])}"
            service = arn.partition(":")[0]
            assert allows(POLICIES["plan"], f"{service}:{seen}", where), where
            assert allows(POLICIES["deploy"], f"{service}:{made}", where), where


def test_the_state_is_found_where_the_stack_keeps_it(stacks: dict[str, StackJson]) -> None:
    backend = stacks["dev"].content["terraform"]["backend"]["s3"]
    state = f"arn:aws:s3:::{backend['bucket']}/{backend['key']}"
    assert allows(POLICIES["plan"], "s3:GetObject", state)
    for action, resource in {
        ("s3:PutObject", state),
        ("s3:PutObject", f"{state}.tflock"),
        ("s3:DeleteObject", f"{state}.tflock"),
    }:
        assert allows(POLICIES["deploy"], action, resource)
