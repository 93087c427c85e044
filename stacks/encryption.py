"""The statements that let a role use the KMS key in the settings, if there is one. AWS's services are in the key's own policy.

A service may use the key on behalf of the role (kms:ViaService); the role itself may not. The role's other statements decide
which table, bucket or queue the service opens for it.
"""

from collections.abc import Sequence

from stacks import iam
from stacks.settings import Settings


def use_of_the_key(settings: Settings, *, reading: Sequence[str], writing: Sequence[str]) -> list[iam.Statement]:
    """Statements for a role that reads from or writes to the services in `reading`, and puts new data into those in `writing`.

    DynamoDB has a data key for each table, and decrypts it for a put too: https://github.com/aws/aws-cdk/issues/10010. S3 and
    SQS make data keys for new data, and decrypt them for the next part of an upload and for the next message:
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
