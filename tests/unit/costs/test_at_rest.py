"""What a month costs in which nothing is recorded: reckoned by hand, and everything without a price named."""

import json
import re
from typing import Any

import pytest

from costs.assumptions import Assumptions
from costs.at_rest import at_rest
from costs.in_use import in_use
from costs.lines import Line, together
from tests.support.costs import function, round_prices, small_stack


def lines(**resources: Any) -> list[Line]:
    priced, unpriced = at_rest(small_stack(**resources), round_prices(), Assumptions())
    assert unpriced == []
    return priced


def unpriced(**resources: Any) -> list[str]:
    return [str(each) for each in at_rest(small_stack(**resources), round_prices(), Assumptions())[1]]


def dollars(part: str, **resources: Any) -> float:
    return together(line for line in lines(**resources) if line.part == part)


def test_a_month_is_what_alarms_and_schedules_come_to() -> None:
    """730 calls in a month, of a second and of 1 GB each: 0.000146 for calls, 0.0073 for time, logs and traces."""
    called = 730 * (0.2 / 1e6 + 0.00001 + 1000 / 1e9 * 0.5 + 5 / 1e6)
    assert {line.part for line in lines()} == {"alarms", "projector, by schedule"}
    assert together(lines()) == pytest.approx(2 * 0.1 + called)
    assert together(lines()) == pytest.approx(0.2 + 0.000146 + 0.0073 + 0.000365 + 0.00365)


def test_each_alarm_dashboard_and_key_has_its_price() -> None:
    assert dollars("alarms", aws_cloudwatch_metric_alarm={str(number): {} for number in range(38)}) == pytest.approx(3.8)
    assert dollars("dashboard", aws_cloudwatch_dashboard={"one": {}}) == 3
    assert dollars("KMS keys", aws_kms_key={"one": {}, "two": {}}) == 2


def test_more_memory_is_more_time_paid() -> None:
    functions = {"projector_run": function("projector", 3072)}
    by_schedule = [line for line in lines(aws_lambda_function=functions) if line.part == "projector, by schedule"]
    assert {line.price.name: line.amount for line in by_schedule}["lambda.arm64"] == pytest.approx(730 * 3)


def test_a_function_without_tracing_and_on_x86_is_paid_as_such() -> None:
    functions = {"projector_run": function("projector", 1024, architectures=["x86_64"])}
    by_schedule = [line for line in lines(aws_lambda_function=functions) if line.part == "projector, by schedule"]
    assert [line.price.name for line in by_schedule] == ["lambda.request", "lambda.x86_64", "cloudwatch.log_ingestion"]


def test_a_job_that_a_schedule_starts_is_paid_by_its_workers_units_and_time() -> None:
    """Four times on 30.4 days, five minutes, ten workers of two units."""
    job = {"fold": {"worker_type": "G.2X", "number_of_workers": 10}}
    target = {"input": '{"JobName": "${aws_glue_job.fold.name}"}'}
    often = {"often": {"schedule_expression": "rate(6 hours)", "target": target}}
    paid = dollars("job over the log", aws_glue_job=job, aws_scheduler_schedule=often)
    assert paid == pytest.approx(730 / 6 * 5 / 60 * 20 * 0.4)
    assert "job over the log" not in {line.part for line in lines(aws_glue_job=job)}


def test_a_stopped_notebook_costs_its_volume_and_a_running_one_its_hours() -> None:
    notebook = {"one": {"instance_type": "ml.t3.medium", "volume_size": 20}}
    assert dollars("notebook's volume", aws_sagemaker_notebook_instance=notebook) == pytest.approx(2)
    stack = small_stack(aws_sagemaker_notebook_instance=notebook)
    running = [line for line in in_use(stack, round_prices(), Assumptions()) if line.part == "notebook, running"]
    assert together(running) == pytest.approx(730 * 0.05)


def test_metrics_of_aws_are_free_and_those_of_the_functions_are_paid_once() -> None:
    shown = [["training-small", name, "service", "projector"] for name in ("LogAltered", "StatesProjected")]
    body = json.dumps({"widgets": [{"properties": {"metrics": [*shown, ["AWS/Lambda", "Errors"]]}}]})
    stack = small_stack(aws_cloudwatch_dashboard={"one": {"dashboard_body": body}})
    (metrics,) = (line for line in in_use(stack, round_prices(), Assumptions()) if line.part == "metrics of the functions")
    assert metrics.amount == 2


def test_a_resource_of_an_unknown_type_is_named() -> None:
    assert unpriced(aws_nat_gateway={"way_out": {}}) == [
        "aws_nat_gateway.way_out: resources of its type are not in costs/prices.toml"
    ]


@pytest.mark.parametrize(
    ("resources", "why"),
    [
        ({"aws_cloudwatch_event_rule": {"due": {"schedule_expression": "cron(0 3 L * ? *)"}}}, r"rule\.due: how often cron"),
        ({"aws_glue_job": {"fold": {"worker_type": "Z.2X"}}}, r"job\.fold: nobody here knows its worker type Z\.2X"),
        ({"aws_lambda_function": {}}, r"event_rule\.due: its schedule calls something other than a function of the stack"),
        ({"aws_sagemaker_notebook_instance": {"big": {"instance_type": "ml.p4d.24xlarge"}}}, r"big: its instance type ml\.p4d"),
        ({"aws_dynamodb_table": {"log": {"billing_mode": "PROVISIONED"}}}, r"table\.log: its capacity is provisioned"),
    ],
)  # fmt: skip
def test_what_has_no_price_for_another_reason_is_named_with_it(resources: dict[str, Any], why: str) -> None:
    (named,) = unpriced(**resources)
    assert re.search(why, named)
