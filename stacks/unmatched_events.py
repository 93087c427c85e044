"""What no rule of the bus takes: a rule of its own puts it into the undelivered queue, with the reason `no_rule`."""

import json

from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from cdktf_cdktf_provider_aws.cloudwatch_event_target import CloudwatchEventTargetInputTransformer
from constructs import Construct

from stacks.event_bus import EventBus
from stacks.rule_target import rule_target
from stacks.settings import Settings
from stacks.settings.sections import AWS_SOURCES, OPENLINEAGE_SOURCE
from stacks.undelivered_queue import UndeliveredQueue


class UnmatchedEvents(Construct):
    """EventBridge forgets an event that matches no rule, and answers its publisher that all is well. This rule matches it."""

    def __init__(self, scope: Construct, id_: str, settings: Settings, *, bus: EventBus, undelivered: UndeliveredQueue) -> None:
        super().__init__(scope, id_)
        name = settings.name("no-rule")
        self.rule = CloudwatchEventRule(
            self,
            "rule",
            name=name,
            description="Events that no other rule takes to the undelivered queue",
            event_bus_name=bus.bus.name,
            event_pattern=json.dumps(_all_but_what_is_taken(settings)),
        )
        rule_target(
            self,
            "target",
            rule=self.rule,
            bus_name=bus.bus.name,
            name="undelivered",
            arn=undelivered.queue.arn,
            undelivered=undelivered,
            input_transformer=CloudwatchEventTargetInputTransformer(input_template=_message(name)),
        )


def _all_but_what_is_taken(settings: Settings) -> dict[str, object]:
    """The opposite of the patterns of the event processor's two rules, and of that for run events where there is one.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
    """
    taken = [*settings.recorded_sources, *AWS_SOURCES, *([OPENLINEAGE_SOURCE] if settings.openlineage.endpoint else [])]
    return {
        "$or": [
            {"source": [{"anything-but": taken}]},
            {"source": list(AWS_SOURCES), "account": [{"anything-but": settings.recorded_accounts}]},
        ]
    }


def _message(rule: str) -> str:
    """The template of a message in the form in which a function sets an event aside.

    It takes nothing out of the event into a text: EventBridge would not escape it there.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
    """
    note = {
        "reason": "no_rule",
        "explanation": "no rule of the bus takes events of this source: the setting events.sources has to name it",
        "set_aside_by": rule,
    }
    return f'{json.dumps(note)[:-1]}, "set_aside_at": <aws.events.event.ingestion-time>, "original": <aws.events.event.json>}}'
