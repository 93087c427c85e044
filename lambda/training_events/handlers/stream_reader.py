"""What the readers of the log's change stream have in common: who calls them, and how a call ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from aws_lambda_powertools.metrics import MetricUnit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_lambda_powertools.logging import Logger
    from aws_lambda_powertools.metrics import Metrics
    from aws_lambda_powertools.utilities.typing import LambdaContext


class Failure(TypedDict):
    itemIdentifier: str


class Response(TypedDict):
    """The answer to Lambda: which records failed. Lambda delivers again from the first of them on."""

    batchItemFailures: list[Failure]


SCHEDULED = "aws.events"
"""The source of what a schedule sends: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html"""
SPARE_MILLISECONDS = 30_000
"""A scheduled call begins nothing more when it has less time than this: the next call goes on."""


def end_of_call(
    done: str, counts: Mapping[str, int], failed: Sequence[str], *, context: LambdaContext, logger: Logger, metrics: Metrics
) -> Response:
    """Send the counts as metrics, log one line that says what was done, and name to Lambda the records that failed."""
    for name, count in counts.items():
        metrics.add_metric(name, MetricUnit.Count, count)
    if counts:
        metrics.flush_metrics()
    logger.info(done, extra={"request_id": context.aws_request_id, **counts, "failed": len(failed)})
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
