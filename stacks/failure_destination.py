"""Where an event goes that reached a function and failed in it: after some attempts, into the undelivered queue."""

from cdktf_cdktf_provider_aws.lambda_function_event_invoke_config import (
    LambdaFunctionEventInvokeConfig,
    LambdaFunctionEventInvokeConfigDestinationConfig,
    LambdaFunctionEventInvokeConfigDestinationConfigOnFailure,
)
from constructs import Construct

from stacks.packaged_function import PackagedFunction
from stacks.undelivered_queue import UndeliveredQueue


def failure_destination(
    scope: Construct, id_: str, *, run: PackagedFunction, undelivered: UndeliveredQueue, retries: int, max_age_seconds: int
) -> LambdaFunctionEventInvokeConfig:
    """For asynchronous invocations alone: those of EventBridge. A change stream has its own path for failures."""
    return LambdaFunctionEventInvokeConfig(
        scope,
        id_,
        function_name=run.function.function_name,
        maximum_retry_attempts=retries,
        maximum_event_age_in_seconds=max_age_seconds,
        destination_config=LambdaFunctionEventInvokeConfigDestinationConfig(
            on_failure=LambdaFunctionEventInvokeConfigDestinationConfigOnFailure(destination=undelivered.queue.arn)
        ),
        depends_on=[run.role.policy],  # Lambda checks that the role may send to the destination
    )
