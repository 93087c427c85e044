"""What a million events cost for each month in which they are kept."""

from collections.abc import Iterator

from costs.assumptions import Assumptions
from costs.lines import Line
from costs.per_event import EVENTS
from costs.prices import Prices
from costs.stack import Stack

LEAF_GB, TILE_GB = 0.7, 0.3
"""A million leaves in the notary's table, and in S3: `docs/operate/checkpoints.md`."""


def keeping(stack: Stack, prices: Prices, assumed: Assumptions) -> Iterator[Line]:
    """The lines of one month. Read models are left out: they grow with runs, and not with events."""
    size = EVENTS * assumed.event_bytes / 1e9
    yield from _in_a_table("event log", stack, prices, "event_log", size)
    if stack.all("aws_cloudwatch_event_archive"):
        yield Line("archive", prices["eventbridge.archive_storage"], size)
    if stack.function("notary"):
        yield from _in_a_table("leaves", stack, prices, "notary", LEAF_GB)
        yield Line("tiles", prices["s3.storage"], TILE_GB)
    yield Line("event processor's logs", prices["cloudwatch.log_storage"], EVENTS * assumed.log_bytes / 1e9)


def _in_a_table(part: str, stack: Stack, prices: Prices, construct: str, gigabytes: float) -> Iterator[Line]:
    yield Line(part, prices["dynamodb.storage"], gigabytes)
    for name, values in stack.all("aws_dynamodb_table").items():
        if name.startswith(construct) and values.get("point_in_time_recovery", {}).get("enabled"):
            yield Line(part, prices["dynamodb.point_in_time_recovery"], gigabytes)
