"""Whatever part of a process's events the log has by now, projected or not, the process sees what all of them make."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st
from training_events import folds
from training_events.event import Event, LogEntry
from training_events.interchange.mlflow.merged import merged_entries, merged_state, own_state
from training_events.projection.projector import Projector
from training_events.reading.opening import Sources

from tests.support.fakes import InMemoryLog, InMemoryReadModels
from tests.support.histories import entry, histories


@given(histories(), st.data())
def test_own_events_are_folded_where_they_belong_whether_the_log_has_them_or_not(
    events: list[Event], data: st.DataObject
) -> None:
    log, read_models = InMemoryLog(), InMemoryReadModels()
    projector = Projector(log, read_models)
    recorded = data.draw(st.lists(st.sampled_from(events), unique_by=id))
    is_projected = data.draw(st.booleans())
    for event in recorded:
        log.append(event)
        if is_projected:
            projector.project(event.stream, [entry(event)])
    lacking = [event for event in events if event not in recorded]
    own: defaultdict[str, list[LogEntry]] = defaultdict(list)
    for event in [*lacking, *data.draw(st.lists(st.sampled_from(events), unique_by=id))]:
        if entry(event) not in own[event.stream]:
            own[event.stream].append(entry(event))
    sources = Sources(log, read_models, projector, None)
    for stream in {event.stream for event in events}:
        mine = sorted(own[stream], key=lambda it: it.position)
        everything = sorted({entry(event) for event in events if event.stream == stream}, key=lambda it: it.position)
        merged = merged_entries(log.entries(stream), mine)
        assert [it.position for it in merged] == [it.position for it in everything]
        confirmed: list[str] = []
        assert folds.encode(merged_state(sources, stream, mine, confirmed.extend)) == folds.encode(
            own_state(stream, everything)
        )
        assert set(confirmed) <= {entry(event).position for event in recorded}
