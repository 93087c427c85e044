"""From this environment's bus to that of a central log, perhaps of another account: a rule, a role, a second target."""

import json

from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from constructs import Construct

from stacks import iam
from stacks.event_bus import EventBus
from stacks.forwarding import Forwarding
from stacks.rule_target import rule_target
from stacks.service_role import ServiceRole
from stacks.settings import Settings
from stacks.undelivered_queue import UndeliveredQueue

_TARGET = "central-bus"
"""`training_events/recovery/recording_rules.py` finds the central bus by it."""


class CentralBus(Construct):
    """Everything that this environment's bus records goes to the central bus, too.

    EventBridge hands an event from one bus to another only once, so AWS's own events cannot come through this bus: the rules on
    the default bus have the central bus as a second target.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-bus-to-bus.html
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        settings: Settings,
        *,
        bus: EventBus,
        forwarding: Forwarding,
        undelivered: UndeliveredQueue,
    ) -> None:
        super().__init__(scope, id_)
        central = str(settings.events.forward_to_bus_arn)
        name = settings.name("forward-central")
        self.rule = CloudwatchEventRule(
            self,
            "rule",
            name=name,
            description="Training events to the bus of the central log",
            event_bus_name=bus.bus.name,
            event_pattern=json.dumps({"source": list(settings.recorded_sources)}),
        )
        role = ServiceRole(
            self,
            "execution",
            settings,
            name=name,
            service="events.amazonaws.com",
            statements=[iam.allow(["events:PutEvents"], [central])],
            trusted_when={
                "ArnEquals": {"aws:SourceArn": [rule.arn for rule in (self.rule, *forwarding.rules)]},
                "StringEquals": {"aws:SourceAccount": settings.account_id},
            },
        )
        for id_of_target, rule, bus_name in (
            ("target", self.rule, bus.bus.name),
            *((f"{rule.node.id}_target", rule, None) for rule in forwarding.rules),
        ):
            rule_target(
                self,
                id_of_target,
                rule=rule,
                bus_name=bus_name,
                name=_TARGET,
                arn=central,
                undelivered=undelivered,
                role=role,
            )
