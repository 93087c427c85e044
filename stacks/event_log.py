"""The event log, which is append-only, and the read models that are folded from it and can be rebuilt: two tables."""

from cdktf_cdktf_provider_aws.dynamodb_table import DynamodbTable, DynamodbTableGlobalSecondaryIndex
from constructs import Construct

from stacks.settings import Settings
from stacks.table import Denied, accept_only_from, text_keyed_table

# All actions that alter or remove an item. BatchWriteItem is one of them: it is one permission for puts and deletes. A TTL
# would remove items too. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-iam-actions.html
_ALTERING = (
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PartiQLDelete",
    "dynamodb:UpdateTimeToLive",
)

# All actions that add an item. TransactWriteItems needs the right to PutItem, and BatchWriteItem is denied to everyone.
_PUTTING = ("dynamodb:PutItem", "dynamodb:PartiQLInsert")


class EventLog(Construct):
    """An append-only table. Its keys are `stream` and, within it, `position`: occurred_at and event id, sorted as text."""

    def __init__(self, scope: Construct, id_: str, settings: Settings) -> None:
        super().__init__(scope, id_)
        self.table = text_keyed_table(
            self,
            "table",
            settings,
            name=settings.name("event-log"),
            keys=("stream", "position"),
            # With old images: any record but an insert means that the log was altered, and the old image shows what it was.
            stream_enabled=True,
            stream_view_type="NEW_AND_OLD_IMAGES",
        )

    def accept_only_from(self, role_arn: str) -> None:
        """Let nobody put events but this role, and let nobody alter or remove one."""
        accept_only_from(
            self,
            "append_only",
            self.table,
            role_arn,
            to_everyone=Denied("AppendOnly", _ALTERING),
            to_others=Denied("OnlyTheEventProcessorAppends", _PUTTING),
        )

    def url(self, read_models: "ReadModels", notary: DynamodbTable | None = None) -> str:
        """The address of the log, its read models and perhaps its notary's table, in the form of TRAINING_EVENTS_LOG."""
        address = f"dynamodb://{self.table.name}?read_models={read_models.table.name}"
        return address if notary is None else f"{address}&notary={notary.name}"


class ReadModels(Construct):
    """The state of each stream, folded from its events, as one item. All of it can be rebuilt from the log."""

    def __init__(self, scope: Construct, id_: str, settings: Settings) -> None:
        super().__init__(scope, id_)
        # For lists of all runs, models or datasets, newest first: with the summary of each, and without its whole state. The
        # first index has all of a kind under one key, which takes 1,000 writes a second: it lists what version 0.1.0 wrote.
        by_kind, by_shard = _listing("by_kind", "kind"), _listing("by_shard", "shard")
        self.table = text_keyed_table(
            self,
            "table",
            settings,
            name=settings.name("read-models"),
            keys=("stream",),
            index_keys=("kind", "shard", "first_at"),
            global_secondary_index=[by_kind, by_shard],
        )
        self.by_kind_arn, self.by_shard_arn = (f"{self.table.arn}/index/{index.name}" for index in (by_kind, by_shard))


def _listing(name: str, key: str) -> DynamodbTableGlobalSecondaryIndex:
    return DynamodbTableGlobalSecondaryIndex(
        name=name, hash_key=key, range_key="first_at", projection_type="INCLUDE", non_key_attributes=["summary"]
    )
