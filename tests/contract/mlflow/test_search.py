"""MLflow's search for runs."""

import math
from typing import Any

import pytest
from mlflow.entities import Metric, Param, RunStatus, RunTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow.utils.search_utils import SearchUtils

from tests.contract.mlflow.behaviours import answered, differs, refused
from tests.contract.mlflow.calls import found, new_run, raised_code
from tests.contract.mlflow.test_inputs import dataset

pytestmark = pytest.mark.slow


def searched(store: Any, *filters: tuple[str, str]) -> None:
    """Two runs, `a` and `b`: each filter finds those that are named."""
    names = {}
    for name in "ab":
        names[new_run(store, name=name)] = name
    a, b = names
    store.log_batch(
        a,
        [Metric("common", 1.0, 1, 0), Metric("own", 1.0, 1, 0), Metric("only a", 2.0, 2, 0), Metric("nan", math.nan, 1, 0)],
        [Param("same", "p_val"), Param("own", "some value"), Param("p_a", "abc"), Param("number", "0.10")],
        [RunTag("same", "t_val"), RunTag("own", "some value")],
    )
    store.log_batch(
        b,
        [
            Metric("common", 1.0, 1, 0), Metric("own", 200.0, 2, 0), Metric("own", 400.0, 3, 0),
            Metric("late", 4.0, 8, 0), Metric("late", 8.0, 3, 0), Metric("nan", 0.0, 1, 0),
        ],
        [Param("same", "p_val"), Param("own", "another value"), Param("p_b", "ABC")],
        [RunTag("same", "t_val"), RunTag("own", "another value"), RunTag("other", "x")],
    )  # fmt: skip
    for filter_string, expected in filters:
        assert {names[run_id] for run_id in found(store, filter_string)} == set(expected), filter_string


@answered("Runs are found by the latest value of a metric.")
def test_runs_are_found_by_metrics(store: Any) -> None:
    searched(
        store,
        ("metrics.common = 1.0", "ab"), ("metrics.common != 1", ""), ("metrics.common >= 3", ""), ("metrics.common < 4", "ab"),
        ("metrics.own < 50", "a"), ("metrics.own > 50", "b"), ("metrics.own = 400", "b"), ("metrics.own = 200", ""),
        ("metrics.`only a` > 1", "a"), ("metrics.late = 4", "b"), ("metrics.late > 5", ""), ("metrics.nobody > 0", ""),
        ("metrics.nan != 5", "ab"), ("metrics.nan <= 0", "b"), ("metrics.nan = 0", "b"),
    )  # fmt: skip


@answered(
    "Runs are found by params and tags, as texts: =, !=, LIKE, ILIKE, IS NULL, IS NOT NULL; a run without one only by IS NULL."
)
def test_runs_are_found_by_params_and_tags(store: Any) -> None:
    searched(
        store,
        ("params.same = 'p_val'", "ab"), ("params.same != 'p_val'", ""), ("params.own = 'some value'", "a"),
        ("params.own != 'some value'", "b"),
        ("params.p_a = 'ABC'", ""), ("params.p_a != 'ABC'", "a"), ("params.p_b = 'ABC'", "b"),
        ("params.own LIKE '%other%'", "b"), ("params.own LIKE 'other%'", ""), ("params.own LIKE '%Other%'", ""),
        ("params.own ILIKE '%Other%'", "b"), ("params.number = '0.10'", "a"), ("params.number = '0.1'", ""),
        ("params.p_a IS NULL", "b"), ("params.p_a IS NOT NULL", "a"),
        ("params.nobody = 'x'", ""), ("params.nobody IS NULL", "ab"),
        ("tags.same = 'T_VAL'", ""), ("tags.same != 'T_VAL'", "ab"),
        ("tags.own LIKE '%other%'", "b"), ("tag.own ILIKE 'SOME%'", "a"),
        ("tags.other IS NULL", "a"), ("tags.other IS NOT NULL and tags.same = 't_val'", "b"),
        ("params.same = 'p_val' and metrics.common = 1.0 and metrics.own > 1 and params.p_b ILIKE 'a%'", "b"),
    )  # fmt: skip


@answered("Runs are found by name, also as `Run name` and as a tag.")
def test_runs_are_found_by_name(store: Any) -> None:
    searched(
        store,
        ("attributes.run_name = 'a'", "a"), ("run_name != 'a'", "b"), ("attributes.`Run name` = 'b'", "b"),
        ("tags.`mlflow.runName` = 'b'", "b"), ("run_name LIKE 'A%'", ""), ("run_name ILIKE 'A%'", "a"),
    )  # fmt: skip


@answered("Runs are found by id, with IN and NOT IN, and by where their artifacts are.")
def test_runs_are_found_by_id(store: Any) -> None:
    a, b = new_run(store), new_run(store)
    assert found(store, f"run_id = '{a}'") == [a]
    assert found(store, f"attributes.run_id != '{a}'") == [b]
    assert set(found(store, f"run_id IN ('{a}','{b}', 'c')")) == {a, b}
    assert found(store, f"run_id NOT IN ('{a}')") == [b]
    assert found(store, f"run_id NOT IN ('{a}', '{b}')") == []
    uri = store.get_run(a).info.artifact_uri
    assert found(store, f"artifact_uri = '{uri}'") == [a]
    assert found(store, f"artifact_uri = '{uri}/more'") == []
    assert set(found(store, f"artifact_uri != '{uri.upper()}'")) == {a, b}
    assert found(store, f"artifact_uri LIKE '%{a}%'") == [a]
    assert found(store, f"artifact_uri ILIKE '%{a[:16].upper()}%'") == [a]


@answered("Runs are found by status, user, start and end.")
def test_runs_are_found_by_attributes(store: Any) -> None:
    a, b = new_run(store, start_time=1), new_run(store, start_time=3)
    store.update_run_info(b, RunStatus.FAILED, 300, None)
    for filter_string, expected in (
        ("status = 'RUNNING'", [a]), ("status = 'FAILED'", [b]), ("status != 'RUNNING'", [b]), ("status != 'nothing'", [b, a]),
        ("status = 'KILLED'", []), ("status LIKE 'FAIL%'", [b]), ("status ILIKE 'run%'", [a]), ("user_id = 'ada'", [b, a]),
        ("start_time = 1", [a]), ("start_time != 1", [b]), ("created > 1", [b]), ("attributes.Created >= 1", [b, a]),
        ("start_time < 3", [a]), ("start_time <= 3", [b, a]), ("end_time = 300", [b]), ("end_time > 300", []),
    ):  # fmt: skip
        assert found(store, filter_string) == expected, filter_string


@answered("Runs are found by the name, digest and context of a dataset.")
def test_runs_are_found_by_datasets(store: Any) -> None:
    a, b, c = (new_run(store, start_time=number) for number in (1, 3, 2))
    store.log_inputs(a, [dataset(1, "train"), dataset(2, "eval")])
    store.log_inputs(b, [dataset(1, "train"), dataset(3, "eval")])
    store.log_inputs(c, [dataset(2, "test")])
    for filter_string, expected in (
        ("dataset.name = 'name1'", {a, b}), ("dataset.digest = 'digest2'", {a, c}), ("dataset.name = 'name4'", set()),
        ("datasets.context = 'train'", {a, b}), ("dataset.context = 'test' and dataset.name = 'name2'", {c}),
        ("datasets.name IN ('name1', 'name2')", {a, b, c}), ("datasets.digest IN ('digest3', 'other')", {b}),
        ("datasets.name LIKE 'Name%'", set()), ("datasets.name ILIKE 'Name%'", {a, b, c}),
        ("datasets.digest LIKE 'digest3%'", {b}), ("datasets.context NOT IN ('test', 'eval')", {a, b}),
    ):  # fmt: skip
        assert set(found(store, filter_string)) == expected, filter_string


@answered("Runs are sorted by metrics: infinities in their place, then NaN, then runs without the metric, both ways.")
def test_runs_are_sorted_by_metrics(store: Any) -> None:
    names = {}
    for number, value in enumerate([None, "nan", "inf", "-inf", "-1000", "0", "0", "1000"], 1):
        run_id = new_run(store, start_time=123)
        names[run_id] = f"{value}/{number}"
        metrics = [] if value is None else [Metric("x", float(value), 1, 0), Metric("y", number, 1, 0)]
        store.log_batch(run_id, metrics, [Param("number", str(number))], [RunTag("number", str(number))])
    rising = ["-inf/4", "-1000/5", "0/6", "0/7", "1000/8", "inf/3", "nan/2", "None/1"]
    falling = ["inf/3", "1000/8", "0/7", "0/6", "-1000/5", "-inf/4", "nan/2", "None/1"]
    for order_by, expected in (
        (["metrics.x asc", "metrics.y asc"], rising), (["metrics.x", "tag.number"], rising),
        (["metrics.x DESC", "param.number DESC"], falling), (["metrics.x desc", "metrics.y desc"], falling),
    ):  # fmt: skip
        assert [names[run_id] for run_id in found(store, order_by=order_by)] == expected, order_by


@differs("Params and tags are sorted as texts.", "those that read as numbers are sorted as numbers")
def test_numbers_are_sorted_as_numbers(store: Any) -> None:
    runs = {value: new_run(store) for value in ("10", "9", "b", "a")}
    for value, run_id in runs.items():
        store.log_param(run_id, Param("n", value))
    assert found(store, order_by=["params.n ASC"]) == [runs[value] for value in ("9", "10", "a", "b")]


@answered("Runs are sorted by attributes; of equal ones the newest start comes first, then the lower id.")
def test_runs_are_sorted_by_attributes(store: Any) -> None:
    runs = {end: new_run(store, start_time=start) for start, end in enumerate((2340, None, 4560, 7890), 123)}
    for end, run_id in runs.items():
        if end is not None:
            store.update_run_info(run_id, RunStatus.FINISHED, end, None)
    by_end = [runs[end] for end in (2340, 4560, 7890)]
    assert found(store, order_by=["attribute.end_time asc"]) == [*by_end, runs[None]]
    assert found(store, order_by=["attribute.end_time desc"]) == [*reversed(by_end), runs[None]]
    assert found(store, order_by=["start_time asc"]) == list(runs.values())
    assert found(store) == list(reversed(runs.values()))
    same = sorted(new_run(store, start_time=99) for _ in range(3))
    assert found(store)[-3:] == same
    assert found(store, order_by=["metrics.nobody"])[-3:] == same


@answered("Runs come in pages, and a full last page has no token.")
@pytest.mark.parametrize("order_by", [[], ["attributes.start_time DESC"]], ids=["newest first", "sorted"])
def test_runs_come_in_pages(store: Any, order_by: list[str]) -> None:
    runs = sorted(new_run(store, start_time=10) for _ in range(8))
    pages: list[list[str]] = []
    token = None
    while not pages or token:
        page = store.search_runs(["0"], "", ViewType.ALL, 4, order_by, token)
        pages.append([run.info.run_id for run in page])
        token = page.token
    assert pages == [runs[:4], runs[4:]]
    everything = store.search_runs(["0"], None, ViewType.ALL, max_results=None)
    assert ([run.info.run_id for run in everything], everything.token) == (runs, None)


@answered("The token of a page leads to the next one as often as it is asked for, and from another process.")
def test_a_token_leads_to_the_next_page(store: Any) -> None:
    runs = sorted(new_run(store, start_time=10) for _ in range(6))
    token = store.search_runs(["0"], "", ViewType.ALL, 2).token
    other = type(store)(store.workspace.address)
    for asked in (store, store, other):
        page = asked.search_runs(["0"], "", ViewType.ALL, 2, [], token)
        assert [run.info.run_id for run in page] == runs[2:4]
    with pytest.raises(MlflowException, match="Invalid page token"):
        store.search_runs(["0"], "", ViewType.ALL, 2, [], "no token")
    with pytest.raises(MlflowException, match="Invalid page token"):
        store.search_runs(["0"], "", ViewType.ALL, 2, [], SearchUtils.create_page_token(-2))


@answered("A search looks in the experiments that are named, and in no other.")
def test_a_search_looks_in_experiments(store: Any) -> None:
    one, other = store.create_experiment("one"), store.create_experiment("other")
    a, b, c = new_run(store, one), new_run(store, other), new_run(store)
    assert found(store, experiment_id=one) == [a]
    assert {run.info.run_id for run in store.search_runs([one, other], "", ViewType.ACTIVE_ONLY)} == {a, b}
    assert found(store) == [c]
    assert list(store.search_runs([], "", ViewType.ACTIVE_ONLY)) == []
    assert found(store, experiment_id="77") == []


@refused("A filter or an order that MLflow does not know.", "as MLflow refuses it")
@pytest.mark.parametrize(
    ("filter_string", "order_by"),
    [
        ("metrics.x LIKE 'a'", []), ("params.x > '1'", []), ("metrics.x = 'text'", []), ("params.x = 1", []),
        ("attribute.lifecycle_stage = 'active'", []), ("metrics.x > 1 or metrics.y > 1", []), ("colour.x = '1'", []),
        ("metrics.x", []), ("run_name IS NULL", []), ("", ["metrics.x sideways"]), ("", ["metrics.x", "metrics.x"]),
        ("", ["attribute.colour"]), ("", ["datasets.name"]),
    ],
)  # fmt: skip
def test_a_bad_search_is_refused(store: Any, filter_string: str, order_by: list[str]) -> None:
    assert raised_code(lambda: found(store, filter_string, order_by)) == "INVALID_PARAMETER_VALUE"


@answered("At most 50,000 runs are asked for at once, and at least one.")
def test_max_results_has_bounds(store: Any) -> None:
    for max_results in (0, -1, 50_001, "5"):
        search = lambda most=max_results: store.search_runs(["0"], "", ViewType.ALL, most)  # noqa: E731
        assert raised_code(search) == "INVALID_PARAMETER_VALUE"
