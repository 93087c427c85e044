"""A rule's target that is a function: the target, and the permission for EventBridge to invoke it."""

from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from cdktf_cdktf_provider_aws.lambda_permission import LambdaPermission
from constructs import Construct

from stacks.packaged_function import PackagedFunction
from stacks.rule_target import rule_target
from stacks.undelivered_queue import UndeliveredQueue


def function_target(
    scope: Construct,
    prefix: str,
    *,
    rule: CloudwatchEventRule,
    bus_name: str | None = None,
    name: str,
    run: PackagedFunction,
    statement_id: str,
    undelivered: UndeliveredQueue,
) -> None:
    """`prefix` begins the ids of both resources. `bus_name` is the name of the rule's bus, None for the default bus."""
    LambdaPermission(
        scope,
        f"{prefix}permission",
        statement_id=statement_id,
        action="lambda:InvokeFunction",
        function_name=run.function.function_name,
        principal="events.amazonaws.com",
        source_arn=rule.arn,  # not the bus's ARN: that never matches, and events would be lost without an error
    )
    rule_target(
        scope, f"{prefix}target", rule=rule, bus_name=bus_name, name=name, arn=run.function.arn, undelivered=undelivered
    )
