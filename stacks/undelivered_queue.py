"""The queue for events that could not be recorded, each with its reason."""

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue
from cdktf_cdktf_provider_aws.sqs_queue_policy import SqsQueuePolicy
from constructs import Construct

from stacks import iam
from stacks.settings import Settings

_MAX_RETENTION_SECONDS = 14 * 24 * 3600  # the most that SQS allows


class UndeliveredQueue(Construct):
    """All failed events end here: from the targets of rules, from functions, and those that a function sets aside."""

    def __init__(self, scope: Construct, id_: str, settings: Settings) -> None:
        super().__init__(scope, id_)
        key = settings.encryption.kms_key_arn
        self.name = settings.name("undelivered")
        self.queue = SqsQueue(
            self,
            "queue",
            name=self.name,
            message_retention_seconds=_MAX_RETENTION_SECONDS,
            sqs_managed_sse_enabled=None if key else True,  # SQS allows only one of the two
            kms_master_key_id=key,
        )

    def setting_aside(self, bucket_arn: str) -> list[iam.Statement]:
        """Let a function send the events that it refuses, and Lambda, with the same role, those that it gives up."""
        return [
            iam.allow(["sqs:SendMessage"], [self.queue.arn]),
            iam.allow(["s3:PutObject"], [f"{bucket_arn}/undelivered/*"]),  # originals that are too large for a message
        ]

    def accept_from(self, sources: Sequence[str]) -> None:
        """Let EventBridge put events here that these rules and buses could not deliver. Otherwise it drops them silently."""
        SqsQueuePolicy(
            self,
            "policy",
            queue_url=self.queue.id,
            policy=iam.policy(
                {
                    "Sid": "DeadLettersOfRules",
                    "Effect": "Allow",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": self.queue.arn,
                    "Condition": {"ArnEquals": {"aws:SourceArn": list(sources)}},
                },
                iam.tls_only("sqs:*", [self.queue.arn]),
            ),
        )
