"""The functions in a VPC: where they are put, and what their roles may do for it."""

import pytest

from tests.support.options import ACCOUNT, GROUP, REGION, SUBNETS
from tests.support.stack_json import StackJson
from tests.synth.test_least_privilege import WITHOUT_RESOURCE

FUNCTIONS = {"event_processor": "training-extra-event-processor", "projector": "training-extra-projector"}
# On all resources, as AWS says: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
CONNECTING = {
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
}


def test_every_function_is_in_the_subnets_with_the_groups(options: StackJson) -> None:
    functions = options.all("aws_lambda_function").values()
    assert {function["function_name"] for function in functions} == set(FUNCTIONS.values())
    policies = [name for name in options.all("aws_iam_role_policy") if "network" in name]
    for function in functions:
        # Lambda looks at the role's rights when the function is made.
        assert [one for one in policies if f"aws_iam_role_policy.{one}" in function["depends_on"]]
        assert function["vpc_config"] == {"subnet_ids": SUBNETS, "security_group_ids": [GROUP]}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_lambda_may_connect_the_function_with_its_role_and_nothing_more_is_allowed_on_everything(
    options: StackJson, function: str
) -> None:
    everywhere = {action for action, resource in options.grants(function) if resource == "*"}
    assert {action for action, _ in options.grants(function) if action.startswith("ec2:")} == CONNECTING
    assert CONNECTING <= everywhere <= CONNECTING | WITHOUT_RESOURCE


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_code_of_the_function_may_not(options: StackJson, function: str) -> None:
    (denied,) = (s for s in options.role_statements(function) if s["Effect"] == "Deny")
    assert set(denied["Action"]) == CONNECTING | {"ec2:DetachNetworkInterface"}
    assert denied["Resource"] == ["*"]
    its_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FUNCTIONS[function]}"
    assert denied["Condition"] == {"ArnEquals": {"lambda:SourceFunctionArn": [its_arn]}}


def test_without_the_setting_no_function_is_in_a_vpc(stack: StackJson) -> None:
    assert not [name for name, function in stack.all("aws_lambda_function").items() if "vpc_config" in function]
    for function in FUNCTIONS:
        assert not [action for action, _ in stack.grants(function) if action.startswith("ec2:")]
