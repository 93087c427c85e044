"""A schedule that calls a function: the rule, its target, and where a call goes that failed."""

from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from constructs import Construct

from stacks.failure_destination import failure_destination
from stacks.function_target import function_target
from stacks.packaged_function import PackagedFunction
from stacks.undelivered_queue import UndeliveredQueue

_MAX_AGE_SECONDS, _RETRIES = 300, 2  # the next call comes soon, and does the same


def call_every(
    scope: Construct,
    minutes: int,
    *,
    name: str,
    description: str,
    target: str,
    run: PackagedFunction,
    undelivered: UndeliveredQueue,
) -> CloudwatchEventRule:
    """A rule on the default bus, the only one that has schedules. `target` names the function among the rule's targets."""
    rule = CloudwatchEventRule(
        scope,
        "schedule",
        name=name,
        description=description,
        schedule_expression=f"rate({minutes} minute{'' if minutes == 1 else 's'})",
    )
    function_target(
        scope,
        "schedule_",
        rule=rule,
        name=target,
        run=run,
        statement_id="AllowTheSchedule",
        undelivered=undelivered,
    )
    failure_destination(
        scope, "on_failure", run=run, undelivered=undelivered, retries=_RETRIES, max_age_seconds=_MAX_AGE_SECONDS
    )
    return rule
