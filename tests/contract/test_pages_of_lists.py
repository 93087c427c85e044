"""What pages of lists show, the same of tables as of a file."""

from typing import Any

import pytest
from training_events.errors import Misused
from training_events.pages import page
from training_events.pages.lists.runs import runs_page
from training_events.pages.lists.serving import serving_page
from training_events.pages.lists.streams import datasets_page, models_page
from training_events.pages.page import Query
from training_events.reading.opening import bring_up_to_date

from tests.support.asking import Asked

NOW = page.Asked()


@pytest.fixture
def runs(asked: Asked) -> Asked:
    """Sixty runs, of which the third is hidden. The best one is the second."""
    for number in range(60):
        stream, minute = f"run/digits-{number:02d}", f"15:{number:02d}"
        asked.record(stream, "TrainingStarted", f"{minute}:00", model="digits", hyperparameters={"alpha": 1 / (number + 1)})
        points = [{"name": "accuracy", "value": 0.99 if number == 1 else number / 100, "step": step} for step in range(2)]
        asked.record(stream, "MetricsRecorded", f"{minute}:10", points=points)
        asked.record(stream, "TrainingCompleted", f"{minute}:20")
    asked.record("run/digits-02", "Hidden", "16:30:00", by="ada")
    bring_up_to_date(asked.sources)
    return asked


def table_of(asked: Asked, times: page.Asked = NOW, **parameters: str) -> Any:
    return shown(asked, {name: [value] for name, value in parameters.items()}, times)


def shown(asked: Asked, parameters: dict[str, list[str]], times: page.Asked = NOW) -> Any:
    [section] = runs_page(asked.sources, times, Query(parameters)).sections
    return section.content


def ids(table: Any) -> list[int]:
    return [int(row.run.id.removeprefix("digits-")) for row in table.rows]


def test_the_newest_runs_come_first_and_each_page_leads_to_the_next(runs: Asked) -> None:
    table = table_of(runs)
    assert ids(table) == list(range(59, 9, -1))
    assert (table.newer, table.older) == (None, "?page=2")
    table = table_of(runs, page="2")
    assert ids(table) == [9, 8, 7, 6, 5, 4, 3, 1, 0]
    assert (table.newer, table.older, table.first) == ("?", None, 51)
    assert table_of(runs, page="3").nothing == "page"


def test_hidden_runs_are_there_on_demand(runs: Asked) -> None:
    assert ids(table_of(runs, page="2", hidden="1")) == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]


def test_a_condition_and_an_order_say_which_runs(runs: Asked) -> None:
    assert ids(table_of(runs, where="metrics.accuracy > 0.56", sort="-metrics.accuracy")) == [1, 59, 58, 57]
    assert ids(table_of(runs, where="metrics.accuracy > 0.56", sort="metrics.accuracy", limit="2")) == [57, 58]
    assert table_of(runs, where="metrics.accuracy > 2").nothing == "condition"


def test_a_head_sorts_by_its_column_the_best_first_and_then_the_other_way_round(runs: Asked) -> None:
    by_title = {head.title: head for head in table_of(runs).heads}
    assert by_title["accuracy"].sort_address == "?sort=-metrics.accuracy"
    assert by_title["alpha"].sort_address == "?sort=params.alpha"
    assert by_title["started"].sort_address == "?sort=-started_at"
    sorted_ = {head.title: head for head in table_of(runs, sort="-metrics.accuracy", page="2").heads}["accuracy"]
    assert (sorted_.sorted, sorted_.sort_address) == ("descending", "?sort=metrics.accuracy")


@pytest.mark.parametrize(
    ("parameters", "mistake"),
    [
        ({"where": "metrics.acuracy > 1"}, "did you mean `accuracy`?"),
        ({"where": "metrics.accuracy >"}, "where, at character 19: expected a number"),
        ({"sort": "-metrics.acuracy"}, "order: no metric `acuracy` in these runs; did you mean `accuracy`?"),
    ],
)
def test_a_mistake_is_told_and_what_was_typed_is_kept(runs: Asked, parameters: dict[str, str], mistake: str) -> None:
    table = shown(runs, {name: [value] for name, value in parameters.items()})
    assert mistake in table.mistake
    assert not table.rows
    assert table.query.where == parameters.get("where", "")


def test_a_past_table_has_what_was_known_then(runs: Asked) -> None:
    then = page.Asked(as_of="2026-11-22T15:02:05.000000Z")
    table = table_of(runs, times=then)
    assert [(row.run.id, row.run.status) for row in table.rows] == [
        ("digits-02", "running"),
        ("digits-01", "completed"),
        ("digits-00", "completed"),
    ]
    assert {head.sort_address.partition("&")[0] for head in table.heads} == {"?as_of=2026-11-22T15%3A02%3A05.000000Z"}
    assert table_of(runs, times=page.Asked(as_of="2020-01-01T00:00:00.000000Z")).nothing == "time"


def test_columns_are_those_of_the_address(runs: Asked) -> None:
    [section] = runs_page(
        runs.sources, NOW, Query({"columns": ["params.alpha", "metrics.accuracy.last", "tags.none"]})
    ).sections
    table = section.content
    assert [head.field for head in table.heads] == ["run", "params.alpha", "metrics.accuracy.last", "tags.none"]
    assert [cell.value for cell in table.rows[0].cells] == ["run/digits-59", pytest.approx(1 / 60), 0.59, None]
    assert [choice.field for choices in table.choices.values() for choice in choices if choice.chosen] == [
        "params.alpha",
        "metrics.accuracy.last",
        "tags.none",
    ]
    assert table.older == "?columns=params.alpha&columns=metrics.accuracy.last&columns=tags.none&page=2"
    with pytest.raises(Misused, match="there is no column `stauts`; did you mean `status`"):
        table_of(runs, columns="stauts")


@pytest.mark.parametrize(("name", "value"), [("limit", "0"), ("limit", "501"), ("page", "x"), ("page", "-1"), ("page", "٣")])
def test_a_number_that_is_none_is_said(runs: Asked, name: str, value: str) -> None:
    with pytest.raises(Misused, match=f"{name} is .*; it is a whole number from 1 to"):
        shown(runs, {name: [value]})


def test_a_column_of_a_metric_has_the_outline_of_its_curve(runs: Asked) -> None:
    table = table_of(runs, columns="metrics.accuracy")
    assert table.rows[0].cells[1].curve.points == "2.0,8.0 62.0,8.0"


@pytest.fixture
def catalogue(asked: Asked) -> Asked:
    """Two models, of which one is hidden and serves, and a dataset."""
    for number, model in enumerate(("digits", "hidden")):
        asked.record(f"model/{model}", "ModelRegistered", f"15:0{number}:00", version=1, run=f"{model}-1")
        asked.record(f"model/{model}", "ModelPromoted", f"15:0{number}:10", version=1, stage="production", promoted_by="ada")
    asked.record("model/digits", "ModelPromoted", "15:10:00", version=1, stage="canary")
    asked.record("model/hidden", "Hidden", "15:20:00")
    asked.record("dataset/digits", "DatasetRegistered", "15:30:00", uri="s3://b/d.npz", sha256="ab" * 32, bytes=7)
    bring_up_to_date(asked.sources)
    return asked


def test_models_and_datasets_are_listed_and_hidden_ones_are_counted(catalogue: Asked) -> None:
    [section] = models_page(catalogue.sources, NOW, Query()).sections
    assert ([row.stream for row in section.content.rows], section.content.hidden_left_out) == (["model/digits"], 1)
    assert section.content.with_hidden == "?hidden=1"
    [section] = models_page(catalogue.sources, NOW, Query({"hidden": ["1"]})).sections
    assert ([row.stream for row in section.content.rows], section.content.hidden_left_out) == (
        ["model/hidden", "model/digits"],
        0,
    )
    [section] = datasets_page(catalogue.sources, NOW, Query()).sections
    assert [(row.stream, row.bytes) for row in section.content.rows] == [("dataset/digits", 7)]
    [section] = datasets_page(catalogue.sources, page.Asked(as_of="2026-11-22T15:29:00.000000Z"), Query()).sections
    assert not section.content.rows


def test_what_serves_each_stage_is_told_of_any_time_and_a_hidden_model_still_serves(catalogue: Asked) -> None:
    def served(times: page.Asked) -> dict[str, list[str]]:
        [section] = serving_page(catalogue.sources, times, Query()).sections
        return {stage: [item.model for item in items] for stage, items in section.content.stages.items()}

    assert served(NOW) == {"canary": ["digits"], "production": ["digits", "hidden"]}
    assert served(page.Asked(as_of="2026-11-22T15:00:30.000000Z")) == {"production": ["digits"]}
    assert served(page.Asked(as_of="2026-11-22T14:00:00.000000Z")) == {}
