"""The queue where an event that could not be recorded waits, with its reason."""

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue
from cdktf_cdktf_provider_aws.sqs_queue_policy import SqsQueuePolicy
from constructs import Construct

from stacks import iam
from stacks.settings import Settings

_LONGEST_RETENTION_SECONDS = 14 * 24 * 3600  # SQS keeps a message no longer


class UndeliveredQueue(Construct):
    """Every path on which an event can fail ends here: rules' targets, functions, and what a function sets aside itself."""

    def __init__(self, scope: Construct, id_: str, settings: Settings) -> None:
        super().__init__(scope, id_)
        key = settings.encryption.kms_key_arn
        self.name = settings.name("undelivered")
        self.queue = SqsQueue(
            self,
            "queue",
            name=self.name,
            message_retention_seconds=_LONGEST_RETENTION_SECONDS,
            sqs_managed_sse_enabled=None if key else True,  # one or the other
            kms_master_key_id=key,
        )

    def setting_aside(self, bucket_arn: str) -> list[iam.Statement]:
        """What a function's role needs to send its own refusals here, and Lambda, with the same role, what it gives up."""
        return [
            iam.allow(["sqs:SendMessage"], [self.queue.arn]),
            iam.allow(["s3:PutObject"], [f"{bucket_arn}/undelivered/*"]),  # originals too large for a queue's message
        ]

    def accept_from(self, sources: Sequence[str]) -> None:
        """Let EventBridge put in what these rules and buses could not hand on; without this it drops it in silence."""
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
