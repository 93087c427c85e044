"""From the log to the read models and seals: the function that follows the log's change stream, and the path for failures."""

from constructs import Construct

from stacks import change_stream, iam
from stacks.data_bucket import DataBucket
from stacks.event_bus import EventBus
from stacks.event_log import EventLog, ReadModels
from stacks.locked_objects import SEALS
from stacks.packaged_function import PackagedFunction
from stacks.schedule import call_every
from stacks.settings import Settings
from stacks.signed_package import Package
from stacks.undelivered_queue import UndeliveredQueue

_HANDLER = "training_events.handlers.projector.handler"
# For another 12 hours the record can still be read from the stream, to send it again.
_MAX_AGE_HOURS = 12
_SECONDS_FOR_A_SEAL = 15
_SECONDS_FOR_RUN_EVENTS = 40  # RUN_EVENT_SECONDS and SPARE_MILLISECONDS of the handler
# Nothing wakes a stream in which nothing arrives. The shortest time for which a stream waits is a quarter of an hour.
_SCHEDULE_MINUTES = 5


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
        run_events_to: EventBus | None,
    ) -> None:
        """`run_events_to` is the bus that OpenLineage's run events are published to, None for none."""
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
                **_run_events(run_events_to, settings),
            },
            statements=[
                *change_stream.following(log),
                *_projecting(log, read_models),
                *_sealing(data_bucket),
                *undelivered.setting_aside(data_bucket.bucket.arn),
                *([] if run_events_to is None else [iam.allow(["events:PutEvents"], [run_events_to.bus.arn])]),
            ],
        )
        self.function = self.run.function
        change_stream.follow(
            self,
            "change_stream",
            log=log,
            run=self.run,
            undelivered=undelivered,
            batch_size=settings.projector.batch_size,
            batching_window_seconds=settings.projector.batching_window_seconds,
            max_age_hours=_MAX_AGE_HOURS,
        )
        self.schedule = call_every(
            self,
            _SCHEDULE_MINUTES,
            name=settings.name("seal-due"),
            description="Has the projector seal the streams that are due",
            target="projector",
            run=self.run,
            undelivered=undelivered,
        )


def _time_budget(settings: Settings) -> dict[str, str]:
    """How long a stream may take, and how long an invocation begins with further ones: the last one has to end in time."""
    longest = settings.projector.timeout_seconds
    stream = min(settings.projector.stream_seconds, longest // 2)
    after = _SECONDS_FOR_A_SEAL + (_SECONDS_FOR_RUN_EVENTS if settings.openlineage.endpoint else 0)
    return {
        "TRAINING_EVENTS_STREAM_SECONDS": str(stream),
        "TRAINING_EVENTS_INVOCATION_SECONDS": str(longest - stream - after),
    }


def _run_events(bus: EventBus | None, settings: Settings) -> dict[str, str]:
    """The bus, and the source of the events, which names the jobs as it does in an export."""
    if bus is None:
        return {}
    return {"TRAINING_EVENTS_OPENLINEAGE_BUS": bus.bus.arn, "TRAINING_EVENTS_SOURCE": settings.events.sources[0]}


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
        iam.allow(["s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectRetention"], [f"{bucket}/{SEALS.prefix}/*"]),
        iam.allow(["s3:ListBucketVersions"], [bucket], when={"StringLike": {"s3:prefix": f"{SEALS.prefix}/*"}}),
    ]
