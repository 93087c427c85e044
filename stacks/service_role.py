"""A role for one AWS service."""

from collections.abc import Mapping, Sequence
from typing import Any

from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from stacks import iam
from stacks.settings import Settings


class ServiceRole(Construct):
    """A role that one AWS service may assume, perhaps under a condition. One policy has all of its permissions.

    Its path and its permissions boundary are those of the settings. This is the only place that declares a role.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        settings: Settings,
        *,
        name: str,
        service: str,
        statements: Sequence[iam.Statement],
        trusted_when: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(scope, id_)
        trust: iam.Statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
        if trusted_when:
            trust["Condition"] = trusted_when
        self.role = IamRole(
            self,
            "role",
            name=name,
            path=None if settings.iam.path == "/" else settings.iam.path,
            permissions_boundary=settings.iam.permissions_boundary_arn,
            assume_role_policy=iam.policy(trust),
        )
        self.policy = IamRolePolicy(self, "policy", name=name, role=self.role.name, policy=iam.policy(*statements))
