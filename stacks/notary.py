"""The notary: a second reader of the log's change stream. It takes a leaf for each event, and signs checkpoints of all leaves.

What it writes, nobody else may write: its table, its prefix in the bucket, and its signatures.
"""

from constructs import Construct

from stacks import change_stream, iam
from stacks.checkpoint_keys import CheckpointKeys
from stacks.data_bucket import DataBucket
from stacks.event_log import EventLog, ReadModels
from stacks.locked_objects import CHECKPOINTS
from stacks.packaged_function import PackagedFunction
from stacks.schedule import call_every
from stacks.settings import Settings
from stacks.signed_package import Package
from stacks.table import Denied, accept_only_from, text_keyed_table
from stacks.undelivered_queue import UndeliveredQueue

_HANDLER = "training_events.handlers.notary.handler"
_ROLE = "notary"
# One transaction takes 98 events, as DynamoDB allows 100 items, so this is ten of them. A leaf may be some seconds late: what
# counts is that few transactions take many.
_BATCH_SIZE, _BATCHING_WINDOW_SECONDS = 980, 10
# Nothing is sent again to a notary. It catches up from the log by itself if it was down for 20 hours, so that until then no
# record may be given up.
_MAX_AGE_HOURS = 23

# A table of leaves, in which only the head is ever replaced. TransactWriteItems needs the rights of the items in it.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
_WRITING = ("dynamodb:PutItem", "dynamodb:UpdateItem")
_REMOVING = (
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PartiQLDelete",
    "dynamodb:UpdateTimeToLive",
)


class Notary(Construct):
    """Its table, its keys, its function. Lambda hands it every change of the log, and a schedule has it sign a checkpoint."""

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
        self.keys = CheckpointKeys(self, "keys", settings, signer=_ROLE)
        self.table = text_keyed_table(self, "table", settings, name=settings.name("notary"), keys=("stream", "position"))
        own_bucket = settings.checkpoints.bucket
        self._has_own_bucket = own_bucket is not None
        self._bucket = own_bucket or data_bucket.bucket.bucket
        self._bucket_arn = f"arn:{settings.partition}:s3:::{own_bucket}" if own_bucket else data_bucket.bucket.arn
        self.address = log.url(read_models, self.table)
        self.run = PackagedFunction(
            self,
            "run",
            settings,
            name=_ROLE,
            description="Takes every event of the log into one tree, and signs checkpoints of it",
            handler=_HANDLER,
            limits=settings.notary,
            package=package,
            environment={
                "TRAINING_EVENTS_LOG": self.address,
                "TRAINING_EVENTS_UNDELIVERED": undelivered.queue.url,
                "TRAINING_EVENTS_BUCKET": data_bucket.bucket.bucket,
                "TRAINING_EVENTS_NOTARY_BUCKET": self._bucket,
                "TRAINING_EVENTS_CHECKPOINT_KEYS": ",".join(self.keys.arns),
                "TRAINING_EVENTS_SEAL_MODE": settings.seals.mode,
                "TRAINING_EVENTS_SEAL_DAYS": str(settings.seals.retention_days),
            },
            statements=[
                *change_stream.following(log),
                # The whole log, for what the stream no longer has, and single streams, for an attestation.
                iam.allow(["dynamodb:Query", "dynamodb:Scan"], [log.table.arn]),
                iam.allow(["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", *_WRITING], [self.table.arn]),
                *self._publishing(),
                self.keys.signing(),
                iam.allow(["sqs:SendMessage"], [undelivered.queue.arn]),  # Lambda sends with the role what the function failed
            ],
        )
        self.function = self.run.function
        self._accept_only_from(self.run.role.role.arn)
        change_stream.follow(
            self,
            "change_stream",
            log=log,
            run=self.run,
            undelivered=undelivered,
            batch_size=_BATCH_SIZE,
            batching_window_seconds=_BATCHING_WINDOW_SECONDS,
            max_age_hours=_MAX_AGE_HOURS,
        )
        self.schedule = call_every(
            self,
            settings.checkpoints.interval_minutes,
            name=settings.name("checkpoint"),
            description="Has the notary sign a checkpoint of what was recorded",
            target="notary",
            run=self.run,
            undelivered=undelivered,
        )

    def variables(self) -> dict[str, str]:
        """What a reader of the log has in its environment, so that it finds the tree, and whom to ask for provenance."""
        bucket = {"TRAINING_EVENTS_NOTARY_BUCKET": self._bucket} if self._has_own_bucket else {}
        return {"TRAINING_EVENTS_LOG": self.address, "TRAINING_EVENTS_NOTARY": self.function.function_name, **bucket}

    @property
    def tree_bucket(self) -> str:
        """The name of the bucket with the tree."""
        return self._bucket

    def reading(self) -> list[iam.Statement]:
        """For a reader of the log and the data bucket: where a stream's leaves are, and the tree if it is in another bucket."""
        places = iam.allow(["dynamodb:GetItem", "dynamodb:Query"], [self.table.arn])
        if not self._has_own_bucket:
            return [places]
        return [places, *self.reading_the_tree()]

    def _publishing(self) -> list[iam.Statement]:
        """Write tiles and checkpoints under Object Lock. The role cannot shorten a lock or remove an object."""
        writing = iam.allow(["s3:PutObject", "s3:PutObjectRetention"], [f"{self._bucket_arn}/{CHECKPOINTS.prefix}/*"])
        return [writing, *self.reading_the_tree()]

    def reading_the_tree(self) -> list[iam.Statement]:
        """By version, as another one may be put over it."""
        return [
            iam.allow(["s3:GetObject", "s3:GetObjectVersion"], [f"{self._bucket_arn}/{CHECKPOINTS.prefix}/*"]),
            # ListBucket so that S3 says of an object that it is not there: otherwise it denies it.
            # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
            iam.allow(["s3:ListBucket", "s3:ListBucketVersions"], [self._bucket_arn]),
        ]

    def _accept_only_from(self, role_arn: str) -> None:
        """Let nobody write leaves but the notary's role, and let nobody remove one."""
        accept_only_from(
            self,
            "only_the_notary",
            self.table,
            role_arn,
            to_everyone=Denied("LeavesStay", _REMOVING),
            to_others=Denied("OnlyTheNotaryWrites", _WRITING),
        )
