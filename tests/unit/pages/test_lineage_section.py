"""A lineage as a page shows it: a drawing that says who did what when, and tables of the same facts."""

import re

import msgspec
import pytest
from training_events.errors import Misused, NoSuchStream
from training_events.event import Event
from training_events.pages.lineage.section import lineage_page, lineage_section
from training_events.pages.page import Asked
from training_events.reading.opening import open_current_sources
from training_events.recorder.run_head import head_in

from tests.support.pages import html_of, shown_log, tags_of, text_of

DATA = "aa" * 32
NOW = Asked()
MARKUP = "</title></svg><script>alert(1)</script>\"'"
HOSTILE = f"{MARKUP}\u202e\x1b[31m"


def at(minute):
    return f"2026-11-22T15:{minute:02d}:00.000000Z"


def life(name="digits", stage="production", person="dee"):
    model, data = f"model/{name}", {"uri": "s3://b/d.npz", "sha256": DATA}
    return [
        (f"dataset/{name}", "DatasetRegistered", at(0), {**data, "rows": 1797, "registered_by": person}),
        (f"run/{name}", "TrainingStarted", at(1), {"datasets": [{**data, "role": stage}], "requested_by": person}),
        (f"run/{name}", "Hidden", at(2), {"by": person}),
        (model, "ModelRegistered", at(3), {"version": 1, "run": f"run/{name}", "registered_by": person}),
        (model, "ModelRegistered", at(4), {"version": name, "run": f"run/{name}", "registered_by": person}),
        (model, "ModelPromoted", at(5), {"version": 1, "stage": stage, "promoted_by": person}),
        (model, "ModelPromoted", at(6), {"version": name, "stage": stage, "promoted_by": person}),
    ]


def titles(html):
    return re.findall(r"<title>(.*?)</title>", html, re.DOTALL)[1:]


def test_each_line_says_who_did_what_when_and_a_promotion_that_ended_is_dashed(tmp_path):
    html = html_of(lineage_page(shown_log(tmp_path, *life()), "model/digits", NOW))
    assert "run/digits made model/digits@1, 2026-11-22 15:03 by dee" in titles(html)
    ended = "model/digits@1 promoted to production, 2026-11-22 15:05 by dee, until 2026-11-22 15:06, ended by a promotion"
    assert f'<g class="lineage-line lineage-ended"><title>{ended}</title>' in html
    assert html.count("lineage-ended") == 1
    assert "A dashed line is a promotion that has ended" in text_of(html)


def test_the_tables_have_each_edge_and_each_node_with_what_is_hidden(tmp_path):
    page = lineage_page(shown_log(tmp_path, *life()), "dataset/digits", NOW)
    shown = text_of(html_of(page))
    dataset = f"dataset/digits@{DATA[:12]}"
    assert f"{dataset} read by run/digits 2026-11-22 15:01:00 UTC dee as production , by sha256" in shown
    assert "run/digits running , started 2026-11-22 15:01 by dee , hidden" in shown
    assert (page.kind, page.title, len(page.sections[0].content.edges)) == ("lineage", "dataset/digits", 5)


def test_of_a_past_time_it_says_what_was_true_then(tmp_path):
    html = html_of(lineage_page(shown_log(tmp_path, *life()), "model/digits", Asked(as_of=at(5))))
    assert "lineage-ended" not in html
    assert "digits@1, 2026-11-22" in text_of(html)


def test_what_was_asked_for_has_a_thick_frame(tmp_path):
    content = lineage_section(shown_log(tmp_path, *life()), "model/digits@1", NOW, whole=False).content
    assert [box.name for box in content.drawing.boxes if box.is_asked] == ["digits@1"]


def test_a_circle_of_runs_ends(tmp_path):
    circle = [
        ("run/a", "TrainingStarted", at(0), {"resumed_from": "run/b"}),
        ("run/b", "TrainingStarted", at(1), {"resumed_from": "run/a"}),
    ]
    content = lineage_section(shown_log(tmp_path, *circle), "run/a", NOW, whole=False).content
    assert len(content.drawing.boxes) == len(content.drawing.lines) == 2


def test_many_siblings_share_a_box_that_counts_them_and_the_table_has_each(tmp_path):
    data = {"datasets": [{"uri": "s3://b/d.npz", "sha256": DATA}]}
    runs = [(f"run/r{number:03d}", "TrainingStarted", at(number % 60), data) for number in range(120)]
    html = html_of(lineage_page(shown_log(tmp_path, *life()[:1], *runs), "dataset/digits", NOW))
    shown = text_of(html)
    assert "and 105 more runs" in shown
    assert all(f"run/r{number:03d} running" in shown for number in range(120))


def test_what_an_event_holds_is_never_markup(tmp_path):
    html = html_of(lineage_page(shown_log(tmp_path / "hostile", *life(MARKUP, HOSTILE, HOSTILE)), f"model/{MARKUP}", NOW))
    plain = html_of(lineage_page(shown_log(tmp_path / "plain", *life()), "model/digits", NOW))
    shape = [(tag, sorted(attributes)) for tag, attributes in tags_of(html)]
    assert shape == [(tag, sorted(attributes)) for tag, attributes in tags_of(plain)]
    assert "\u202e" not in html
    assert "\x1b" not in html


def test_what_the_log_does_not_have_is_no_page(tmp_path):
    sources = shown_log(tmp_path, *life())
    with pytest.raises(NoSuchStream, match="did you mean `model/digits`"):
        lineage_page(sources, "model/digit", NOW)
    with pytest.raises(Misused, match="no version"):
        lineage_page(sources, "model/digits@9", NOW)


def test_what_became_of_a_run_since_its_registration_is_told_where_the_page_may_take_the_time(tmp_path):
    before = shown_log(tmp_path, ("run/a", "TrainingStarted", at(0), {}))
    head = msgspec.to_builtins(head_in(before.log, "run/a"))
    before.log.append(
        Event("r", "model/digits", "ModelRegistered", at(1), "t", {"version": 1, "run": "run/a", "run_head": head})
    )
    before.log.append(Event("c", "run/a", "TrainingCompleted", at(2), "t", {}))
    sources = open_current_sources(f"sqlite:///{tmp_path}/log.db")
    served, whole = (lineage_section(sources, "model/digits", NOW, whole=whole).content for whole in (False, True))
    assert [node.facts[-1].text[:34] for node in whole.nodes if node.end.stream == "model/digits"] == [
        "the run got 1 more event(s) since:"
    ]
    assert [box.tone for box in whole.drawing.boxes if box.kind == "model-version"] == ["attention"]
    assert [box.tone for box in served.drawing.boxes if box.kind == "model-version"] == ["plain"]
