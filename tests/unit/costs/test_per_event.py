"""What a million events cost, reckoned by hand for both bounds, and what changes it."""

from dataclasses import replace
from typing import Any

import pytest

from costs.assumptions import Assumptions
from costs.keeping import keeping
from costs.lines import Range, together
from costs.per_event import per_million_events
from costs.stack import Stack
from tests.support.costs import function, round_prices, small_stack

MILLION = 1_000_000


def parts(stack: Stack, **assumed: Any) -> dict[str, tuple[float, float]]:
    """The dollars of each part, for both bounds."""
    found: dict[str, tuple[float, float]] = {}
    for line in lines(stack, **assumed):
        busy, alone = found.get(line.part, (0.0, 0.0))
        found[line.part] = (busy + line.busy_dollars, alone + line.alone_dollars)
    return found


def lines(stack: Stack, **assumed: Any) -> list[Range]:
    return list(per_million_events(stack, round_prices(), replace(Assumptions(), **assumed)))


def with_notary(batch_size: int = 980) -> Stack:
    return small_stack(
        aws_lambda_function={"notary_run": function("notary", 512)},
        aws_lambda_event_source_mapping={
            "changes": {"function_name": "${aws_lambda_function.notary_run.arn}", "batch_size": batch_size}
        },
        aws_dynamodb_table={"notary_table": {"point_in_time_recovery": {"enabled": True}}},
    )


def test_a_million_events_cost_what_they_do_by_hand() -> None:
    """Of 1,000 bytes. A batch has up to 100 events, of ten streams; a read model is 4 KB and a row of the index 1 KB."""
    found = parts(small_stack(), streams_in_a_batch=10, read_model_bytes=4096, summary_bytes=1024)
    assert found["event bus"] == pytest.approx((1, 1))
    # A million calls; 20 ms of half a GB each; a GB of logs; no traces, as the function has no tracing.
    assert found["event processor"] == pytest.approx((0.2 + 0.1 + 0.5,) * 2)
    assert found["event log"] == pytest.approx((0.5, 0.5))
    # 10,000 calls of half a second and 1 GB, one in twenty traced; or a million of 50 ms, each traced.
    assert found["projector"] == pytest.approx((0.002 + 0.05 + 0.005 + 0.0025, 0.2 + 0.5 + 0.5 + 5))
    # Ten times in a batch, or each time: two reads, four writes to the table, one to its index.
    assert found["read models"] == pytest.approx((0.1 * (2 * 0.125 + 5 * 0.5), 2 * 0.125 + 5 * 0.5))
    assert found["seals"] == pytest.approx((1000 / 4096 * 0.125 + 0.005,) * 2)
    assert found.keys() == {"event bus", "event processor", "event log", "projector", "read models", "seals"}


def test_leaves_cost_two_and_a_half_write_units_in_full_transactions_and_six_alone() -> None:
    found = {(line.part, line.price.name): line for line in lines(with_notary())}
    leaves = found["leaves", "dynamodb.write"]
    assert leaves.busy == pytest.approx(MILLION * (98 + 24 + 1) * 2 / 98)
    assert leaves.alone == 6 * MILLION
    assert found["notary", "lambda.arm64"].busy == pytest.approx(MILLION / 980 * 10 * 0.3 * 0.5)
    assert found["notary", "lambda.arm64"].alone == pytest.approx(MILLION * 0.3 * 0.5)
    assert found["tiles", "s3.put"].busy == 2 * MILLION / 256 + 16


def test_what_is_left_of_a_batch_is_a_transaction_of_its_own() -> None:
    """100 events: one transaction of 98 and one of two, twice 98 + 24 + 1 units and twice 2 + 1 + 1."""
    (leaves,) = (line for line in lines(with_notary(batch_size=100)) if line.part == "leaves")
    assert leaves.busy == pytest.approx(MILLION / 100 * (246 + 8))


@pytest.mark.parametrize(("size", "bus", "log"), [(1024, 1, 1), (1025, 1, 2), (65_536, 1, 64), (65_537, 2, 65)])
def test_a_larger_event_is_paid_by_64_kb_on_the_bus_and_by_kb_in_the_log(size: int, bus: int, log: int) -> None:
    found = parts(small_stack(), event_bytes=size)
    assert found["event bus"] == pytest.approx((bus, bus))
    assert found["event log"] == pytest.approx((0.5 * log, 0.5 * log))


def test_a_larger_batch_costs_less_and_never_more_than_an_event_by_itself() -> None:
    def busy(batch_size: int) -> float:
        mapping = {"function_name": "${aws_lambda_function.projector_run.arn}", "batch_size": batch_size}
        found = lines(small_stack(aws_lambda_event_source_mapping={"stream": mapping}))
        assert all(line.busy <= line.alone * 1.0001 for line in found)
        return sum(line.busy_dollars for line in found)

    assert busy(1000) < busy(100) < busy(10) < busy(1)


def test_an_archive_and_a_destination_are_paid_where_they_are() -> None:
    with_both = small_stack(aws_cloudwatch_event_archive={"one": {}}, aws_cloudwatch_event_api_destination={"one": {}})
    found = parts(with_both)
    assert found["archive"] == pytest.approx((0.1, 0.1))
    # 2,000 events, for the start and the end of 1,000 runs.
    assert found["run events"] == pytest.approx((0.002 + 0.0004,) * 2)


def test_keeping_events_is_paid_by_gb_with_point_in_time_recovery_where_it_is_on() -> None:
    def kept(stack: Stack) -> float:
        return together(line for line in keeping(stack, round_prices(), Assumptions()) if line.part == "event log")

    assert kept(small_stack()) == pytest.approx(0.25 + 0.2)
    another = {"point_in_time_recovery": {"enabled": True}}
    assert kept(small_stack(aws_dynamodb_table={"event_log_table": {}, "read_models_table": another})) == pytest.approx(0.25)
    leaves = [line for line in keeping(with_notary(), round_prices(), Assumptions()) if line.part in {"leaves", "tiles"}]
    assert together(leaves) == pytest.approx(0.7 * 0.45 + 0.3 * 0.02)
