"""What pages of lists show, the same of tables as of a file."""

from typing import Any

import pytest
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
    """Eight runs, of which the third is hidden. The best one is the second."""
    for number in range(8):
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
    table = table_of(runs, limit="5")
    assert ids(table) == [7, 6, 5, 4, 3]
    assert (table.newer, table.older) == (None, "?limit=5&page=2")
    table = table_of(runs, limit="5", page="2")
    assert ids(table) == [1, 0]
    assert (table.newer, table.older, table.first) == ("?limit=5", None, 6)
    assert table_of(runs, page="2").nothing == "page"


def test_hidden_runs_are_there_on_demand(runs: Asked) -> None:
    assert ids(table_of(runs, limit="5", page="2", hidden="1")) == [2, 1, 0]


def test_a_condition_and_an_order_say_which_runs(runs: Asked) -> None:
    assert ids(table_of(runs, where="metrics.accuracy > 0.05", sort="-metrics.accuracy")) == [1, 7, 6]
    assert ids(table_of(runs, where="metrics.accuracy > 0.05", sort="metrics.accuracy", limit="2")) == [6, 7]
    assert table_of(runs, where="metrics.accuracy > 2").nothing == "condition"


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
    catalogue.record("model/m-4f0c", "ModelLogged", "15:40:00", name="tree")
    bring_up_to_date(catalogue.sources)
    [section] = models_page(catalogue.sources, NOW, Query()).sections
    assert ([row.stream for row in section.content.rows], section.content.logged_left_out) == (["model/digits"], 1)
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
