"""What the data bucket's policy says of seals: each is written once, by the projector, and none is taken away.

Object Lock keeps every version of a seal, but not the view of it: whoever may write to the bucket could lay another version
or a delete marker over it. These statements bind the account's administrators too; to get past them is to change the policy,
which the plan shows and CloudTrail records.
"""

from stacks import iam
from stacks.settings import Settings

PREFIX = "seals"


def protection(settings: Settings, bucket_arn: str) -> list[iam.Statement]:
    """The statements on seals for the policy of the bucket that holds them."""
    seals = f"{bucket_arn}/{PREFIX}/*"
    statements = [
        _deny("SealsAreWrittenByTheProjector", "s3:PutObject", seals) | {"Condition": _unless_role(settings, "projector")},
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
        _deny("SealsAreWrittenOnce", "s3:PutObject", seals) | {"Condition": {"Null": {"s3:if-none-match": "true"}}},
        _deny("SealsAreNotHidden", "s3:DeleteObject", seals),
    ]
    if settings.deletion_protection:  # without it, destroying the bucket removes what is locked in GOVERNANCE mode as well
        statements.append(_deny("SealsStayLocked", "s3:BypassGovernanceRetention", seals))
    return statements


def _deny(sid: str, action: str, resource: str) -> iam.Statement:
    return {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource}


def _unless_role(settings: Settings, role: str) -> dict[str, dict[str, list[str]]]:
    name = settings.name(role)
    allowed = [
        f"arn:{settings.partition}:iam::{settings.account_id}:role/{name}",
        # AWS shows a session as its role: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
        # The emulator shows it as itself.
        f"arn:{settings.partition}:sts::{settings.account_id}:assumed-role/{name}/*",
    ]
    return {"ArnNotLike": {"aws:PrincipalArn": allowed}}
