"""What `verify --all` says of a notary that stands still: in words, as JSON, and by its exit code."""

import json

import pytest
from training_events import aws, cli
from training_events.proof.notary.ledger import Ledger
from training_events.proof.notary.publishing import Publisher
from training_events.proof.notary.recorded_leaf import recorded_leaf
from training_events.proof.tree.s3_tiles import S3Tiles
from training_events.stores.dynamodb.event_log import DynamoDbLog
from training_events.times import hours_after, now

from tests.older_logs.write import BUCKET, aws_bucket
from tests.support.command_line import empty_store, make_event
from tests.support.notary import create_notary_table
from tests.support.trees import MemoryKey

ORIGIN = "training-events/111122223333/eu-central-1/event-log"


@pytest.fixture
def log(tmp_path, monkeypatch):
    """Takes events that were recorded so many hours ago. Those that `sign` is called with are covered by a checkpoint."""

    class Log:
        def __init__(self) -> None:
            self.dynamodb = aws.client("dynamodb", validate=False)
            self.ledger = Ledger("notary", self.dynamodb)

        def record(self, number, hours_ago):
            at = hours_after(now(), -hours_ago)
            DynamoDbLog("event-log", self.dynamodb, lambda: at).append(make_event(f"run/r-{number}", "TrainingStarted"))

        def sign(self):
            events = DynamoDbLog("event-log", self.dynamodb)
            leaves = [recorded_leaf(stream, record) for stream in events.streams() for record in events.audit(stream)]
            self.ledger.take(self.ledger.lacking(leaves))
            tiles = S3Tiles(BUCKET, aws.client("s3"), mode="GOVERNANCE", days=30)
            Publisher(self.ledger, tiles, [MemoryKey(name=ORIGIN)]).publish()

    with empty_store("dynamodb", tmp_path):
        create_notary_table("notary")
        aws_bucket()
        monkeypatch.setenv("TRAINING_EVENTS_LOG", "dynamodb://event-log?notary=notary")
        monkeypatch.setenv("TRAINING_EVENTS_NOTARY_BUCKET", BUCKET)
        yield Log()


def test_a_notary_that_stands_still_is_told_and_the_log_stays_sound(log, capsys):
    log.record(1, 60)
    log.sign()
    log.record(2, 1)
    assert cli.run(["verify", "--all"]) == 0
    capsys.readouterr()

    log.record(3, 26)
    assert cli.run(["verify", "--all"]) == 1
    words = capsys.readouterr()
    assert "2 have none yet (1 of them for more than 25 hours)" in words.out
    assert "1 events were recorded more than 25 hours ago, and no checkpoint covers them" in words.out
    assert words.err.startswith("training-events: the tree is incomplete: overdue: 1 events were recorded")

    assert cli.run(["verify", "run/r-3", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["sound"], document["complete"]) == (True, False)
    assert [finding["kind"] for finding in document["findings"]] == ["overdue"]
    assert document["tree"]["overdue"] == document["streams"][0]["tree"]["overdue"] == 1
    assert cli.run(["verify", "run/r-2"]) == 0, "of one stream its own events tell"

    log.sign()
    assert cli.run(["verify", "--all"]) == 0
