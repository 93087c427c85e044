"""Puts the functions into a VPC if the settings name subnets, and gives their roles what Lambda needs for that."""

from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.lambda_function import LambdaFunctionVpcConfig
from constructs import Construct

from stacks import iam
from stacks.service_role import ServiceRole
from stacks.settings import Settings

# AWS lists these actions, and requires them for all resources: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
_CONNECT_ACTIONS = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)


def vpc_config(settings: Settings) -> LambdaFunctionVpcConfig | None:
    """The subnets and security groups for a function; None if it is in no VPC of the account."""
    network = settings.network
    if not network.subnet_ids:
        return None
    return LambdaFunctionVpcConfig(subnet_ids=list(network.subnet_ids), security_group_ids=list(network.security_group_ids))


def vpc_permissions(scope: Construct, settings: Settings, role: ServiceRole, function: str) -> list[IamRolePolicy]:
    """Let Lambda use the role to connect the function of this name; the function's own code may not use these permissions.

    This is a policy by itself, so that a scanner's findings can be waived for these permissions and for no others.
    """
    if not settings.network.subnet_ids:
        return []
    from_its_code = {"ArnEquals": {"lambda:SourceFunctionArn": [settings.arn("lambda", f"function:{function}")]}}
    policy = iam.policy(
        iam.allow(_CONNECT_ACTIONS, ["*"]),
        iam.deny([*_CONNECT_ACTIONS, "ec2:DetachNetworkInterface"], ["*"], when=from_its_code),
    )
    return [IamRolePolicy(scope, "network", name=f"{function}-network", role=role.role.name, policy=policy)]
