"""The statements on seals in the data bucket's policy: the projector writes each seal once, and nobody removes one.

Object Lock keeps every version of a seal, but it does not keep a seal visible: anyone who may write to the bucket could put
another version or a delete marker on top. These statements hold for the account's administrators too. They can only change the
policy, which a plan shows and CloudTrail records.
"""

from stacks import iam
from stacks.settings import Settings

PREFIX = "seals"


def protection(settings: Settings, bucket_arn: str) -> list[iam.Statement]:
    """The statements for the policy of the bucket that holds the seals."""
    seals = f"{bucket_arn}/{PREFIX}/*"
    statements = [
        _deny("SealsAreWrittenByTheProjector", "s3:PutObject", seals) | {"Condition": _unless_role(settings, "projector")},
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
        _deny("SealsAreWrittenOnce", "s3:PutObject", seals) | {"Condition": {"Null": {"s3:if-none-match": "true"}}},
        _deny("SealsAreNotHidden", "s3:DeleteObject", seals),
    ]
    if settings.deletion_protection:  # without it, a destroy of the bucket also removes what is locked in GOVERNANCE mode
        statements.append(_deny("SealsStayLocked", "s3:BypassGovernanceRetention", seals))
    return statements


def _deny(sid: str, action: str, resource: str) -> iam.Statement:
    return {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource}


def _unless_role(settings: Settings, role: str) -> dict[str, dict[str, list[str]]]:
    name = settings.name(role)
    allowed = [
        f"arn:{settings.partition}:iam::{settings.account_id}:role/{name}",
        # In this key AWS shows a session as its role: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
        # The emulator shows the session itself.
        f"arn:{settings.partition}:sts::{settings.account_id}:assumed-role/{name}/*",
    ]
    return {"ArnNotLike": {"aws:PrincipalArn": allowed}}
