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
        self.name = settings.name("undelivered")
        self.queue = SqsQueue(
            self,
            "queue",
            name=self.name,
            message_retention_seconds=_LONGEST_RETENTION_SECONDS,
            sqs_managed_sse_enabled=True,
        )

    def setting_aside(self, bucket_arn: str) -> list[iam.Statement]:
        """What a function's role needs to send its own refusals here, and Lambda, with the same role, what it gives up."""
        return [
            iam.allow(["sqs:SendMessage"], [self.queue.arn]),
            iam.allow(["s3:PutObject"], [f"{bucket_arn}/undelivered/*"]),  # originals too large for a queue's message
        ]

    def accept_from_rules(self, rule_arns: Sequence[str]) -> None:
        """Let EventBridge put in what these rules could not hand over; without this it drops the event in silence."""
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
                    "Condition": {"ArnEquals": {"aws:SourceArn": list(rule_arns)}},
                },
                iam.tls_only("sqs:*", [self.queue.arn]),
            ),
        )
