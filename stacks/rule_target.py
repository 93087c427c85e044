"""A rule's target: EventBridge retries as long as it can, and then puts the event into the undelivered queue."""

from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from cdktf_cdktf_provider_aws.cloudwatch_event_target import (
    CloudwatchEventTarget,
    CloudwatchEventTargetDeadLetterConfig,
    CloudwatchEventTargetInputTransformer,
    CloudwatchEventTargetRetryPolicy,
)
from constructs import Construct

from stacks.service_role import ServiceRole
from stacks.undelivered_queue import UndeliveredQueue

# EventBridge's maximum, so that an event is given up as late as possible: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
_SECONDS, _ATTEMPTS = 24 * 3600, 185


def rule_target(
    scope: Construct,
    id_: str,
    *,
    rule: CloudwatchEventRule,
    bus_name: str | None = None,
    name: str,
    arn: str,
    undelivered: UndeliveredQueue,
    role: ServiceRole | None = None,
    input_transformer: CloudwatchEventTargetInputTransformer | None = None,
    input_path: str | None = None,
) -> CloudwatchEventTarget:
    """`bus_name` is the name of the rule's bus, None for the account's default bus. Only a function and a queue need no role.

    `input_transformer` makes another text of the event, `input_path` takes a part of it; else the target gets it as it is.
    """
    return CloudwatchEventTarget(
        scope,
        id_,
        rule=rule.name,
        event_bus_name=bus_name,
        target_id=name,
        arn=arn,
        role_arn=None if role is None else role.role.arn,
        retry_policy=CloudwatchEventTargetRetryPolicy(maximum_event_age_in_seconds=_SECONDS, maximum_retry_attempts=_ATTEMPTS),
        input_transformer=input_transformer,
        input_path=input_path,
        # For events with which EventBridge could not reach the target.
        dead_letter_config=CloudwatchEventTargetDeadLetterConfig(arn=undelivered.queue.arn),
        depends_on=None if role is None else [role.policy],  # the first event may come at once
    )
