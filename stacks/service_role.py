"""The role of one AWS service."""

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from stacks import iam


class ServiceRole(Construct):
    """A role that one AWS service assumes, with the one policy that says all it may do."""

    def __init__(self, scope: Construct, id_: str, *, name: str, service: str, statements: Sequence[iam.Statement]) -> None:
        super().__init__(scope, id_)
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
        self.role = IamRole(self, "role", name=name, assume_role_policy=iam.policy(trust))
        self.policy = IamRolePolicy(self, "policy", name=name, role=self.role.name, policy=iam.policy(*statements))
