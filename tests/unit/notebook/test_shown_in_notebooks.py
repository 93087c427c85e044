"""What a console prints and a notebook shows of an answer: short, without script, and text whatever was recorded."""

import re

import pytest
from training_events.notebook.text import text_table
from training_events.reading.log import Log

from tests.support.pages import shown_log, tags_of, text_of

HOSTILE = "</script><img src=x onerror=alert(1)>\"'\u202e\x1b[31m"
TAGS = {"div", "p", "strong", "code", "table", "thead", "tbody", "tr", "th", "td", "svg", "path"}


def at(minute):
    return f"2026-11-22T15:{minute:02d}:00.000000Z"


def run(name, *losses, metric="loss", **spec):
    stream = f"run/{name}"
    pinned = {"model": "digits", "hyperparameters": {"C": 1.5}} | spec
    points = [{"name": metric, "value": value, "step": step} for step, value in enumerate(losses)]
    return [(stream, "TrainingStarted", at(0), pinned), (stream, "MetricsRecorded", at(1), {"points": points})]


def log(tmp_path, *facts):
    return Log(shown_log(tmp_path, *facts))


def test_a_run_is_a_card_with_its_status_best_values_curves_and_hyperparameters(tmp_path):
    facts = [*run("a", 1.0, 0.25, 0.5), ("run/a", "TrainingCompleted", at(9), {})]
    html = log(tmp_path, *facts).run("a")._repr_html_()
    shown = text_of(html)
    assert "a · completed · model digits · started 2026-11-22 15:00:00 UTC" in shown
    assert "loss 0.25 @ 1 0.5 @ 2" in shown
    assert "C = 1.5" in shown
    assert "training-events report run/a" in shown
    assert re.search(r'<path d="M2\.0 2\.0L2\.5 2\.0L60\.0 22\.0L118\.0 15\.3"', html)


def test_a_curve_has_no_line_over_what_is_not_finite(tmp_path):
    html = log(tmp_path, *run("a", 1.0, 0.5, "NaN", 0.25, "Infinity")).run("a")._repr_html_()
    assert re.search(r'd="M[^M]*M[^M]*"', html), "two pieces"
    assert "nan" not in html


@pytest.mark.parametrize("losses", [[], [0.5], ["NaN"], [1e308, -1e308]])
def test_a_run_with_few_points_or_huge_ones_is_shown(tmp_path, losses):
    html = log(tmp_path, *run("a", *losses)).run("a")._repr_html_()
    assert {tag for tag, _ in tags_of(html)} <= TAGS
    assert "inf" not in html


def test_the_error_of_a_failed_run_is_on_its_card(tmp_path):
    failed = ("run/a", "TrainingFailed", at(2), {"error": "ValueError: no data\nmore", "traceback": "…"})
    assert "ValueError: no data" in text_of(log(tmp_path, *run("a"), failed).run("a")._repr_html_())


def test_a_state_that_is_shown_has_what_every_state_has(tmp_path):
    asked = log(tmp_path, *run("a", 1.0))
    state = asked.run("a")
    assert state == asked.run("a")
    assert (state.stream, state.kind, state.metrics["loss"].last.value) == ("run/a", "run", 1.0)


def test_a_comparison_prints_as_its_sentence_and_tables(tmp_path):
    comparison = log(tmp_path, *run("a", 1.0), *run("b", 0.5, hyperparameters={"C": 10})).compare(["a", "b"])
    lines = str(comparison).splitlines()
    assert lines[0] == "only hyperparameter C differs"
    assert "params.C  1.5  10" in lines
    assert "loss best, last  1 @ 0  0.5 @ 0 (-0.5), better" in lines
    assert any(line.startswith("not recorded: code, datasets") for line in lines)
    assert text_of(comparison._repr_html_()).startswith("only hyperparameter C differs input a b params.C 1.5 10 metric a b")


def test_a_lineage_prints_as_what_came_of_what(tmp_path):
    registered = ("model/digits", "ModelRegistered", at(3), {"version": 1, "run": "run/a", "registered_by": "ana"})
    lineage = log(tmp_path, *run("a"), registered).lineage("model/digits", as_of=at(4))
    assert str(lineage).splitlines() == [
        "lineage of model/digits, as of 2026-11-22T15:04:00.000000Z",
        "",
        "from   what  to              when (UTC)        by   more",
        "run/a  made  model/digits@1  2026-11-22 15:03  ana",
    ]
    assert "run/a made model/digits@1 2026-11-22 15:03 ana" in text_of(lineage._repr_html_())


def test_columns_stand_below_each_other_whatever_letters_a_cell_has():
    lines = text_table(["name", "value"], [["\u65e5\u672c", "1"], ["e\u0301", "2"]]).splitlines()
    assert lines == ["name  value", "\u65e5\u672c  1", "e\u0301     2"]


def test_what_an_event_holds_is_never_markup_and_no_terminal_obeys_it(tmp_path):
    facts = [
        *run("a", 1.0, metric=HOSTILE, model=HOSTILE, hyperparameters={HOSTILE: HOSTILE}),
        *run("b", 1.0, metric=HOSTILE, datasets=[{"uri": HOSTILE, "sha256": "ab" * 32, "role": HOSTILE}], requested_by=HOSTILE),
        ("run/a", "TrainingFailed", at(5), {"error": HOSTILE}),
    ]
    asked = log(tmp_path, *facts)
    answers = [asked.run("a"), asked.compare(["a", "b"]), asked.lineage("run/b")]
    for html in (answer._repr_html_() for answer in answers):
        assert {tag for tag, _ in tags_of(html)} <= TAGS
        assert "\u202e" not in html
        assert "\x1b" not in html
        assert "</script><img src=x" in text_of(html)
    for text in map(str, answers[1:]):
        assert "\u202e" not in text
        assert "\x1b" not in text
