"""What the policy of the data bucket says, whoever declares it: this stack, or the owner of an existing bucket."""

from stacks import iam, team_rules
from stacks.locked_objects import CHECKPOINTS, SEALS
from stacks.settings import Settings


def statements(settings: Settings, bucket_arn: str) -> list[iam.Statement]:
    return [
        iam.tls_only("s3:*", [bucket_arn, f"{bucket_arn}/*"]),
        *SEALS.protection(settings, bucket_arn),
        *(CHECKPOINTS.protection(settings, bucket_arn) if settings.checkpoints.enabled else []),
        *team_rules.protection(settings, bucket_arn),
    ]
