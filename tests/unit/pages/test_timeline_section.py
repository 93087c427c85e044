"""What happened, on a page: drawn over time, told line by line, and as it was at the times that are asked."""

from training_events.pages.page import Asked, Page
from training_events.pages.sections.timeline import timeline_section

from tests.support.pages import html_of, shown_log, tags_of, text_of


def at(minute):
    return f"2026-11-22T15:{minute:02d}:00.000000Z"


FACTS = [
    ("run/a", "TrainingStarted", at(0), {"requested_by": "ada"}),
    ("run/a", "MetricsRecorded", at(5), {"points": [{"name": "loss", "value": 1}]}),
    ("run/a", "Happened", at(8), {"x": 1}),
    ("run/a", "TrainingCompleted", at(10), {}),
]


def section_of(tmp_path, facts, asked=None):
    return timeline_section(shown_log(tmp_path, *facts), "run/a", asked or Asked())


def shown(section):
    return html_of(Page("a", "run", [section]))


def test_the_events_are_told_in_their_order_with_who_did_what(tmp_path):
    _, list_begins, text = text_of(shown(section_of(tmp_path, FACTS))).partition("4 events")
    told = ["training started by ada", "1 point of loss", "Happened in no state: this version", "training completed"]
    assert sorted(told, key=text.index) == told
    assert list_begins


def test_they_are_drawn_where_they_are_in_time(tmp_path):
    content = section_of(tmp_path, FACTS).content
    assert {lane.name: [(mark.start, mark.end) for mark in lane.marks] for lane in content.lanes} == {
        "training": [(0, 0), (100, 100)],
        "metrics": [(50, 50)],
        "other": [(80, 80)],
    }


def test_a_single_moment_is_not_drawn(tmp_path):
    html = shown(section_of(tmp_path, FACTS[:1]))
    assert not [tag for tag, _ in tags_of(html) if tag == "svg"]
    assert "training started" in text_of(html)


def test_of_a_past_time_there_is_what_had_happened_by_then(tmp_path):
    assert section_of(tmp_path, FACTS, Asked(as_of=at(6))).content.timeline.events == 2


def test_late_events_are_told_with_how_late_they_were(tmp_path):
    text = text_of(shown(section_of(tmp_path, FACTS)))  # recorded now
    assert "4 of them reached the log late" in text
    assert "later" in text


def test_a_long_event_is_cut_and_says_so(tmp_path):
    html = shown(section_of(tmp_path, [("run/a", "Described", at(0), {"description": "d" * 90_000})]))
    assert len(html) < 20_000
    assert "The first 2,000 of 90,018 characters" in text_of(html)
