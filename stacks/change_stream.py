"""The log's change stream, handed to a function by Lambda. A stream serves two readers well: the projector and the notary.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html ("no more than two processes at most")
"""

from cdktf_cdktf_provider_aws.lambda_event_source_mapping import (
    LambdaEventSourceMapping,
    LambdaEventSourceMappingDestinationConfig,
    LambdaEventSourceMappingDestinationConfigOnFailure,
)
from constructs import Construct

from stacks import iam
from stacks.event_log import EventLog
from stacks.packaged_function import PackagedFunction
from stacks.undelivered_queue import UndeliveredQueue

# What is late is better than what is missing. So the age of a record ends the attempts, and not their number, which is Lambda's
# maximum. https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
_RETRIES = 10_000


def follow(
    scope: Construct,
    id_: str,
    *,
    log: EventLog,
    run: PackagedFunction,
    undelivered: UndeliveredQueue,
    batch_size: int,
    batching_window_seconds: int,
    max_age_hours: int,
) -> LambdaEventSourceMapping:
    """Have Lambda hand every change of the log to the function. The stream keeps a record for 24 hours. After `max_age_hours`
    Lambda gives it up, and a message goes to the queue.
    """
    return LambdaEventSourceMapping(
        scope,
        id_,
        event_source_arn=log.table.stream_arn,
        function_name=run.function.arn,
        starting_position="TRIM_HORIZON",  # from the oldest record, so that events from before this deployment are included
        batch_size=batch_size,
        maximum_batching_window_in_seconds=batching_window_seconds,
        # One invocation at a time for each shard, and all changes of an event stream are in one shard. Otherwise two would
        # work on the same stream at the same time, and one of them would fail its conditional put and start again.
        parallelization_factor=1,
        # The batch comes again from the first record that failed; if the function could not report that, in two halves.
        function_response_types=["ReportBatchItemFailures"],
        bisect_batch_on_function_error=True,
        maximum_retry_attempts=_RETRIES,
        maximum_record_age_in_seconds=max_age_hours * 3600,
        destination_config=LambdaEventSourceMappingDestinationConfig(
            on_failure=LambdaEventSourceMappingDestinationConfigOnFailure(destination_arn=undelivered.queue.arn)
        ),
        depends_on=[run.role.policy],  # Lambda checks that the role may read the stream and send to the destination
    )


def following(log: EventLog) -> list[iam.Statement]:
    """Let Lambda itself poll the change stream with the role."""
    return [
        iam.allow(["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"], [log.table.stream_arn]),
        # This action has no resources that a policy could name: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
        iam.allow(["dynamodb:ListStreams"], ["*"]),
    ]
