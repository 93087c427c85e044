"""What a month costs in which nothing is recorded and the notebook is stopped; and which resources have no price."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from costs import calls, glue
from costs.assumptions import Assumptions
from costs.lines import Line
from costs.prices import Prices
from costs.schedules import calls_a_month
from costs.stack import Arguments, Stack

_COUNTED = {
    "aws_cloudwatch_dashboard": ("dashboard", "cloudwatch.dashboard"),
    "aws_cloudwatch_metric_alarm": ("alarms", "cloudwatch.alarm"),
    "aws_kms_key": ("KMS keys", "kms.key"),
}
"""A line for all resources of a type, each at one price."""


@dataclass(frozen=True)
class Unpriced:
    """A resource whose costs nobody here knows."""

    address: str
    why: str

    def __str__(self) -> str:
        return f"{self.address}: {self.why}"


def at_rest(stack: Stack, prices: Prices, assumed: Assumptions) -> tuple[list[Line], list[Unpriced]]:
    """The lines of a month, and the resources that could not be priced."""
    found = list(_all(stack, prices, assumed))
    return [each for each in found if isinstance(each, Line)], [each for each in found if isinstance(each, Unpriced)]


def _all(stack: Stack, prices: Prices, assumed: Assumptions) -> Iterator[Line | Unpriced]:
    for kind, (part, price) in _COUNTED.items():
        if count := len(stack.all(kind)):
            yield Line(part, prices[price], count)
    for kind, priced in _PRICED.items():
        for name, values in stack.all(kind).items():
            yield from priced(f"{kind}.{name}", values, stack, prices, assumed)
    known = _COUNTED.keys() | _PRICED.keys() | prices.free.keys() | prices.by_use.keys()
    for kind in sorted(stack.resources.keys() - known):
        for name in stack.all(kind):
            yield Unpriced(f"{kind}.{name}", "resources of its type are not in costs/prices.toml")


def _notebook(
    address: str, values: Arguments, _stack: Stack, prices: Prices, _assumed: Assumptions
) -> Iterator[Line | Unpriced]:
    yield Line("notebook's volume", prices["sagemaker.volume"], values.get("volume_size", 5))  # 5 GB is AWS's default
    if f"sagemaker.{values['instance_type']}" not in prices.prices:
        yield Unpriced(address, f"its instance type {values['instance_type']} is not in costs/prices.toml")


def _rule(address: str, values: Arguments, stack: Stack, prices: Prices, assumed: Assumptions) -> Iterator[Line | Unpriced]:
    """Only a schedule does something by itself. EventBridge asks nothing for it, but Lambda does for the calls."""
    if "schedule_expression" not in values:
        return
    count = calls_a_month(values["schedule_expression"])
    if count is None:
        yield Unpriced(address, f"how often {values['schedule_expression']} calls is not known")
        return
    for target in stack.all("aws_cloudwatch_event_target").values():
        if target["rule"] != f"${{{address}.name}}":
            continue
        function = stack.referred_function(target["arn"])
        if function is None:
            yield Unpriced(address, "its schedule calls something other than a function of the stack")
            continue
        for price, amount in calls.amounts(function, count, assumed.schedule_seconds, assumed).items():
            yield Line(f"{function.title}, by schedule", prices[price], amount)


def _table(address: str, values: Arguments, _stack: Stack, _prices: Prices, _assumed: Assumptions) -> Iterator[Unpriced]:
    if values.get("billing_mode") != "PAY_PER_REQUEST":
        yield Unpriced(address, "its capacity is provisioned: only a table that is paid by request has prices here")


def _glue_job(address: str, values: Arguments, stack: Stack, prices: Prices, assumed: Assumptions) -> Iterator[Line | Unpriced]:
    hours = glue.unit_hours_a_month(address.partition(".")[2], values, stack, assumed)
    if isinstance(hours, str):
        yield Unpriced(address, hours)
    elif hours:
        yield Line("job over the log", prices["glue.unit_hour"], hours)


_PRICED: Mapping[str, Callable[[str, Arguments, Stack, Prices, Assumptions], Iterator[Line | Unpriced]]] = {
    "aws_sagemaker_notebook_instance": _notebook,
    "aws_cloudwatch_event_rule": _rule,
    "aws_dynamodb_table": _table,
    "aws_glue_job": _glue_job,
}
"""Whose price is in its arguments."""
