"""The KMS keys that sign checkpoints of the log: only the notary's role may sign. IAM decides who reads the public key."""

from cdktf_cdktf_provider_aws.kms_key import KmsKey
from constructs import Construct

from stacks import iam
from stacks.settings import Settings

# All that KMS has for an account to see and administer a key of this kind, but for CreateGrant: with a grant somebody could be
# given the right to sign.
# https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-default-allow-administrators
_ADMINISTERING = (
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:GetPublicKey",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListResourceTags",
    "kms:Verify",
    "kms:CancelKeyDeletion",
    "kms:DisableKey",
    "kms:EnableKey",
    "kms:PutKeyPolicy",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateKeyDescription",
)
_DELETION_DAYS = 30  # the longest time that KMS allows: until then the deletion can be cancelled


class CheckpointKeys(Construct):
    """The keys that the stack makes, and after them those of the settings. The last one signs."""

    def __init__(self, scope: Construct, id_: str, settings: Settings, *, signer: str) -> None:
        """`signer` is the name of the role that may sign, without the environment in it."""
        super().__init__(scope, id_)
        made = [_key(self, number, settings, signer) for number in range(1, settings.checkpoints.keys + 1)]
        self.arns = [*(key.arn for key in made), *settings.checkpoints.key_arns]

    def signing(self) -> iam.Statement:
        """For the notary's role. KMS also asks the key's own policy, which lets no other role sign."""
        return iam.allow(["kms:GetPublicKey", "kms:Sign"], self.arns)


def _key(scope: Construct, number: int, settings: Settings, signer: str) -> KmsKey:
    return KmsKey(
        scope,
        f"key_{number}",
        description=f"Signs checkpoints of the event log of {settings.stack_name} ({number})",
        # The only kind that provider 5.100 and readers of checkpoints both know: ECDSA on P-256.
        customer_master_key_spec="ECC_NIST_P256",
        key_usage="SIGN_VERIFY",
        deletion_window_in_days=_DELETION_DAYS,
        policy=_policy(settings, signer),
    )


def _policy(settings: Settings, signer: str) -> str:
    """In a key's policy, `*` is the key itself: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html"""
    account = {"AWS": f"arn:{settings.partition}:iam::{settings.account_id}:root"}
    deleting = [] if settings.deletion_protection else ["kms:ScheduleKeyDeletion"]
    return iam.policy(
        {
            "Sid": "TheAccountAdministersAndIamDecides",
            "Effect": "Allow",
            "Principal": account,
            "Action": [*_ADMINISTERING, *deleting, "kms:Sign"],
            "Resource": "*",
        },
        {
            "Sid": "NobodyButTheNotarySigns",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "kms:Sign",
            "Resource": "*",
            "Condition": {"ArnNotLike": {"aws:PrincipalArn": settings.principals_of(signer)}},
        },
    )
