"""What the exports say of one stream: of several images the newest counts, and each change of an event is told."""

from typing import Any

from training_events.analytics.dynamodb_export import ExportedItem
from training_events.analytics.exported_stream import ExportedStream
from training_events.analytics.stream_rows import rows_of_log, rows_of_read_models
from training_events.event import Event
from training_events.proof.sealing import note_name
from training_events.stores.dynamodb.item import to_item

STREAM = "run/a"
AT = "2026-11-22T16:00:00.000000Z"
LATER = "2026-11-22T17:00:00.000000Z"


def item_of(number=1, **data):
    event = Event(f"e-{number}", STREAM, "Happened", f"2026-11-22T15:00:0{number}.000000Z", "tests", data)
    return to_item(event, AT)


def full(item: Any) -> ExportedItem:
    return ExportedItem(None, item, None, None)


def change(new: Any, old: Any, at: str = LATER) -> ExportedItem:
    image = new or old
    return ExportedItem({name: image[name] for name in ("stream", "position")}, new, old, at)


def stream_of(*items):
    rows = sorted(row for item in items for _, row in rows_of_log(item))
    return ExportedStream(STREAM, rows)


def changes(stream):
    return [(change.what, change.at, change.position, change.digest) for change in stream.alterations(STREAM)]


def test_events_come_in_key_order_whatever_export_they_are_in():
    stream = stream_of(change(item_of(3), None), full(item_of(2)), full(item_of(1)))
    assert [entry.position[:19] for entry in stream.entries(STREAM)] == [f"2026-11-22T15:00:0{number}" for number in (1, 2, 3)]
    assert [event.alteration for event in stream.audit(STREAM)] == [None, None, None]
    assert not changes(stream)


def test_entries_are_read_behind_a_position_and_up_to_a_time():
    stream = stream_of(*(full(item_of(number)) for number in range(1, 5)))
    first, *_ = stream.entries(STREAM)
    read = stream.entries(STREAM, after=first.position, until="2026-11-22T15:00:03.000000Z")
    assert [entry.position[18:19] for entry in read] == ["2", "3"]
    assert not list(stream.entries("run/b"))


def test_an_old_image_says_that_the_event_was_altered():
    before, after = item_of(a=1), item_of(a=2)
    stream = stream_of(full(after), change(after, before))
    assert changes(stream) == [("update", LATER, before["position"]["S"], before["digest"]["S"])]
    assert stream.events == 1


def test_an_old_image_without_a_new_one_says_that_the_event_was_removed():
    before = item_of()
    stream = stream_of(full(before), change(None, before))
    assert changes(stream) == [("delete", LATER, before["position"]["S"], before["digest"]["S"])]
    assert not list(stream.audit(STREAM))


def test_what_came_and_went_within_a_window_is_told_although_nothing_is_left_of_it():
    item = item_of()
    gone = ExportedItem({name: item[name] for name in ("stream", "position")}, None, None, LATER)
    [(what, _, position, _)] = changes(stream_of(gone))
    assert (what, position) == ("delete", item["position"]["S"])


def test_another_content_than_the_export_before_had_is_told_even_without_an_old_image():
    stream = stream_of(full(item_of(a=1)), change(item_of(a=2), None))
    assert [what for what, *_ in changes(stream)] == ["update"]


def test_an_event_that_two_exports_hold_alike_was_not_changed():
    stream = stream_of(full(item_of()), change(item_of(), None))
    assert not changes(stream)
    assert stream.events == 1


def test_the_newest_image_of_a_read_model_counts_and_its_changes_are_none_of_the_logs():
    first: Any
    second: Any
    first, second = ({"stream": {"S": STREAM}, "revision": {"N": str(number)}, "state": {"B": b""}} for number in (1, 2))
    keys: Any = {"stream": {"S": STREAM}}
    items = [ExportedItem(None, first, None, None), ExportedItem(keys, second, first, LATER)]
    stream = ExportedStream(STREAM, [row for item in items for _, row in rows_of_read_models(item)])
    model = stream.states.get(STREAM)
    assert model is not None
    assert model.revision == 2
    assert not changes(stream)


def test_a_read_model_that_is_no_state_is_one_that_differs():
    item: Any = {"stream": {"S": STREAM}, "more": {"S": "?"}}
    [(_, row)] = rows_of_read_models(ExportedItem(None, item, None, None))
    model = ExportedStream(STREAM, [row]).states.get(STREAM)
    assert model is not None
    assert model.state == b"{}"


def test_a_note_of_the_sealer_is_its_streams_however_long_the_name():
    for stream in (STREAM, f"run/{'x' * 1100}"):
        value = f'{{"stream":"{stream}"}}'.encode()
        item: Any = {"stream": {"S": f"#{note_name(stream)}"}, "value": {"B": value}}
        [(name, row)] = rows_of_read_models(ExportedItem(None, item, None, None))
        assert name == stream
        assert ExportedStream(stream, [row]).states.note(note_name(stream)) == value


def test_other_notes_are_of_no_stream():
    item: Any = {"stream": {"S": "#rebuild"}, "value": {"B": b"{}"}}
    assert not list(rows_of_read_models(ExportedItem(None, item, None, None)))
