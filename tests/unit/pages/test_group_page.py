"""The page of a group: what people say of it, and the way to its runs."""

import pytest
from training_events.errors import NoSuchStream
from training_events.pages.group_page import group_page
from training_events.pages.page import Asked
from training_events.pages.rendering import render
from training_events.pages.server.addresses import UiAddresses

from tests.support.pages import html_of, shown_log, tags_of, text_of

GROUP = "group/it's a sweep"
AT = "2026-11-22T15:00:0{}.000000Z"
SAID = (
    (GROUP, "Described", AT.format(0), {"name": "Learning rates", "description": "of the paper"}),
    (GROUP, "Tagged", AT.format(1), {"tags": {"team": "vision"}}),
    ("run/a", "Tagged", AT.format(2), {"tags": {"group": "it's a sweep"}}),
)


def test_it_has_what_is_said_and_leads_to_the_runs_in_it(tmp_path):
    page = group_page(shown_log(tmp_path, *SAID), GROUP, Asked())
    html = render("layout.html", UiAddresses(Asked()), page=page)
    for told in ("Learning rates", "of the paper", "team: vision", "named Learning rates"):
        assert told in text_of(html)
    links = [attributes["href"] for tag, attributes in tags_of(html) if tag == "a" and "href" in attributes]
    assert "/runs?where=group+%3D+%27it%27%27s+a+sweep%27" in links


def test_in_a_file_it_has_the_command_that_lists_the_runs(tmp_path):
    page = group_page(shown_log(tmp_path, *SAID), GROUP, Asked(), whole=True)
    assert """training-events runs --group 'it'"'"'s a sweep'""" in text_of(html_of(page))


def test_as_of_a_time_it_has_what_was_said_then(tmp_path):
    sources = shown_log(tmp_path, *SAID)
    assert "team: vision" not in text_of(html_of(group_page(sources, GROUP, Asked(as_of=AT.format(0)))))
    with pytest.raises(NoSuchStream):
        group_page(sources, GROUP, Asked(as_of="2026-11-22T14:00:00.000000Z"))
