"""Lists as tables: for pandas, for Arrow, in a console and in a notebook."""

import math
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from training_events.errors import Misused
from training_events.folds.headline import Headline
from training_events.folds.summary import RunSummary
from training_events.reading.points import MetricPoint
from training_events.reading.rows import Rows
from training_events.reading.shown_table import MAX_SHOWN_ROWS

AT = "2026-11-22T15:08:39.955123Z"


def a_run(name: str, **fields: Any) -> RunSummary:
    given = {"model": "digits", "started_at": AT, "finished_at": None, "duration_seconds": 1.5, "metrics": {}} | fields
    return RunSummary(stream=f"run/{name}", status="completed", first_at=AT, events=3, **given)


RUNS = Rows(
    RunSummary,
    [
        a_run("a", metrics={"loss": Headline("minimize", 0.25, 0.5), "epoch": Headline("maximize", None, 3)},
              tags={"team": "vision"}),
        a_run("b", metrics={"loss": Headline("minimize", None, "NaN")}, hyperparameters={"alpha": 1, "mixed": "text"}),
        a_run("c", started_at=None, hyperparameters={"alpha": 2, "mixed": 0.5, "lr": 0.1, "big": 2**64 - 1, "on": True}),
    ],
)  # fmt: skip


def test_rows_are_a_sequence_of_the_structs():
    assert [run.id for run in RUNS] == ["a", "b", "c"]
    assert RUNS[1:] == [RUNS[1], RUNS[2]] == list(RUNS)[1:]
    assert isinstance(RUNS[1:], Rows)
    assert RUNS[-1].stream == "run/c"
    assert RUNS[1:] != RUNS
    assert len(RUNS) == 3


def test_a_frame_has_a_column_for_each_name():
    frame = RUNS.to_pandas()
    assert list(frame["run"]) == ["a", "b", "c"]
    assert frame["metrics.loss"].dtype == "float64"
    assert frame["metrics.loss"][0] == 0.25
    assert math.isnan(frame["metrics.loss"][1])
    assert frame["metrics.epoch"][0] == 3
    assert list(frame.columns).index("metrics.loss") < list(frame.columns).index("metrics.epoch")
    assert frame["tags.team"][0] == "vision"
    assert str(frame["started_at"].dtype) == "datetime64[us, UTC]"
    assert frame["started_at"][0] == datetime.fromisoformat(AT)
    assert frame["started_at"].isna().tolist() == [False, False, True]


def test_a_value_in_a_frame_is_what_was_recorded():
    frame = RUNS.to_pandas()
    assert [type(value) for value in frame["params.mixed"][1:]] == [str, float]
    assert frame["params.alpha"].dtype == "Int64"
    assert frame["params.alpha"][2] == 2
    assert frame["params.big"][2] == 2**64 - 1
    assert frame["params.on"][2] is True


def test_a_table_of_arrow_has_the_same_columns():
    table = RUNS.to_arrow()
    assert table.column_names == list(RUNS.to_pandas().columns)
    assert str(table.schema.field("started_at").type) == "timestamp[us, tz=UTC]"
    assert table["params.alpha"].to_pylist() == [None, 1, 2]
    assert table["params.mixed"].to_pylist() == [None, '"text"', "0.5"]
    assert table["started_at"].to_pylist()[0] == datetime(2026, 11, 22, 15, 8, 39, 955123, tzinfo=UTC)


def test_a_list_without_rows_is_an_empty_table():
    empty = Rows(RunSummary, [])
    assert len(empty.to_pandas()) == empty.to_arrow().num_rows == 0
    assert {"run", "status", "started_at"} <= set(empty.to_pandas().columns)
    assert repr(empty) == "0 rows"


def test_points_are_a_table():
    point = MetricPoint("a", "loss", 1, math.inf, AT, 1, stands=True)
    frame = Rows(MetricPoint, [point]).to_pandas()
    assert list(frame.columns) == ["run", "metric", "step", "value", "at", "attempt", "stands"]
    assert frame["value"][0] == math.inf


@pytest.mark.parametrize(("method", "module", "extra"), [("to_pandas", "pandas", "pandas"), ("to_arrow", "pyarrow", "parquet")])
def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, method: str, module: str, extra: str):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(Misused, match=rf"{method} needs {module}: pip install 'training-events\[{extra}\]'"):
        getattr(RUNS, method)()


def test_a_console_shows_the_beginning_with_what_differs():
    lines = repr(RUNS).splitlines()
    assert lines[0] == "3 rows"
    assert lines[1].split() == [
        "run",
        "status",
        "model",
        "started_at",
        "metrics.loss",
        "metrics.epoch",
        "params.alpha",
        "params.big",
    ]
    assert lines[2].split() == ["a", "completed", "digits", "2026-11-22", "15:08:39", "0.25", "3"]
    many = Rows(RunSummary, [a_run(str(number)) for number in range(MAX_SHOWN_ROWS + 1)])
    assert repr(many).startswith(f"{MAX_SHOWN_ROWS + 1} rows, of which these are the first {MAX_SHOWN_ROWS}\n")
    assert len(repr(many).splitlines()) == MAX_SHOWN_ROWS + 2


def test_a_hostile_name_stays_text():
    hostile = Rows(
        RunSummary, [a_run("</td><script>alert(1)</script>\x1b[31m" + "x" * 2000, model="\u0631\u0642\u0645 \U0001f600")]
    )
    assert "<script>" not in hostile._repr_html_()
    assert "&lt;/td&gt;" in hostile._repr_html_()
    assert "\x1b" not in repr(hostile)
    assert max(map(len, repr(hostile).splitlines())) < 200
    assert "\u0631\u0642\u0645 \U0001f600" in repr(hostile)


def test_one_can_calculate_with_columns_in_which_no_row_has_a_value():
    for rows in (Rows(RunSummary, []), Rows(RunSummary, [a_run("a", duration_seconds=None)])):
        frame = rows.to_pandas()
        assert (frame["duration_seconds"] / 60).isna().all()
        assert frame[frame["seeded"]]["run"].tolist() == []
        types = {field.name: str(field.type) for field in rows.to_arrow().schema}
        assert (types["duration_seconds"], types["error"], types["datasets"]) == ("double", "string", "string")


def test_a_metric_that_is_0_in_all_rows_is_shown():
    assert "metrics.errors" in repr(Rows(RunSummary, [a_run("a", metrics={"errors": Headline("minimize", 0.0, 0.0)})]))
