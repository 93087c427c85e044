"""Whatever happened: a job over an export finds the states that `rebuild` stores, and what `verify --all` finds."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from training_events.event import Event
from training_events.stores.dynamodb.item import to_item

from tests.support.checked_exports import LogInTables, run_tasks, sorted_rows, table
from tests.support.histories import histories, states_of

OTHERS = [{"data": {"S": '{"a":1}'}}, {"recorded_at": {"S": "no time"}}, {"more": {"S": ""}}]
RECORDED_AT, TO = "2026-11-22T16:00:00.000000Z", "2026-11-23T00:00:00.000000Z"


@settings(max_examples=25)
@given(histories(max_events=30), st.integers(1, 3), st.data())
def test_an_export_gives_what_the_commands_give(events: list[Event], partitions: int, data: st.DataObject) -> None:
    log = LogInTables(to_item(event, RECORDED_AT) for event in events)
    assert log.rebuild() == {stream: state.decode() for stream, state in states_of(events).items()}
    for event in data.draw(st.lists(st.sampled_from(events), max_size=3), label="altered or removed"):
        item = to_item(event, RECORDED_AT)
        if data.draw(st.booleans()):
            log.remove(item)
        else:
            log.put(item | data.draw(st.sampled_from(OTHERS)))
    with TemporaryDirectory() as folder:
        exports, tables = Path(folder, "exports"), Path(folder, "tables")
        log.export(exports, TO)
        run_tasks(exports, tables, partitions)
        assert sorted_rows(table(tables, "findings")) == log.findings()
        states = {stream: state for stream, _, _, state in table(tables, "states")}
        log.rebuild()
        assert states == log.states()
