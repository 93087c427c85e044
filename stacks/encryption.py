"""What a role needs of the key that the settings name, where they name one. What AWS's services need is in its policy.

A service may use the key on the role's behalf (kms:ViaService), and the role itself may not; which table, bucket or queue the
service opens for it is said by the role's other statements.
"""

from collections.abc import Sequence

from stacks import iam
from stacks.settings import Settings


def use_of_the_key(settings: Settings, *, reading: Sequence[str], writing: Sequence[str]) -> list[iam.Statement]:
    """Statements for a role that reads or writes what the services in `reading` keep, and puts more into those in `writing`.

    DynamoDB has a key for each table, which it decrypts for a put as well: https://github.com/aws/aws-cdk/issues/10010. S3 and
    SQS make data keys for what is put, and decrypt them for an upload's next part and for the next message:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html,
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    key = settings.encryption.kms_key_arn
    if key is None:
        return []
    return [
        iam.allow(["kms:Decrypt"], [key], when=_via(settings, {*reading, *writing})),
        iam.allow(["kms:GenerateDataKey"], [key], when=_via(settings, writing)),
    ]


def _via(settings: Settings, services: Sequence[str] | set[str]) -> dict[str, dict[str, list[str]]]:
    # https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
    return {"StringEquals": {"kms:ViaService": [f"{service}.{settings.region}.amazonaws.com" for service in sorted(services)]}}
