"""The table of runs: it sorts, filters and chooses columns by plain links and forms, and whatever runs hold is text in it."""

from collections import Counter

import pytest
from training_events.errors import Misused
from training_events.pages.lists.runs import runs_page
from training_events.pages.page import Asked, Query
from training_events.pages.rendering import render
from training_events.pages.server.addresses import UiAddresses

from tests.support.hostile_texts import HOSTILE
from tests.support.pages import shown_log, tags_of, text_of

NOW = Asked()


def at(minute):
    return f"2026-11-22T15:{minute:02d}:00.000000Z"


def run(number, *values, metric="accuracy", **started):
    points = [{"name": metric, "value": value, "step": step} for step, value in enumerate(values)]
    yield f"run/digits-{number}", "TrainingStarted", at(3 * number), {"model": "digits", **started}
    yield f"run/digits-{number}", "MetricsRecorded", at(3 * number + 1), {"points": points}
    yield f"run/digits-{number}", "TrainingCompleted", at(3 * number + 2), {}


@pytest.fixture
def runs(tmp_path):
    """Three runs; the second is the best one."""
    return shown_log(
        tmp_path,
        *run(0, 0.5, 0.9, hyperparameters={"alpha": 1.0, "learning rate": 3}),
        *run(1, 0.6, "NaN", 0.99, hyperparameters={"alpha": 0.5, "learning rate": 2}),
        *run(2, 0.4, 0.8, hyperparameters={"alpha": 0.25, "learning rate": 1}),
    )


def table_of(sources, asked=NOW, **parameters):
    return page_of(sources, asked, **parameters).sections[0].content


def page_of(sources, asked=NOW, **parameters):
    given = {name: value if isinstance(value, list) else [value] for name, value in parameters.items()}
    return runs_page(sources, asked, Query(given))


def html_of(sources, asked=NOW, **parameters):
    return render("layout.html", UiAddresses(asked), page=page_of(sources, asked, **parameters))


def test_a_head_sorts_by_its_column_the_best_first_and_then_the_other_way_round(runs):
    by_title = {head.title: head for head in table_of(runs).heads}
    assert by_title["accuracy"].sort_address == "?sort=-metrics.accuracy"
    assert by_title["alpha"].sort_address == "?sort=params.alpha"
    assert by_title["learning rate"].sort_address == "?sort=params.%60learning+rate%60"
    assert by_title["started"].sort_address == "?sort=-started_at"
    head = {head.title: head for head in table_of(runs, sort="-metrics.accuracy", limit="2", page="2").heads}["accuracy"]
    assert (head.sorted, head.sort_address) == ("descending", "?sort=metrics.accuracy&limit=2")


@pytest.mark.parametrize(
    ("parameters", "mistake"),
    [
        ({"where": "metrics.acuracy > 1"}, "did you mean `accuracy`?"),
        ({"where": "metrics.accuracy >"}, "where, at character 19: expected a number"),
        ({"sort": "-metrics.acuracy"}, "order: no metric `acuracy` in these runs; did you mean `accuracy`?"),
    ],
)
def test_a_mistake_is_told_beside_the_field_and_what_was_typed_is_kept(runs, parameters, mistake):
    html = html_of(runs, **parameters)
    assert mistake in text_of(html)
    assert not table_of(runs, **parameters).rows
    [field] = [attributes for tag, attributes in tags_of(html) if attributes.get("id") == "where"]
    assert (field["value"], field["aria-invalid"]) == (parameters.get("where", ""), "true")
    assert "mistake" in field["aria-describedby"].split()


def test_what_sorts_wrongly_is_not_sent_again(runs):
    def hidden(**parameters):
        return [
            tag["name"] for name, tag in tags_of(html_of(runs, **parameters)) if name == "input" and tag["type"] == "hidden"
        ]

    assert hidden(sort="-metrics.accuracy") == ["sort", "sort"], "to filter, and to choose columns"
    assert hidden(sort="-metrics.acuracy") == []


def test_columns_are_those_of_the_address(runs):
    table = table_of(runs, columns=["params.alpha", "metrics.accuracy.last", "tags.none"], limit="1")
    assert [head.field for head in table.heads] == ["run", "params.alpha", "metrics.accuracy.last", "tags.none"]
    assert [cell.value for cell in table.rows[0].cells] == ["run/digits-2", 0.25, 0.8, None]
    assert [choice.field for choices in table.choices.values() for choice in choices if choice.chosen] == [
        "params.alpha",
        "metrics.accuracy.last",
        "tags.none",
    ]
    assert table.older == "?columns=params.alpha&columns=metrics.accuracy.last&columns=tags.none&limit=1&page=2"
    with pytest.raises(Misused, match="there is no column `stauts`; did you mean `status`"):
        table_of(runs, columns="stauts")


def test_who_filters_keeps_the_columns_that_were_chosen_and_chooses_none(runs):
    def sent(**parameters):
        tags = tags_of(html_of(runs, where="status = 'completed'", **parameters))
        return [tag["value"] for _, tag in tags if tag.get("name") == "columns" and tag["type"] == "hidden"]

    assert sent() == []
    assert sent(columns=["params.alpha", "model"]) == ["params.alpha", "model"]


@pytest.mark.parametrize(("name", "value"), [("limit", "0"), ("limit", "501"), ("page", "x"), ("page", "-1"), ("page", "٣")])
def test_a_number_that_is_none_is_said(runs, name, value):
    with pytest.raises(Misused, match=f"{name} is .*; it is a whole number from 1 to"):
        table_of(runs, **{name: value})


def test_a_column_of_a_metric_has_the_outline_of_its_curve_with_what_is_not_finite_as_marks(runs):
    curves = [row.cells[1].curve for row in table_of(runs, columns="metrics.accuracy").rows]
    assert [curve.points for curve in curves] == ["2.0,14.0 62.0,2.0", "2.0,14.0 62.0,2.0", "2.0,14.0 62.0,2.0"]
    assert [curve.marks for curve in curves] == [[], [("32.0", "2.0")], []]
    past = table_of(runs, Asked(as_of=at(59)), columns="metrics.accuracy")
    assert [row.cells[1].curve for row in past.rows] == [None, None, None], "no state is folded for them alone"


def test_runs_that_are_chosen_go_to_their_comparison_at_the_same_times(runs):
    tags = tags_of(html_of(runs, Asked(as_of=at(59))))
    assert [tag["action"] for name, tag in tags if name == "form" and "action" in tag] == ["/compare"]
    assert [tag["value"] for name, tag in tags if tag.get("name") == "run"] == ["digits-2", "digits-1", "digits-0"]
    assert [tag["value"] for name, tag in tags if tag.get("name") == "as_of"] == [at(59)] * 3, "of all forms"


def test_an_empty_log_says_how_a_run_is_recorded(tmp_path):
    sources = shown_log(tmp_path, ("model/digits", "ModelRegistered", at(0), {"version": 1}))
    assert "No runs yet. Two lines record one:" in text_of(html_of(sources))


def kinds_of(html):
    """How many tags of each kind; names come in their own order."""
    return Counter((tag, frozenset(attributes)) for tag, attributes in tags_of(html))


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_whatever_runs_hold_is_text(tmp_path, hostile):
    def shown(text, folder):
        facts = [*run(0, 0.5, metric=text, hyperparameters={text: text}), *run(1, 0.7, metric=text, hyperparameters={text: 2})]
        facts += [("run/digits-0", "Tagged", at(50), {"tags": {text: text, "group": text}})]
        facts += [("run/digits-0", "Described", at(51), {"name": text})]
        sources = shown_log(folder, *facts)
        columns = [f"{kind}.{text}" for kind in ("metrics", "params", "tags")] + ["name", "group"]
        return html_of(sources, columns=columns), html_of(sources, where=text)

    for html, plain in zip(shown(hostile, tmp_path / "hostile"), shown("plain", tmp_path / "plain"), strict=True):
        assert kinds_of(html) == kinds_of(plain)
        assert not {"\u202e", "\x1b", "\x00"} & set(text_of(html))
