"""Runs side by side on a page: what differs is marked by more than colour, and what is the same is one click away."""

import re

import pytest
from training_events.errors import Misused, NoSuchStream
from training_events.pages.comparison.section import MAX_PACKAGES, comparison_section
from training_events.pages.page import Asked, Page

from tests.support.pages import html_of, shown_log, tags_of, text_of

NOW = Asked()
HOSTILE = "</script><img src=x onerror=alert(1)>\"'\u202e\x1b[31m"


def at(minute):
    return f"2026-11-22T15:{minute:02d}:00.000000Z"


def run(name, *losses, metric="loss", **spec):
    stream = f"run/{name}"
    pinned = {"model": "digits", "hyperparameters": {"C": 1}, "seeds": 7} | spec
    points = [{"name": metric, "value": value, "step": step} for step, value in enumerate(losses)]
    return [(stream, "TrainingStarted", at(0), pinned), (stream, "MetricsRecorded", at(1), {"points": points})]


def compared(tmp_path, *facts, runs=("run/a", "run/b"), asked=NOW):
    return comparison_section(shown_log(tmp_path, *facts), runs, asked)


def html(section):
    return html_of(Page("a and b", "compare", [section]))


def test_the_sentence_comes_first_and_a_value_that_differs_says_so_in_words(tmp_path):
    shown = text_of(html(compared(tmp_path, *run("a", 1.0), *run("b", 0.5, hyperparameters={"C": 10}))))
    assert shown.index("only hyperparameter C differs") < shown.index("Inputs that differ")
    assert "params.C 1 differs: 10" in shown
    assert "2 inputs that are the same Inputs that are the same input of all runs model digits seed 7" in shown


def test_the_better_value_is_named_by_the_goal(tmp_path):
    both = [*run("a", 1.0, 0.5), *run("b", 1.0, 0.25)]
    tables = compared(tmp_path / "loss", *both).content.metrics
    assert [[cell.is_better for cell in row.cells] for row in tables[0].rows] == [[False, True], [False, False], [False, True]]
    accuracies = [*run("a", 0.5, metric="accuracy"), *run("b", 0.25, metric="accuracy")]
    shown = text_of(html(compared(tmp_path / "accuracy", *accuracies)))
    assert "accuracy best, last higher is better 0.5 @ 0 better 0.25 @ 0 -0.25" in shown


def test_of_three_runs_the_best_is_named_and_one_without_the_metric_is_absent(tmp_path):
    facts = [*run("a", 1.0), *run("b", 0.5), *run("c", 1.0, metric="other")]
    shown = text_of(html(compared(tmp_path, *facts, runs=["run/a", "run/b", "run/c"])))
    assert "loss best, last lower is better 1.0 @ 0 0.5 @ 0 -0.5 best absent" in shown.replace(" 1 @ 0", " 1.0 @ 0")


def test_values_that_are_not_finite_are_shown_and_never_the_better_ones(tmp_path):
    section = compared(tmp_path, *run("a", 0.5), *run("b", "NaN"))
    shown = text_of(html(section))
    assert "loss best lower is better 0.5 @ 0 none is finite loss last 0.5 @ 0 better NaN @ 0" in shown


def test_a_digest_is_cut_with_the_whole_of_it_in_reach(tmp_path):
    one, other = ([{"uri": "s3://b/d.npz", "sha256": letter * 64, "role": "train"}] for letter in "ab")
    page = html(compared(tmp_path, *run("a", 1.0, datasets=one), *run("b", 1.0, datasets=other)))
    assert "sha256 bbbbbbbbbbbb" in text_of(page)
    assert any("b" * 64 in (attributes.get("title") or "") for _, attributes in tags_of(page))


def test_many_packages_that_differ_do_not_bury_the_rest(tmp_path):
    one, other = ({f"package-{number:03d}": f"{major}.0" for number in range(100)} for major in (1, 2))
    content = compared(tmp_path, *run("a", 1.0, packages=one), *run("b", 1.0, packages=other)).content
    assert (len(content.differing), len(content.packages)) == (MAX_PACKAGES, 100 - MAX_PACKAGES)


def test_attempts_are_compared_and_a_past_time_is_that_of_all(tmp_path):
    facts = [*run("a", 1.0), ("run/a", "TrainingStarted", at(5), {"model": "digits", "hyperparameters": {"C": 2}, "seeds": 7})]
    section = compared(tmp_path / "now", *facts, runs=["run/a@1", "run/a@2"])
    assert section.content.summary == "only hyperparameter C differs"
    with pytest.raises(Misused, match="has no attempt 2"):
        compared(tmp_path / "past", *facts, runs=["run/a@1", "run/a@2"], asked=Asked(as_of=at(2)))


@pytest.mark.parametrize(
    ("runs", "error", "says"),
    [
        ([], Misused, "the number of runs to compare is 0; allowed: 2 to 50"),
        (["run/a"], Misused, "the number of runs to compare is 1; allowed: 2 to 50"),
        (["run/a", "a"], Misused, "given twice"),
        (["run/aa", "run/b"], NoSuchStream, "did you mean `run/a`"),
        (["run/a", "model/digits"], Misused, "is a model; allowed: runs"),
    ],
)
def test_a_mistake_is_one_clear_line(tmp_path, runs, error, says):
    with pytest.raises(error, match=re.escape(says)):
        compared(tmp_path, *run("a", 1.0), *run("b", 1.0), runs=runs)


def test_what_an_event_holds_is_never_markup(tmp_path):
    def facts(text):
        datasets = [{"uri": text, "sha256": "ab" * 32, "role": text}]
        more = {"code": {"commit": text, "dirty": True}, "arguments": [text], "datasets": datasets, "model": text}
        return [*run("a", 1.0, metric=text), *run("b", 0.5, metric=text, hyperparameters={text: text}, **more)]

    hostile, plain = (
        html(compared(tmp_path / "hostile", *facts(HOSTILE))),
        html(compared(tmp_path / "plain", *facts("plain err"))),
    )
    assert [(tag, sorted(attributes)) for tag, attributes in tags_of(hostile)] == [
        (tag, sorted(attributes)) for tag, attributes in tags_of(plain)
    ]
    assert "\u202e" not in hostile
    assert "\x1b" not in hostile


def point(number, value):
    return {"name": f"metric-{number:03d}", "value": value, "step": 1}


def test_fifty_runs_with_two_hundred_metrics_are_a_page_of_bounded_size(tmp_path):
    facts = [
        (f"run/r{run}", "MetricsRecorded", at(1), {"points": [point(number, number + run) for number in range(300)]})
        for run in range(50)
    ]
    section = compared(tmp_path, *facts, runs=[f"run/r{number}" for number in range(50)])
    assert section.content.more_metrics == 80
    assert len(html(section)) < 4_000_000


def test_of_runs_with_more_points_than_are_read_it_says_what_is_not_compared(tmp_path):
    sources = shown_log(tmp_path, *run("a", 1.0, 0.5), *run("b", 1.0, 0.25))
    shorter = comparison_section(sources, ["run/a", "run/b"], NOW, max_points=3)
    assert [row.what for row in shorter.content.metrics[0].rows] == ["best, last"]
    assert "These runs have 4 points: too many to read" in text_of(html(shorter))
    assert "training-events compare run/a run/b does that" in text_of(html(shorter))
    whole = comparison_section(sources, ["run/a", "run/b"], NOW, max_points=4)
    assert [row.what for row in whole.content.metrics[0].rows] == ["best, last", "step 0", "step 1"]
