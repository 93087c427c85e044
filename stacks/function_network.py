"""Into which VPC the functions are put, where the settings name subnets, and what Lambda needs of their roles for it."""

from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.lambda_function import LambdaFunctionVpcConfig
from constructs import Construct

from stacks import iam
from stacks.service_role import ServiceRole
from stacks.settings import Settings

# As AWS lists them, and on all resources, as it says: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
_CONNECTING = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)


def place(settings: Settings) -> LambdaFunctionVpcConfig | None:
    """The subnets and groups, as a function takes them; None leaves it outside of any VPC of the account."""
    network = settings.network
    if not network.subnet_ids:
        return None
    return LambdaFunctionVpcConfig(subnet_ids=list(network.subnet_ids), security_group_ids=list(network.security_group_ids))


def rights(scope: Construct, settings: Settings, role: ServiceRole, function: str) -> list[IamRolePolicy]:
    """What Lambda does with the role to connect the function of this name; the function's own code may do nothing of it.

    Apart from the role's policy: what scanners say of these resources is then waived for these rights and for no others.
    """
    if not settings.network.subnet_ids:
        return []
    by_the_code = {"ArnEquals": {"lambda:SourceFunctionArn": [settings.arn("lambda", f"function:{function}")]}}
    policy = iam.policy(
        iam.allow(_CONNECTING, ["*"]),
        iam.deny([*_CONNECTING, "ec2:DetachNetworkInterface"], ["*"], when=by_the_code),
    )
    return [IamRolePolicy(scope, "network", name=f"{function}-network", role=role.role.name, policy=policy)]
