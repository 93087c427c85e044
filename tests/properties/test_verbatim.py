"""An event is judged by the texts that a store holds: as recorded they are right, and with any other byte they are not."""

from typing import Any

from hypothesis import assume, example, given
from hypothesis import strategies as st
from training_events.event import Event, Producer, RecordedEvent
from training_events.recordable import check_recordable
from training_events.stores.damage import as_audited, audited_or_damaged
from training_events.stores.dynamodb.item import audit_item, from_item, to_item
from training_events.stores.event_log import AuditedEvent
from training_events.stores.sqlite.row import COLUMNS, audit_row, from_row, to_row

from tests.support.strategies import events

RECORDED_AT = "2026-11-22T15:08:40.000000Z"
ADJACENT = Event("e", "run/a", "T", RECORDED_AT, "s", {}, producer=Producer("p", 1), resources=("r",))


def of_row(row: tuple[Any, ...], event: Event) -> Any:
    return audited_or_damaged(event.stream, event.position, row, audit_row, from_row)


def of_item(item: Any, event: Event) -> Any:
    return audited_or_damaged(event.stream, event.position, item, audit_item, from_item)


def is_sound(judged: Any) -> bool:
    return isinstance(judged, AuditedEvent) and judged.alteration is None


@example(Event("e", "run/a", "T", RECORDED_AT, "s", {"n": 1e20, "z": -0.0, "t": "\x7f é😀\ue000"}))
@given(events())
def test_both_stores_judge_an_event_as_its_content_does(event):
    check_recordable(event)
    row, item = to_row(event, RECORDED_AT), to_item(event, RECORDED_AT)
    from_content = as_audited(from_row(row))
    assert of_row(row, event) == of_item(item, event) == from_content
    assert from_content.alteration is None


@given(events(), st.data())
def test_any_other_text_in_a_column_is_no_more_what_was_recorded(event, data):
    row = list(to_row(event, RECORDED_AT))
    column = data.draw(st.sampled_from([number for number, name in enumerate(COLUMNS) if name != "recorded_at"]))
    row[column] = data.draw(another(row[column]))
    assert not is_sound(of_row(tuple(row), event))


@given(events(), st.data())
def test_any_other_text_in_an_attribute_is_no_more_what_was_recorded(event, data):
    item = to_item(event, RECORDED_AT)
    place: Any = item
    name = data.draw(st.sampled_from(sorted(item.keys() - {"recorded_at"})))
    if name == "producer":
        place = item["producer"]["M"]
        name = data.draw(st.sampled_from(sorted(place)))
    if name == "resources":
        texts = place[name]["L"]
        texts[0] = {"S": data.draw(another(texts[0]["S"]))}
    else:
        [(kind, text)] = place[name].items()
        place[name] = {kind: data.draw(another(text))}
    assert not is_sound(of_item(item, event))


@given(events(), st.sampled_from(["x", "data ", "previous", "recorded_At"]), st.booleans())
def test_anything_that_no_event_has_is_told(event, name, in_producer):
    item: Any = to_item(event, RECORDED_AT)
    if in_producer:
        assume(event.producer is not None)
        assume(name not in item["producer"]["M"])
        item["producer"]["M"][name] = {"S": "x"}
    else:
        item[name] = {"S": "x"}
    assert not is_sound(of_item(item, event))
    assert not is_sound(of_row((*to_row(event, RECORDED_AT), None, "x"), event))
    assert is_sound(of_row((*to_row(event, RECORDED_AT), None, None), event))


@given(events(), st.from_regex("[0-9]{12}", fullmatch=True), st.data())
def test_an_account_that_sent_the_event_is_no_part_of_its_content_and_nothing_else_is_an_account(event, account, data):
    item: Any = to_item(event, RECORDED_AT, account)
    assert of_item(item, event) == as_audited(RecordedEvent(event, RECORDED_AT, event.digest, account))
    assert from_item(item).account == account
    wrong = st.sampled_from(
        [{"N": account}, {"S": account[:-1]}, {"S": account + "0"}, {"S": ""}, {"S": "\u0661" * 12}, {"NULL": True}]
    )
    assert not is_sound(of_item({**item, "account": data.draw(wrong)}, event))


@example(ADJACENT)
@given(events())
def test_no_byte_moves_from_one_column_to_the_next(event):
    """Put together, the texts of two columns that follow each other may give the same canonical JSON."""
    row = dict(zip(COLUMNS, to_row(event, RECORDED_AT), strict=True))
    assume(row["producer"] and row["resources"])
    row["producer"] += ',"resources":' + row["resources"]
    row["resources"] = None
    assert not is_sound(of_row(tuple(row.values()), event))
    row = dict(zip(COLUMNS, to_row(event, RECORDED_AT), strict=True))
    row["producer"], row["resources"] = None, f'{row["resources"]},"producer":{row["producer"]}'
    assert not is_sound(of_row(tuple(row.values()), event))


def another(text: Any) -> st.SearchStrategy[Any]:
    """Another text in its place: a character more, less or different; or nothing at all; or another type."""
    if text is None:
        return st.sampled_from(["", "{}", "[]", "null", '{"x":1}', '["x"]', "x", b"x", 1])
    if not isinstance(text, str):
        return st.sampled_from([None, str(text), text + 1, -text, 0])
    place = st.integers(0, len(text))
    characters = st.characters(exclude_categories=["Cs"])
    edited = [
        st.builds(lambda at, new: text[:at] + new + text[at:], place, characters),
        st.builds(lambda at, new: text[:at] + new + text[at + 1 :], place, characters),
        st.builds(lambda at: text[:at] + text[at + 1 :], place),
        st.sampled_from(
            [None, text.encode(), text + " ", " " + text, text.replace(",", ", ", 1), text.replace(":1", ":1.0", 1)]
        ),
    ]
    return st.one_of(edited).filter(lambda other: other != text)
