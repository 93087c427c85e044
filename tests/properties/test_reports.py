"""Whatever a log holds has its report, with each id once, and links inside that lead somewhere."""

from hypothesis import given, settings
from hypothesis import strategies as st
from training_events.pages.page import Asked
from training_events.pages.report.contents import report_pages
from training_events.pages.report.document import report_html
from training_events.pages.report.made import Made
from training_events.projection.projector import Projector
from training_events.reading.opening import Sources

from tests.support.fakes import InMemoryLog, InMemoryReadModels
from tests.support.histories import histories
from tests.support.pages import tags_of

MADE = Made("a log", "2026-11-22T17:00:00.000000Z", "training-events report")


@settings(max_examples=40)
@given(events=histories(), at=st.none() | st.just("2026-11-22T15:00:00.000003Z"))
def test_every_stream_of_any_log_is_in_its_report(events, at):
    log, read_models = InMemoryLog(), InMemoryReadModels()
    sources = Sources(log, read_models, Projector(log, read_models), None)
    for event in events:
        log.append(event)
    asked = Asked(as_of=at)
    streams = sorted({event.stream for event in events if at is None or event.occurred_at <= at})
    if not streams:
        return
    tags = tags_of(report_html(report_pages(sources, streams, asked), asked, MADE))
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {attributes["href"] for tag, attributes in tags if tag == "a"}
    assert {target.removeprefix("#") for target in targets if target.startswith("#")} <= set(ids)
    assert sum(tag == "article" for tag, _ in tags) == len(streams) + (sum(name.startswith("run/") for name in streams) > 1)
