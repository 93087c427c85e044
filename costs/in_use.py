"""What a month of use adds, however many events there are: an upper bound."""

import json
from collections.abc import Iterator

from costs.assumptions import Assumptions
from costs.lines import Line
from costs.prices import Prices
from costs.schedules import HOURS, calls_a_month
from costs.stack import Stack


def in_use(stack: Stack, prices: Prices, assumed: Assumptions) -> Iterator[Line]:
    """The lines of such a month, beside those at rest."""
    for values in stack.all("aws_sagemaker_notebook_instance").values():
        if (name := f"sagemaker.{values['instance_type']}") in prices.prices:
            yield Line("notebook, running", prices[name], HOURS)
    if metrics := len(_own_metrics(stack)):
        yield Line("metrics of the functions", prices["cloudwatch.metric"], metrics)
    yield from _checkpoints(stack, prices, assumed)


def _checkpoints(stack: Stack, prices: Prices, assumed: Assumptions) -> Iterator[Line]:
    """Each call of the notary's schedule signs a checkpoint if something was recorded since the last one."""
    for target in stack.all("aws_cloudwatch_event_target").values():
        function = stack.referred_function(target["arn"])
        _, _, rule = stack.referred(target["rule"])
        count = calls_a_month(rule.get("schedule_expression", ""))
        if count and function and function.role == "notary":
            yield Line("checkpoints", prices["kms.signature"], count)
            yield Line("checkpoints", prices["s3.put"], count * assumed.checkpoint_objects)


def _own_metrics(stack: Stack) -> set[tuple[str, ...]]:
    """The metrics that the functions send themselves, as far as an alarm or the dashboard shows them. AWS's own are free."""
    shown = {
        tuple(metric)
        for dashboard in stack.all("aws_cloudwatch_dashboard").values()
        for widget in json.loads(dashboard["dashboard_body"])["widgets"]
        for metric in widget["properties"].get("metrics", [])
    }
    watched = {
        (alarm["namespace"], alarm["metric_name"], *(part for pair in alarm["dimensions"].items() for part in pair))
        for alarm in stack.all("aws_cloudwatch_metric_alarm").values()
    }
    return {metric for metric in shown | watched if not metric[0].startswith("AWS/")}
