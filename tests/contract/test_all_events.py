"""All events of a log, in the order in which it took them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from training_events.errors import DamagedEvent, Misused
from training_events.event import Event
from training_events.proof.notary.ledger import Ledger
from training_events.proof.notary.recorded_leaf import recorded_leaf
from training_events.reading.log import Log
from training_events.reading.opening import Sources, open_sources
from training_events.reading.recording_order import in_order_of_recording, index_of
from training_events.stores.dynamodb.event_log import DynamoDbLog
from training_events.stores.sqlite.event_log import SqliteLog

from tests.support.asking import Asked, asked_log
from tests.support.dynamodb import TABLE
from tests.support.histories import histories
from tests.support.notary import create_notary_table
from tests.support.numbered_log import numbered_log, recorded_at


def keys(events: Any) -> list[tuple[str, str]]:
    return [(recorded.event.stream, recorded.event.event_id) for recorded in events]


@pytest.fixture(params=["file", "file without leaves", "tables", "tables with a notary"])
def asked(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Asked]:
    """A log of each kind that gives its events an order. `has_tree` tells which have numbers."""
    if request.param.startswith("file"):
        with asked_log("sqlite", tmp_path) as asked:
            yield asked if request.param == "file" else asked_of(replace(asked.sources, tiles=None, leaves=None), asked.url)
        return
    with asked_log("dynamodb", tmp_path) as asked:
        if request.param == "tables":
            yield asked
            return
        create_notary_table("notary")
        url = f"{asked.url}&notary=notary"
        yield asked_of(open_sources(url), url)


def asked_of(sources: Sources, url: str) -> Asked:
    return Asked(url, sources, Log(sources))


def has_tree(asked: Asked) -> bool:
    return asked.sources.leaves is not None


def let_the_notary_work(asked: Asked) -> None:
    """On AWS the notary takes a leaf for each event some seconds after it was recorded."""
    log, ledger = asked.sources.log, asked.sources.leaves
    if isinstance(ledger, Ledger):
        leaves = [recorded_leaf(stream, record) for stream in log.streams() for record in log.audit(stream)]
        ledger.take(sorted(leaves, key=lambda leaf: leaf.recorded_at))


@pytest.fixture
def life(asked: Asked) -> Asked:
    """Three streams; the last event recorded is the first that occurred."""
    asked.record("run/b", "TrainingStarted", "15:00:00", model="digits")
    asked.record("run/a", "TrainingStarted", "15:00:01", seeds=10**60)
    asked.record("dataset/d", "DatasetRegistered", "15:00:02", uri="s3://b/k")
    asked.record("run/b", "TrainingCompleted", "15:00:09")
    asked.record("run/a", "Happened", "14:00:00")
    let_the_notary_work(asked)
    return asked


IN_ORDER = [
    ("run/b", "TrainingStarted-15:00:00"),
    ("run/a", "TrainingStarted-15:00:01"),
    ("dataset/d", "DatasetRegistered-15:00:02"),
    ("run/b", "TrainingCompleted-15:00:09"),
    ("run/a", "Happened-14:00:00"),
]


def test_they_come_in_the_order_in_which_the_log_took_them(life: Asked):
    found = list(life.log.all_events())
    assert keys(found) == IN_ORDER
    indexes: list[Any] = [recorded.index for recorded in found]
    assert indexes == (list(range(5)) if has_tree(life) else sorted(indexes))
    assert found[1].event.data == {"seeds": 10**60}
    of_a = [recorded.digest for recorded in found if recorded.event.stream == "run/a"]
    assert sorted(of_a) == sorted(recorded.digest for recorded in life.log.events("run/a"))


def test_a_reader_goes_on_behind_an_index(life: Asked):
    found = list(life.log.all_events())
    for number, recorded in enumerate(found):
        assert keys(life.log.all_events(after=recorded.index)) == IN_ORDER[number + 1 :]
        assert keys(life.log.all_events(after=recorded.recorded_at)) == IN_ORDER[number:]
        text = index_of(recorded.recorded_at, recorded.event.stream, recorded.event.position)
        assert keys(life.log.all_events(after=text)) == IN_ORDER[number + 1 :], "as indexes were before there were trees"


def test_a_number_is_no_index_of_a_log_without_a_tree(life: Asked):
    assert keys(life.log.all_events(after=-1)) == IN_ORDER
    if has_tree(life):
        assert keys(life.log.all_events(after=10**20)) == []
    else:
        with pytest.raises(Misused, match="3 is the number of an event in a log's tree, and this log has none"):
            life.log.all_events(after=3)


@pytest.mark.parametrize("text", ["3", "2026-11-22", "2026-11-22T15:00:00Z", "x"])
def test_a_text_that_is_no_place_in_the_log_is_refused_and_not_silently_behind_everything(life: Asked, text: str):
    with pytest.raises(Misused, match=f"'{text}' is no place in a log: give the index of one of its events"):
        life.log.all_events(after=text)


def test_an_event_that_is_gone_is_left_out_and_one_that_cannot_be_read_is_told(life: Asked):
    second = next(iter(life.log.all_events(after=next(iter(life.log.all_events())).index)))
    stream, position = second.event.stream, second.event.position
    if isinstance(life.sources.log, SqliteLog):
        with life.sources.log.database.transaction() as connection:
            connection.execute("DELETE FROM events WHERE position = ?", (position,))
            connection.execute("UPDATE events SET data = '[' WHERE type = 'TrainingCompleted'")
    else:
        assert isinstance(life.sources.log, DynamoDbLog)
        client, key = life.sources.log.client, {"stream": {"S": stream}, "position": {"S": position}}
        client.delete_item(TableName=TABLE, Key=key)
        [completed] = [event for event in life.log.events("run/b") if event.event.type == "TrainingCompleted"]
        of_completed = {"stream": {"S": "run/b"}, "position": {"S": completed.event.position}}
        item = client.get_item(TableName=TABLE, Key=of_completed)["Item"]
        client.put_item(TableName=TABLE, Item={**item, "data": {"S": "["}})
    found: list[Any] = []
    with pytest.raises(DamagedEvent):
        found.extend(life.log.all_events())
    if has_tree(life):
        read = iter(life.log.all_events())
        assert keys([next(read), next(read)]) == [IN_ORDER[0], IN_ORDER[2]]


def test_a_log_of_which_nothing_is_new_gives_nothing(life: Asked):
    newest = list(life.log.all_events())[-1]
    assert list(life.log.all_events(after=newest.index)) == []
    life.record("run/c", "TrainingStarted", "15:30:00")
    let_the_notary_work(life)
    assert keys(life.log.all_events(after=newest.index)) == [("run/c", "TrainingStarted-15:30:00")]


def test_it_tells_how_far_it_is(life: Asked):
    told: list[tuple[int, int]] = []
    list(in_order_of_recording(life.sources.log, on_progress=lambda done, total: told.append((done, total))))
    assert told == [(0, 3), (1, 3), (2, 3)]


@given(histories(), st.data())
@settings(max_examples=30, deadline=None)
def test_each_comes_once_whatever_the_order_and_wherever_the_reader_stopped(
    tmp_path_factory: pytest.TempPathFactory, events: list[Event], data: st.DataObject
):
    order = data.draw(st.permutations(range(len(events))), label="order of recording")
    numbered = sorted(zip(order, events, strict=True), key=lambda pair: pair[0])
    sources = numbered_log(tmp_path_factory.mktemp("log") / "log.db", numbered)
    with Log(sources) as log:
        found = list(log.all_events())
        by_stream = [recorded for stream in sources.log.streams() for recorded in log.events(stream)]
        assert sorted(keys(found)) == sorted(keys(by_stream))
        assert [recorded.recorded_at for recorded in found] == sorted(recorded.recorded_at for recorded in found)
        for number, recorded in enumerate(found):
            assert list(log.all_events(after=recorded.index)) == found[number + 1 :]
        assert {recorded.recorded_at for recorded in found} <= set(map(recorded_at, range(len(events))))
