"""What is written under Object Lock, and what the data bucket's policy says of it: one role writes it, and nobody hides it.

Object Lock keeps every version of an object, but it does not keep an object visible: anyone who may write to the bucket could
put another version or a delete marker on top. These statements hold for the account's administrators too. They can only change
the policy, which a plan shows and CloudTrail records.
"""

from typing import NamedTuple

from stacks import iam
from stacks.settings import Settings


class LockedObjects(NamedTuple):
    """What one function writes under a prefix of the data bucket. `written_once` are the patterns below it that no second
    version may have.
    """

    name: str
    prefix: str
    writer: str
    written_once: tuple[str, ...]

    def protection(self, settings: Settings, bucket_arn: str) -> list[iam.Statement]:
        """The statements for the policy of the bucket that holds them."""
        name, everything = self.name, f"{bucket_arn}/{self.prefix}/*"
        once = [f"{bucket_arn}/{self.prefix}/{pattern}" for pattern in self.written_once]
        statements = [
            _deny(f"{name}AreWrittenByThe{self.writer.capitalize()}", "s3:PutObject", everything)
            | {"Condition": _unless_role(settings, self.writer)},
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
            _deny(f"{name}AreWrittenOnce", "s3:PutObject", once[0] if len(once) == 1 else once)
            | {"Condition": {"Null": {"s3:if-none-match": "true"}}},
            _deny(f"{name}AreNotHidden", "s3:DeleteObject", everything),
        ]
        if settings.deletion_protection:  # without it, a destroy of the bucket also removes what is locked in GOVERNANCE mode
            statements.append(_deny(f"{name}StayLocked", "s3:BypassGovernanceRetention", everything))
        return statements


SEALS = LockedObjects("Seals", "seals", "projector", ("*",))
CHECKPOINTS = LockedObjects("Checkpoints", "notary", "notary", ("tile/*", "checkpoints/*", "keys/*"))
"""Tiles and signed checkpoints. One object is replaced: `checkpoint`, the newest one."""


def _deny(sid: str, action: str, resource: str | list[str]) -> iam.Statement:
    return {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource}


def _unless_role(settings: Settings, role: str) -> dict[str, dict[str, list[str]]]:
    return {"ArnNotLike": {"aws:PrincipalArn": settings.principals_of(role)}}
