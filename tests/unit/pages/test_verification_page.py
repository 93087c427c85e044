"""All streams are verified page by page: each page ends in time, and together they have every stream once."""

import itertools
import sqlite3
from contextlib import closing
from typing import Any

from training_events.pages.page import Asked, Page, Query
from training_events.pages.sections.verdicts import MAX_SECONDS, verdicts_section
from training_events.pages.verification_page import verification_page, verifications_page

from tests.support.pages import html_of, shown_log, text_of

AT = "2026-11-22T15:00:00.000000Z"
FACTS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("run/a", "TrainingStarted", AT, {}),
    ("run/b", "TrainingStarted", "2026-11-22T15:01:00.000000Z", {}),
    ("model/m", "ModelRegistered", AT, {"version": 1}),
    ("dataset/d", "DatasetRegistered", AT, {"uri": "s3://b/d"}),
]


def streams_on(section):
    return [row.verification.stream for row in section.content.verdicts]


def test_one_page_has_the_verdicts_of_few_streams_the_newest_run_first(tmp_path):
    page = verifications_page(shown_log(tmp_path, *FACTS), Asked(), Query())
    [section] = page.sections
    assert streams_on(section) == ["run/b", "run/a", "model/m", "dataset/d"]
    assert section.content.following is None
    assert "4 sound" in text_of(html_of(page))


def test_a_page_ends_when_its_time_is_over_and_leads_to_the_rest(tmp_path):
    sources, seconds = shown_log(tmp_path, *FACTS), itertools.count(step=MAX_SECONDS)
    seen, first, asked = [], 1, Asked(as_of=AT)
    while True:
        section = verdicts_section(sources, asked, first, lambda: next(seconds))
        seen += streams_on(section)
        assert len(streams_on(section)) == 1
        if section.content.following is None:
            break
        first += 1
        assert section.content.following == f"?as_of=2026-11-22T15%3A00%3A00.000000Z&first={first}"
    assert seen == ["run/b", "run/a", "model/m", "dataset/d"]
    assert section.content.beginning.endswith("first=1")


def test_a_stream_that_the_log_has_lost_is_there_with_what_is_wrong(tmp_path):
    sources = shown_log(tmp_path, *FACTS)
    with closing(sqlite3.connect(tmp_path / "log.db")) as other, other:
        other.execute("DELETE FROM events WHERE stream = 'model/m'")
    page = verifications_page(sources, Asked(), Query())
    text = text_of(html_of(page))
    assert "1 broken 3 sound" in text
    assert "model/m broken 0 0 stream_gone: the log has none of its events" in text
    [section] = verification_page(sources, "model/m", Asked()).sections
    assert "is no longer there" in text_of(html_of(Page("m", "verification", [section])))


def test_a_log_without_streams_says_so(tmp_path):
    sources = shown_log(tmp_path, FACTS[0])
    text = text_of(html_of(verifications_page(sources, Asked(), Query({"first": ["9"]}))))
    assert "no stream here" in text
    assert "From the beginning" in text
