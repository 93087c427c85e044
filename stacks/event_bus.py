"""The bus that training code publishes to, and the archive of all that ever went over it."""

from cdktf_cdktf_provider_aws.cloudwatch_event_archive import CloudwatchEventArchive
from cdktf_cdktf_provider_aws.cloudwatch_event_bus import CloudwatchEventBus
from constructs import Construct

from stacks.settings import Settings


class EventBus(Construct):
    """A bus of its own, so that who may publish training events is decided here and not by the account's default bus."""

    def __init__(self, scope: Construct, id_: str, settings: Settings) -> None:
        super().__init__(scope, id_)
        self.bus = CloudwatchEventBus(self, "bus", name=settings.name("events"))
        self.archive = CloudwatchEventArchive(
            self,
            "archive",
            name=settings.name("events"),
            description="Every event of the bus, to be replayed through the rule",
            event_source_arn=self.bus.arn,
            retention_days=settings.events.archive_days,
        )
