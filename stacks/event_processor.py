"""From the bus to the log: the rules, the function that they invoke, and the two paths for failures."""

import json
from typing import Any

from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from constructs import Construct

from stacks import forwarding, iam, team_rules
from stacks.data_bucket import DataBucket
from stacks.event_bus import EventBus
from stacks.event_log import EventLog, ReadModels
from stacks.failure_destination import failure_destination
from stacks.function_target import function_target
from stacks.packaged_function import PackagedFunction
from stacks.settings import Settings
from stacks.settings.sections import AWS_SOURCES
from stacks.signed_package import Package
from stacks.undelivered_queue import UndeliveredQueue

_HANDLER = "training_events.handlers.event_processor.handler"
# Lambda's maximum, so that an event is given up as late as possible: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html
_RETRY_SECONDS, _RETRIES = 6 * 3600, 2


class EventProcessor(Construct):
    """Rules pass AWS's own events, and every event of the accepted sources, to the function, which appends it to the log."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        settings: Settings,
        *,
        bus: EventBus,
        log: EventLog,
        read_models: ReadModels,
        undelivered: UndeliveredQueue,
        data_bucket: DataBucket,
        package: Package,
    ) -> None:
        super().__init__(scope, id_)
        self.run = PackagedFunction(
            self,
            "run",
            settings,
            name="event-processor",
            description="Appends every event of the bus to the event log",
            handler=_HANDLER,
            limits=settings.event_processor,
            package=package,
            environment={
                "TRAINING_EVENTS_LOG": log.url(read_models),
                "TRAINING_EVENTS_UNDELIVERED": undelivered.queue.url,
                "TRAINING_EVENTS_BUCKET": data_bucket.bucket.bucket,
                **team_rules.variables(settings),
            },
            statements=[
                iam.allow(["dynamodb:PutItem"], [log.table.arn]),
                *undelivered.setting_aside(data_bucket.bucket.arn),
            ],
        )
        self.function = self.run.function
        self._send_failures_to(undelivered)
        self._listen_to(bus, settings, undelivered, data_bucket)

    def _send_failures_to(self, undelivered: UndeliveredQueue) -> None:
        """For events that reached the function, but failed in it three times."""
        failure_destination(
            self,
            "on_failure",
            run=self.run,
            undelivered=undelivered,
            retries=_RETRIES,
            max_age_seconds=_RETRY_SECONDS,
        )

    def _listen_to(self, bus: EventBus, settings: Settings, undelivered: UndeliveredQueue, data_bucket: DataBucket) -> None:
        self.rule = self._rule_for_function(
            bus,
            undelivered,
            name=settings.name("record"),
            description="Training events to the event processor",
            pattern={"source": list(settings.recorded_sources)},
        )
        # The events that are forwarded from the default bus. Only AWS can publish with these sources.
        self.aws_rule = self._rule_for_function(
            bus,
            undelivered,
            prefix="aws_",
            name=settings.name("record-aws"),
            description="AWS's own events to the event processor",
            pattern=_of_aws(settings, data_bucket),
        )

    def _rule_for_function(
        self,
        bus: EventBus,
        undelivered: UndeliveredQueue,
        *,
        prefix: str = "",
        name: str,
        description: str,
        pattern: dict[str, Any],
    ) -> CloudwatchEventRule:
        """A rule on the bus, and everything that EventBridge needs to invoke the function with the events that match."""
        rule = CloudwatchEventRule(
            self,
            f"{prefix}rule",
            name=name,
            description=description,
            event_bus_name=bus.bus.name,
            event_pattern=json.dumps(pattern),
        )
        function_target(
            self,
            prefix,
            rule=rule,
            bus_name=bus.bus.name,
            name="event-processor",
            run=self.run,
            statement_id="AllowTheAwsRule" if prefix else "AllowTheRule",
            undelivered=undelivered,
        )
        return rule


def _of_aws(settings: Settings, data_bucket: DataBucket) -> dict[str, Any]:
    """On a bus of its own, whatever was forwarded to it. An existing bus may have more of AWS's events, for others."""
    accounts = {"account": settings.recorded_accounts}
    if settings.events.existing_bus_name is None:
        return {"source": list(AWS_SOURCES)} | accounts
    return {"$or": [forwarding.states_of_sagemaker(), forwarding.new_datasets(data_bucket)]} | accounts
