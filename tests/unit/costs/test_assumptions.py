"""What the costs assume of sizes, held to the items that the stores write."""

from pathlib import Path

import pytest
import training_events as te
from training_events.bus.envelope import decode
from training_events.event import Event, RecordedEvent
from training_events.projection.projector import Projector
from training_events.proof.notary.items import batch_item, leaf_item
from training_events.proof.notary.ledger import MAX_EVENTS
from training_events.proof.notary.recorded_leaf import delivered_leaf
from training_events.proof.tree import tiles
from training_events.stores.dynamodb.item import item_bytes, to_item
from training_events.stores.opening import open_event_log
from training_events.times import later

from benchmarks.answer import new_events
from costs import per_event
from costs.assumptions import Assumptions
from tests.support.dynamodb import READ_MODELS, dynamodb_read_models
from tests.support.fakes import InMemoryLog
from tests.support.stream_delivery import inserted

ASSUMED = Assumptions()


def test_an_event_with_twenty_points_has_the_size_that_is_told() -> None:
    (envelope,) = new_events(1)
    event = decode(envelope)
    assert len(envelope["detail"]["data"]["points"]) == 20
    assert item_bytes(to_item(event, event.occurred_at, "111122223333")) == pytest.approx(1450, rel=0.02)


def test_a_transaction_of_the_notary_has_so_many_leaves_of_such_a_size() -> None:
    assert (per_event.LEAVES_IN_A_TRANSACTION, per_event.TILE_WIDTH) == (MAX_EVENTS, tiles.TILE_WIDTH)
    (envelope,) = new_events(1)
    envelope["detail"]["stream"] = "run/digits-91fc9909522b"  # as the recorder names a run
    event = decode(envelope)
    leaf = delivered_leaf(inserted(RecordedEvent(event, event.occurred_at, event.digest, "111122223333"), 1))
    assert item_bytes(leaf_item(leaf, 1_000_000)) < 1024
    batch = item_bytes(batch_item(1_000_000, [leaf.content] * MAX_EVENTS))
    assert 0.9 < batch / (MAX_EVENTS * per_event.LEAF_BYTES) <= 1


def test_a_read_model_and_its_row_in_the_index_are_within_what_is_assumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a run as `record_run` pins it, with two metrics."""
    monkeypatch.setenv("TRAINING_EVENTS_LOG", address := f"sqlite:///{tmp_path}/log.db")
    with te.record_run(model="digits", run_id="r", hyperparameters={"C": 1.0, "lr": 0.001}, tags={"team": "vision"}):
        pass
    started, *_ = open_event_log(address).read("run/r")
    log = InMemoryLog()
    log.append(started.event)
    for number in range(40):
        points = [{"name": name, "step": number, "value": 1 / (number + 1)} for name in ("loss", "accuracy")]
        time = later(started.event.occurred_at, number + 1)
        log.append(Event(f"e{number}", "run/r", "MetricsRecorded", time, "t", {"points": points}), accept_future=True)
    with dynamodb_read_models() as read_models:
        projector = Projector(log, read_models)
        projector.refold("run/r")
        item = read_models.client.get_item(TableName=READ_MODELS, Key={"stream": {"S": "run/r"}})["Item"]
    row = {name: item[name] for name in ("stream", "shard", "first_at", "summary")}
    assert ASSUMED.read_model_bytes / 2 < item_bytes(item) <= ASSUMED.read_model_bytes
    assert ASSUMED.summary_bytes / 2 < item_bytes(row) <= ASSUMED.summary_bytes
