"""What calls of a function come to: the calls themselves, their time, their log lines and their traces."""

from collections.abc import Mapping

from costs.assumptions import Assumptions
from costs.stack import Function


def amounts(
    function: Function, calls: float, seconds: float, assumed: Assumptions, *, traced_share: float = 1
) -> Mapping[str, float]:
    """How much of each price so many calls take. `seconds` is the length of one.

    X-Ray traces the first call of a second, and one in twenty of the others:
    https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
    """
    return {
        "lambda.request": calls,
        f"lambda.{function.architecture}": calls * seconds * function.gigabytes,
        "cloudwatch.log_ingestion": calls * assumed.log_bytes / 1e9,
        **({"xray.traces": calls * traced_share} if function.is_traced else {}),
    }
