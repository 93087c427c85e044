"""From the bus to a service that takes OpenLineage's run events: a rule, and the API destination that it sends to."""

import json

from cdktf_cdktf_provider_aws.cloudwatch_event_api_destination import CloudwatchEventApiDestination
from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from constructs import Construct

from stacks import iam
from stacks.event_bus import EventBus
from stacks.rule_target import rule_target
from stacks.service_role import ServiceRole
from stacks.settings import Settings
from stacks.settings.sections import OPENLINEAGE_SOURCE
from stacks.undelivered_queue import UndeliveredQueue


class OpenLineage(Construct):
    """The projector publishes run events; EventBridge sends each to the service, and what it cannot to the undelivered queue.

    The service's API key is in a connection that somebody makes by hand: Terraform would keep it in its state.
    """

    def __init__(self, scope: Construct, id_: str, settings: Settings, *, bus: EventBus, undelivered: UndeliveredQueue) -> None:
        super().__init__(scope, id_)
        name = settings.name("openlineage")
        self.destination = CloudwatchEventApiDestination(
            self,
            "destination",
            name=name,
            description="The service that takes OpenLineage's run events",
            invocation_endpoint=str(settings.openlineage.address),
            http_method="POST",
            invocation_rate_limit_per_second=settings.openlineage.requests_per_second,
            connection_arn=str(settings.openlineage.connection_arn),
        )
        self.rule = CloudwatchEventRule(
            self,
            "rule",
            name=name,
            description="OpenLineage's run events to the service that takes them",
            event_bus_name=bus.bus.name,
            event_pattern=json.dumps({"source": [OPENLINEAGE_SOURCE]}),
        )
        role = ServiceRole(
            self,
            "execution",
            settings,
            name=name,
            service="events.amazonaws.com",
            statements=[iam.allow(["events:InvokeApiDestination"], [self.destination.arn])],
            trusted_when={
                "ArnEquals": {"aws:SourceArn": [self.rule.arn]},
                "StringEquals": {"aws:SourceAccount": settings.account_id},
            },
        )
        rule_target(
            self,
            "target",
            rule=self.rule,
            bus_name=bus.bus.name,
            name="openlineage",
            arn=self.destination.arn,
            undelivered=undelivered,
            role=role,
            input_path="$.detail",  # the run event alone, without the bus's envelope
        )
