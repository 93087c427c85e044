"""The functions in a VPC: their subnets, and the permissions of their roles."""

import pytest

from tests.support.options import ACCOUNT, GROUP, REGION, SUBNETS
from tests.support.stack_json import StackJson
from tests.synth.test_least_privilege import WITHOUT_RESOURCE

FUNCTIONS = {
    "event_processor": "training-extra-event-processor",
    "notary": "training-extra-notary",
    "projector": "training-extra-projector",
    "training_starter_run": "training-extra-training-starter",
}
# AWS requires these for all resources: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
CONNECT_ACTIONS = {
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
        # Lambda checks the role's permissions when the function is made.
        assert [name for name in policies if f"aws_iam_role_policy.{name}" in function["depends_on"]]
        assert function["vpc_config"] == {"subnet_ids": SUBNETS, "security_group_ids": [GROUP]}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_lambda_may_connect_the_function_and_no_other_action_is_allowed_on_all_resources(
    options: StackJson, function: str
) -> None:
    everywhere = {action for action, resource in options.grants(function) if resource == "*"}
    assert {action for action, _ in options.grants(function) if action.startswith("ec2:")} == CONNECT_ACTIONS
    assert CONNECT_ACTIONS <= everywhere <= CONNECT_ACTIONS | WITHOUT_RESOURCE


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_code_of_the_function_may_not_use_the_network_actions(options: StackJson, function: str) -> None:
    (denied,) = (s for s in options.role_statements(function) if s["Effect"] == "Deny")
    assert set(denied["Action"]) == CONNECT_ACTIONS | {"ec2:DetachNetworkInterface"}
    assert denied["Resource"] == ["*"]
    its_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FUNCTIONS[function]}"
    assert denied["Condition"] == {"ArnEquals": {"lambda:SourceFunctionArn": [its_arn]}}


def test_without_the_setting_no_function_is_in_a_vpc(stack: StackJson) -> None:
    assert not [name for name, function in stack.all("aws_lambda_function").items() if "vpc_config" in function]
    for function in FUNCTIONS:
        assert not [action for action, _ in stack.grants(function) if action.startswith("ec2:")]
