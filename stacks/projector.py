"""From the log to the read models and seals: the function that follows the log's change stream, and the path for failures."""

from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from cdktf_cdktf_provider_aws.lambda_event_source_mapping import (
    LambdaEventSourceMapping,
    LambdaEventSourceMappingDestinationConfig,
    LambdaEventSourceMappingDestinationConfigOnFailure,
)
from cdktf_cdktf_provider_aws.lambda_permission import LambdaPermission
from constructs import Construct

from stacks import iam, seals
from stacks.data_bucket import DataBucket
from stacks.event_log import EventLog, ReadModels
from stacks.failure_destination import failure_destination
from stacks.packaged_function import PackagedFunction
from stacks.rule_target import rule_target
from stacks.settings import Settings
from stacks.signed_package import Package
from stacks.undelivered_queue import UndeliveredQueue

_HANDLER = "training_events.handlers.projector.handler"
# A read model that is late is better than one that lacks an event. So the age of a record ends the attempts, and not their
# number, which is Lambda's maximum. A change stream keeps a record for 24 hours. After 12 hours a message goes to the queue,
# and for another 12 hours the record can still be read from the stream. https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
_RECORD_AGE_SECONDS, _RETRIES = 12 * 3600, 10_000
_SECONDS_FOR_A_SEAL = 15
# Nothing wakes a stream in which nothing arrives. The shortest time for which a stream waits is a quarter of an hour.
_SCHEDULE = "rate(5 minutes)"
_SCHEDULED_AGE_SECONDS, _SCHEDULED_RETRIES = 300, 2  # by then the next call comes, and does the same


class Projector(Construct):
    """Lambda passes every change of the log to the function, which updates the read models and seals what is due.

    A schedule calls it too, for the streams in which nothing arrives.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        settings: Settings,
        *,
        log: EventLog,
        read_models: ReadModels,
        undelivered: UndeliveredQueue,
        data_bucket: DataBucket,
        package: Package,
    ) -> None:
        super().__init__(scope, id_)
        self.run = PackagedFunction(
            self,
            "run",
            settings,
            name="projector",
            description="Keeps the read models in step with the event log, and seals the streams that are due",
            handler=_HANDLER,
            limits=settings.projector,
            package=package,
            environment={
                "TRAINING_EVENTS_LOG": log.url(read_models),
                "TRAINING_EVENTS_UNDELIVERED": undelivered.queue.url,
                "TRAINING_EVENTS_BUCKET": data_bucket.bucket.bucket,
                "TRAINING_EVENTS_SEAL_MODE": settings.seals.mode,
                "TRAINING_EVENTS_SEAL_DAYS": str(settings.seals.retention_days),
                **_time_budget(settings),
            },
            statements=[
                *_following(log),
                *_projecting(log, read_models),
                *_sealing(data_bucket),
                *undelivered.setting_aside(data_bucket.bucket.arn),
            ],
        )
        self.function = self.run.function
        self._follow(log, settings, undelivered)
        self.schedule = self._seal_on_schedule(settings, undelivered)

    def _follow(self, log: EventLog, settings: Settings, undelivered: UndeliveredQueue) -> None:
        LambdaEventSourceMapping(
            self,
            "change_stream",
            event_source_arn=log.table.stream_arn,
            function_name=self.function.arn,
            starting_position="TRIM_HORIZON",  # from the oldest record, so that events from before this deployment are included
            batch_size=settings.projector.batch_size,
            maximum_batching_window_in_seconds=settings.projector.batching_window_seconds,
            # One invocation at a time for each shard, and all changes of an event stream are in one shard. Otherwise two would
            # fold the same stream at the same time, and one of them would fail its conditional put and start again.
            parallelization_factor=1,
            # The batch comes again from the first record that failed; if the function could not report that, in two halves.
            function_response_types=["ReportBatchItemFailures"],
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=_RETRIES,
            maximum_record_age_in_seconds=_RECORD_AGE_SECONDS,
            destination_config=LambdaEventSourceMappingDestinationConfig(
                on_failure=LambdaEventSourceMappingDestinationConfigOnFailure(destination_arn=undelivered.queue.arn)
            ),
            depends_on=[self.run.role.policy],  # Lambda checks that the role may read the stream and send to the destination
        )

    def _seal_on_schedule(self, settings: Settings, undelivered: UndeliveredQueue) -> CloudwatchEventRule:
        """A rule on the default bus, the only one that has schedules."""
        rule = CloudwatchEventRule(
            self,
            "schedule",
            name=settings.name("seal-due"),
            description="Has the projector seal the streams that are due",
            schedule_expression=_SCHEDULE,
        )
        LambdaPermission(
            self,
            "schedule_permission",
            statement_id="AllowTheSchedule",
            action="lambda:InvokeFunction",
            function_name=self.function.function_name,
            principal="events.amazonaws.com",
            source_arn=rule.arn,
        )
        rule_target(self, "schedule_target", rule=rule, name="projector", arn=self.function.arn, undelivered=undelivered)
        failure_destination(
            self,
            "on_failure",
            run=self.run,
            undelivered=undelivered,
            retries=_SCHEDULED_RETRIES,
            max_age_seconds=_SCHEDULED_AGE_SECONDS,
        )
        return rule


def _time_budget(settings: Settings) -> dict[str, str]:
    """How long a stream may take, and how long an invocation begins with further ones: the last one has to end in time."""
    longest = settings.projector.timeout_seconds
    stream = min(settings.projector.stream_seconds, longest // 2)
    return {
        "TRAINING_EVENTS_STREAM_SECONDS": str(stream),
        "TRAINING_EVENTS_INVOCATION_SECONDS": str(longest - stream - _SECONDS_FOR_A_SEAL),
    }


def _following(log: EventLog) -> list[iam.Statement]:
    """Let Lambda itself poll the change stream with the role."""
    return [
        iam.allow(["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"], [log.table.stream_arn]),
        # This action has no resources that a policy could name: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
        iam.allow(["dynamodb:ListStreams"], ["*"]),
    ]


def _projecting(log: EventLog, read_models: ReadModels) -> list[iam.Statement]:
    """Read the log, one stream at a time, and replace read models. Only an operator who rebuilds may drop them."""
    return [
        iam.allow(["dynamodb:Query"], [log.table.arn, read_models.by_kind_arn]),  # the index: notes of streams that are due
        iam.allow(["dynamodb:GetItem", "dynamodb:PutItem"], [read_models.table.arn]),
    ]


def _sealing(data_bucket: DataBucket) -> list[iam.Statement]:
    """Write seals under Object Lock, and read them back by version. The role cannot shorten a lock or remove a seal."""
    bucket = data_bucket.bucket.arn
    return [
        iam.allow(["s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectRetention"], [f"{bucket}/{seals.PREFIX}/*"]),
        iam.allow(["s3:ListBucketVersions"], [bucket], when={"StringLike": {"s3:prefix": f"{seals.PREFIX}/*"}}),
    ]
