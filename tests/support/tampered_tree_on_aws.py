"""The tree of a log on AWS, for who may do there whatever the rows of the table say."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import boto3
from training_events import aws
from training_events.event import Event
from training_events.proof.merkle import MerkleTree
from training_events.proof.notary.items import HEAD_KEY, CatchUp, batch_item
from training_events.proof.notary.ledger import Ledger
from training_events.proof.notary.publishing import Publisher
from training_events.proof.notary.recorded_leaf import recorded_leaf
from training_events.proof.s3_seal_store import S3SealStore
from training_events.proof.tree.leaf import Leaf
from training_events.proof.tree.s3_tiles import PREFIX, S3Tiles
from training_events.proof.tree.store import CHECKPOINT, checkpoint_path
from training_events.stores.dynamodb.event_log import DynamoDbLog
from training_events.stores.dynamodb.read_models import DynamoDbReadModels
from training_events.times import hours_after

from tests.older_logs.write import BUCKET, aws_bucket
from tests.support.dynamodb import READ_MODELS, TABLE, create_read_models_table, create_table
from tests.support.notary import create_notary_table
from tests.support.tampered_tree import DAYS, DAYS_AGO, EVENTS, OTHER_DIGEST, TamperedTree, event
from tests.support.trees import MemoryKey

NOTARY = "notary"


class TamperedAws(TamperedTree):
    """DynamoDB and S3. To alter what S3 keeps, its lock has to be over, or be bypassed."""

    def __init__(self) -> None:
        create_table()
        create_read_models_table()
        create_notary_table(NOTARY)
        self.s3 = aws_bucket()
        client = aws.client("dynamodb", validate=False)
        self.log = DynamoDbLog(TABLE, client, lambda: self.time)
        self.read_models = DynamoDbReadModels(READ_MODELS, client)
        self.seals = S3SealStore(BUCKET, self.s3, mode="GOVERNANCE", days=30)
        self.leaves = self._ledger = Ledger(NOTARY, client, lambda: self.time)
        self.tiles = self._s3_tiles = S3Tiles(BUCKET, self.s3, mode="GOVERNANCE", days=30, clock=lambda: self.time)
        self.signer = MemoryKey()
        self.clock: Callable[[], Any] = lambda: self.time
        """What the notary says of the time."""
        self.fill()

    def take_leaf(self, each: Event) -> None:
        self._ledger.take([self._leaf(each)])

    def _leaf(self, each: Event) -> Leaf:
        [record] = [record for record in self.log.audit(each.stream) if record.position == each.position]
        return recorded_leaf(each.stream, record)

    def take_other_leaf(self, each: Event) -> None:
        self._ledger.take([self._leaf(each)._replace(digest=OTHER_DIGEST)])

    def take_leaf_of_nothing(self) -> None:
        self._ledger.take([self._leaf(EVENTS[1])._replace(stream="run/never")])

    def alter_batch(self, each: Event) -> None:
        """The batch of the event that was taken last, and the head, as if it had been another one."""
        size, other = self._ledger.size, self._leaf(each)._replace(digest=OTHER_DIGEST)
        tree = MerkleTree()
        for content in [*self._ledger.leaves(0, size - 1), other.content]:
            tree.append(content)
        client = boto3.client("dynamodb")
        client.put_item(TableName=NOTARY, Item=batch_item(size - 1, [other.content]))
        client.update_item(
            TableName=NOTARY,
            Key=HEAD_KEY,
            UpdateExpression="SET frontier = :frontier",
            ExpressionAttributeValues={":frontier": {"L": [{"B": node} for node in tree.frontier]}},
        )

    def claim_to_catch_up(self) -> None:
        """From here on every checkpoint says that the notary still takes leaves from the log."""
        self._ledger.woken(CatchUp(self._ledger.size))

    def go_on_for_days(self) -> None:
        """Every day until now an event, its leaf and a checkpoint."""
        for number, hours in enumerate(range(24, DAYS * 24, 24), 20):
            self.time = hours_after(DAYS_AGO, hours)
            self.record(event(number, "run/later", "TrainingStarted"))
            self.publish()

    def put_file(self, path: str, content: bytes) -> None:
        """Lay content over a file, or put it where none is."""
        self.s3.put_object(Bucket=BUCKET, Key=PREFIX + path, Body=content)

    def put_stray(self) -> None:
        self.put_file("tile/0/001", b"x" * 8192)

    def put_checkpoint(self, note: bytes, size: int) -> None:
        self.put_file(checkpoint_path(size), note)
        self.put_file(CHECKPOINT, note)

    def put_leaves(self, leaves: list[Leaf], files: dict[str, bytes]) -> None:  # noqa: ARG002 - the files have them
        for path, content in files.items():
            self.put_file(path, content)

    def unlock(self, path: str) -> None:
        """The same bytes, without a lock."""
        content = self.tiles.read(path)
        self.replace_file(path, content)

    def shorten(self, path: str) -> None:
        """The file can be removed two hours sooner."""
        until = self.s3.head_object(Bucket=BUCKET, Key=PREFIX + path)["ObjectLockRetainUntilDate"] - timedelta(hours=2)
        retention: Any = {"Mode": "GOVERNANCE", "RetainUntilDate": until}
        self.s3.put_object_retention(Bucket=BUCKET, Key=PREFIX + path, Retention=retention, BypassGovernanceRetention=True)

    def set_account(self, each: Event, account: str) -> None:
        self._set(each, "account", account)

    def forget_leaf(self, stream: str) -> None:
        """Nobody took one."""

    def publish(self) -> None:
        """S3 has the true time, whatever the notary says."""
        true_time = datetime.fromisoformat(self.time).replace(tzinfo=None)
        with patch("moto.s3.models.utcnow", lambda: true_time):
            Publisher(self._ledger, self._s3_tiles, [self.signer], self.clock).publish()

    def remove_event(self, each: Event) -> None:
        self._remove_item(TABLE, each.stream, each.position)

    def remove_seals(self, stream: str) -> None:
        self._remove_objects(f"seals/{stream}/")

    def set_recorded_at(self, each: Event, time: str) -> None:
        self._set(each, "recorded_at", time)

    def _set(self, each: Event, name: str, value: str) -> None:
        boto3.client("dynamodb").update_item(
            TableName=TABLE,
            Key={"stream": {"S": each.stream}, "position": {"S": each.position}},
            UpdateExpression="SET #name = :value",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":value": {"S": value}},
        )

    def replace_file(self, path: str, content: bytes | None) -> None:
        self._remove_objects(PREFIX + path)
        if content is not None:
            self.s3.put_object(Bucket=BUCKET, Key=PREFIX + path, Body=content)

    def remove_tree(self) -> None:
        self._remove_objects(PREFIX)
        for item in boto3.client("dynamodb").scan(TableName=NOTARY)["Items"]:
            self._remove_item(NOTARY, item["stream"]["S"], item["position"]["S"])

    def make_tree_again(self) -> None:
        self.remove_tree()
        client = aws.client("dynamodb", validate=False)
        self.leaves = self._ledger = Ledger(NOTARY, client, lambda: self.time)
        self.tiles = self._s3_tiles = S3Tiles(BUCKET, self.s3, mode="GOVERNANCE", days=30, clock=lambda: self.time)
        for stream in sorted(self.log.streams()):
            self._ledger.take([recorded_leaf(stream, record) for record in self.log.audit(stream)])
        self.publish()

    def _remove_item(self, table: str, stream: str, position: str) -> None:
        key: Any = {"stream": {"S": stream}, "position": {"S": position}}
        boto3.client("dynamodb").delete_item(TableName=table, Key=key)

    def _remove_objects(self, prefix: str) -> None:
        for version in self.s3.list_object_versions(Bucket=BUCKET, Prefix=prefix).get("Versions", []):
            if not prefix.endswith("/") and version["Key"] != prefix:
                continue
            self.s3.delete_object(
                Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"], BypassGovernanceRetention=True
            )
