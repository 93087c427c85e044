"""The bus that training code publishes to, and the archive of its events."""

import json

from cdktf_cdktf_provider_aws.cloudwatch_event_archive import CloudwatchEventArchive
from cdktf_cdktf_provider_aws.cloudwatch_event_bus import CloudwatchEventBus
from cdktf_cdktf_provider_aws.cloudwatch_event_bus_policy import CloudwatchEventBusPolicy
from constructs import Construct

from stacks import iam, team_rules
from stacks.existing import ExistingBus
from stacks.settings import Settings
from stacks.settings.sections import AWS_SOURCES, OPENLINEAGE_SOURCE
from stacks.undelivered_queue import UndeliveredQueue

_ARCHIVE_TAKES_A_KEY = (6, 2)  # of the AWS provider; https://github.com/hashicorp/terraform-provider-aws/blob/main/CHANGELOG.md


class EventBus(Construct):
    """A bus of its own: the policy of the account's default bus does not decide who may publish training events."""

    def __init__(self, scope: Construct, id_: str, settings: Settings) -> None:
        super().__init__(scope, id_)
        key = settings.encryption.kms_key_arn
        self.bus: CloudwatchEventBus | ExistingBus
        self._encrypted: CloudwatchEventBus | None = None
        if name := settings.events.existing_bus_name:
            self.bus = ExistingBus(name, settings.bus_arn)
        else:
            self.bus = CloudwatchEventBus(self, "bus", name=settings.bus_name, kms_key_identifier=key)
            self._encrypted = self.bus if key else None
        # A bus has one policy. A statement that lets somebody else publish belongs into this list, and nowhere else.
        if statements := [*_from_other_accounts(settings, self.bus.arn), *team_rules.other_accounts(settings, self.bus.arn)]:
            CloudwatchEventBusPolicy(self, "policy", event_bus_name=self.bus.name, policy=iam.policy(*statements))
        self.archive = CloudwatchEventArchive(
            self,
            "archive",
            name=settings.name("events"),
            description="Every event of the bus, to be replayed through the rule",
            event_source_arn=self.bus.arn,
            event_pattern=_archived(settings),
            retention_days=settings.events.archive_days,
            kms_key_identifier=key if settings.oldest_provider >= _ARCHIVE_TAKES_A_KEY else None,
        )

    def set_aside_into(self, undelivered: UndeliveredQueue) -> list[str]:
        """Send events to the undelivered queue that the bus cannot encrypt or decrypt with its key; who sends them, if any.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-event-bus-dlq.html
        """
        if self._encrypted is None:
            return []
        self._encrypted.put_dead_letter_config(arn=undelivered.queue.arn)
        return [self._encrypted.arn]


def _from_other_accounts(settings: Settings, bus_arn: str) -> list[iam.Statement]:
    """Let the rules of these accounts send what this bus records, and nothing else.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-example-policy-cross-account-custom-bus-source.html
    """
    if not settings.events.from_account_ids:
        return []
    accounts = [f"arn:{settings.partition}:iam::{account}:root" for account in settings.events.from_account_ids]
    sources = [*settings.events.accepted_sources, *AWS_SOURCES]
    return [
        {
            "Sid": "OtherAccountsSendWhatIsRecorded",
            "Effect": "Allow",
            "Principal": {"AWS": accounts},
            "Action": "events:PutEvents",
            "Resource": bus_arn,
            "Condition": {"ForAllValues:StringEquals": {"events:source": sources}},
        }
    ]


def _archived(settings: Settings) -> str | None:
    """The archive is to bring back what was to be recorded. None: everything.

    Run events can be made again. An existing bus has events of others, too.
    """
    if settings.events.existing_bus_name:
        return json.dumps({"source": [*settings.recorded_sources, *AWS_SOURCES]})
    if settings.openlineage.endpoint is None:
        return None
    return json.dumps({"source": [{"anything-but": [OPENLINEAGE_SOURCE]}]})
