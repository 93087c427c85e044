"""Metrics, params and tags of MLflow's runs."""

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from mlflow.utils.mlflow_tags import MLFLOW_LOGGED_MODELS

from tests.contract.mlflow.behaviours import answered, differs, refused
from tests.contract.mlflow.calls import new_run, raised_code

pytestmark = pytest.mark.slow


def history(store: Any, run_id: str, key: str) -> list[tuple[int, int, float]]:
    return [(it.step, it.timestamp, it.value) for it in store.get_metric_history(run_id, key)]


@answered("The value of a metric is that of the highest step, then of the latest time, then the highest.")
def test_the_latest_value_is_of_the_highest_step(store: Any) -> None:
    run_id = new_run(store)
    logged = [(0, 100, 1000.0), (3, 40, 100.0), (3, 50, 10.0), (3, 50, 20.0), (3, 50, 20.0), (-3, 900, 900.0), (-1, 800, 800.0)]
    for step, timestamp, value in reversed(logged):
        store.log_metric(run_id, Metric("loss", value, timestamp, step))
    [latest] = store.get_run(run_id).data._metric_objs  # noqa: SLF001 - MLflow's clients read it
    assert (latest.key, latest.step, latest.timestamp, latest.value) == ("loss", 3, 50, 20.0)
    assert set(history(store, run_id, "loss")) == set(logged)


@answered("Every value of a metric is kept, by time; the same value at the same step and time once.")
def test_every_value_is_kept(store: Any) -> None:
    run_id = new_run(store)
    metrics = [Metric("loss", 0.6, 1, 0), Metric("loss", 0.7, 2, 0), Metric("loss", 0.6, 1, 0)]
    store.log_batch(run_id, metrics, [], [])
    store.log_batch(run_id, metrics, [], [])
    assert history(store, run_id, "loss") == [(0, 1, 0.6), (0, 2, 0.7)]
    assert history(store, run_id, "nobody") == []


@answered("NaN is a value of a metric.")
def test_nan_is_a_value(store: Any) -> None:
    run_id = new_run(store)
    store.log_metric(run_id, Metric("loss", math.nan, 1, 0))
    assert math.isnan(store.get_run(run_id).data.metrics["loss"])


@differs("Infinity becomes the largest number.", "it is kept as infinity")
def test_infinity_is_kept(store: Any) -> None:
    run_id = new_run(store)
    store.log_batch(run_id, [Metric("up", math.inf, 0, 0), Metric("down", -math.inf, 0, 0)], [], [])
    assert store.get_run(run_id).data.metrics == {"up": math.inf, "down": -math.inf}
    assert history(store, run_id, "up") == [(0, 0, math.inf)]


@answered("A metric without a value, or with one that is no number, is refused, and so is a wrong time or step.")
@pytest.mark.parametrize(
    "metric",
    [
        Metric("loss", None, 1, 0),  # type: ignore[arg-type]
        Metric("loss", "1", 1, 0),  # type: ignore[arg-type]
        Metric("loss", value=True, timestamp=1, step=0),
        Metric("loss", 1.0, -1, 0),
        Metric("loss", 1.0, "now", 0),  # type: ignore[arg-type]
        Metric("loss", 1.0, 1, "first"),  # type: ignore[arg-type]
        Metric(None, 1.0, 1, 0),  # type: ignore[arg-type]
    ],
    ids=repr,
)
def test_a_wrong_metric_is_refused(store: Any, metric: Metric) -> None:
    run_id = new_run(store)
    assert raised_code(lambda: store.log_metric(run_id, metric)) == "INVALID_PARAMETER_VALUE"
    assert store.get_run(run_id).data.metrics == {}


@answered("The values of a metric come in pages.")
def test_values_come_in_pages(store: Any) -> None:
    run_id = new_run(store)
    store.log_batch(run_id, [Metric("loss", float(step), 1000 + step, step) for step in range(10)], [], [])
    first = store.get_metric_history(run_id, "loss", max_results=4)
    second = store.get_metric_history(run_id, "loss", max_results=4, page_token=first.token)
    third = store.get_metric_history(run_id, "loss", max_results=4, page_token=second.token)
    assert [it.step for it in [*first, *second, *third]] == list(range(10))
    assert third.token is None
    assert list(store.get_metric_history(run_id, "loss", max_results=0)) == []
    with pytest.raises(MlflowException, match="Invalid page token"):
        store.get_metric_history(run_id, "loss", page_token="no token")


@answered("The values of several runs come in one answer, evenly sampled, with the first and the last of each.")
def test_values_are_sampled(store: Any) -> None:
    runs = [new_run(store), new_run(store)]
    for run_id in runs:
        store.log_batch(run_id, [Metric("loss", float(step), 1000 + step, step) for step in range(100)], [], [])
    sampled = store.get_metric_history_bulk_interval(runs, "loss", 5, None, None)
    assert [(it.run_id, it.step) for it in sampled] == [(run_id, step) for run_id in runs for step in (0, 25, 50, 74, 99)]
    assert [it.step for it in store.get_metric_history_bulk_interval(runs[:1], "loss", 3, 10, 20)] == [10, 15, 20]
    assert [it.step for it in store.get_metric_history_bulk_interval_from_steps(runs[0], "loss", [7, 3], 10)] == [3, 7]
    assert len(store.get_metric_history_bulk(runs, "loss", 150)) == 150
    wrong = lambda: store.get_metric_history_bulk_interval(runs, "loss", 5, 1, None)  # noqa: E731
    assert raised_code(wrong) == "INVALID_PARAMETER_VALUE"


@answered("A batch has metrics, params and tags; an empty one changes nothing.")
def test_a_batch_is_recorded(store: Any) -> None:
    run_id = new_run(store, name="first")
    store.log_batch(run_id, [], [], [])
    store.log_batch(
        run_id,
        [Metric("m1", 0.87, 12345, 0), Metric("m2", 0.49, 12345, 1)],
        [Param("p1", "a"), Param("p2", "")],
        [RunTag("t1", "x"), RunTag("t1", "y"), RunTag("mlflow.runName", "second")],
    )
    data = store.get_run(run_id).data
    assert data.metrics == {"m1": 0.87, "m2": 0.49}
    assert data.params == {"p1": "a", "p2": ""}
    assert data.tags == {"t1": "y", "mlflow.runName": "second"}


@differs("A batch of more than 1,000 metrics, or 100 params or tags, is refused.", "a batch may be larger")
def test_a_batch_may_be_large(store: Any) -> None:
    run_id = new_run(store)
    metrics = [Metric(f"m{number}", number, 12345, number) for number in range(1200)]
    store.log_batch(run_id, metrics, [Param(f"p{number}", "x") for number in range(150)], [])
    data = store.get_run(run_id).data
    assert (len(data.metrics), len(data.params)) == (1200, 150)


@answered(
    "A param has one value: the same again changes nothing, another one is refused, and then nothing of the batch is recorded."
)
def test_a_param_has_one_value(store: Any) -> None:
    run_id = new_run(store)
    store.log_batch(run_id, [], [Param("a", "0"), Param("b", "1")], [])
    store.log_batch(run_id, [], [Param("a", "0"), Param("c", "2")], [])
    with pytest.raises(MlflowException, match="Changing param values is not allowed"):
        store.log_batch(run_id, [Metric("loss", 3.0, 1, 0)], [Param("d", "4"), Param("a", "9")], [RunTag("t", "x")])
    with pytest.raises(MlflowException, match="Duplicate parameter keys have been submitted"):
        store.log_batch(run_id, [Metric("loss", 3.0, 1, 0)], [Param("e", "1"), Param("e", "2")], [])
    data = store.get_run(run_id).data
    assert (data.params, data.metrics, data.tags.keys()) == ({"a": "0", "b": "1", "c": "2"}, {}, {"mlflow.runName"})


@differs("A param of more than 6,000 characters is refused or cut.", "it is kept, up to 64 KiB, and whoever sends more is told")
def test_a_long_param_is_kept(store: Any) -> None:
    run_id = new_run(store)
    store.log_param(run_id, Param("prompt", "x" * 60_000))
    assert store.get_run(run_id).data.params["prompt"] == "x" * 60_000
    with pytest.raises(MlflowException, match="exceeds the maximum length"):
        store.log_param(run_id, Param("other", "x" * 70_000))
    assert raised_code(lambda: store.log_param(run_id, Param("none", None))) == "INVALID_PARAMETER_VALUE"  # type: ignore[arg-type]


@differs("Names have letters, digits and `/_-. :` only, and 250 characters.", "names are kept as they are")
def test_any_name_is_kept(store: Any) -> None:
    run_id = new_run(store)
    name = "bad:name€\\..//" + "x" * 400
    store.log_batch(run_id, [Metric(name, 1.0, 1, 0)], [Param(name, "1")], [RunTag(name, "x")])
    data = store.get_run(run_id).data
    assert (data.metrics, data.params, data.tags[name]) == ({name: 1.0}, {name: "1"}, "x")


@answered("A tag is set, replaced and deleted; one that the run does not have cannot be deleted.")
def test_a_run_has_tags(store: Any) -> None:
    run_id, other = new_run(store), new_run(store)
    store.set_tag(run_id, RunTag("team", "vision"))
    store.set_tag(run_id, RunTag("team", "speech\nand more"))
    store.set_tag(other, RunTag("team", "x" * 9_000))
    assert store.get_run(run_id).data.tags["team"] == "speech\nand more"
    store.delete_tag(run_id, "team")
    assert "team" not in store.get_run(run_id).data.tags
    assert store.get_run(other).data.tags["team"] == "x" * 9_000
    assert raised_code(lambda: store.delete_tag(run_id, "team")) == "RESOURCE_DOES_NOT_EXIST"


@answered("A tag may be called `group`, which this log has a meaning for.")
def test_a_tag_may_be_called_group(store: Any) -> None:
    id_ = store.create_experiment("digits")
    run_id = new_run(store, id_, {"group": "mine"})
    run = store.get_run(run_id)
    assert (run.info.experiment_id, run.data.tags["group"]) == (id_, "mine")
    [again] = store.search_runs([id_], "tags.group = 'mine'", 1)
    assert again.info.run_id == run_id
    store.delete_tag(run_id, "group")
    assert store.get_run(run_id).info.experiment_id == id_


@answered("Models that a run logs are listed in its tag `mlflow.log-model.history`.")
def test_logged_models_are_in_a_tag(store: Any) -> None:
    run_id = new_run(store)
    model = Model(artifact_path="model/path", run_id=run_id, flavors={"tf": "flavor body"})
    store.record_logged_model(run_id, model)
    store.record_logged_model(run_id, model)
    assert store.get_run(run_id).data.tags[MLFLOW_LOGGED_MODELS].count("model/path") == 2


@answered("Several threads log to several runs at once, and nothing is lost.")
def test_threads_log_at_once(store: Any) -> None:
    runs = [new_run(store), new_run(store)]

    def log(worker: int) -> None:
        for number in range(50):
            store.log_metric(runs[worker % 2], Metric("loss", worker + number / 100, number, number))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(log, range(4)))
    assert [len(history(store, run_id, "loss")) for run_id in runs] == [100, 100]


@differs("A param, a tag or a source that holds a credential is kept.", "it is masked: the log cannot forget")
def test_a_credential_is_masked(store: Any) -> None:
    run_id = new_run(store)
    secret = "ghp_" + "a1B2c3D4e5" * 4
    params = [Param("github_token", secret), Param("url", f"https://ada:{secret}@example.org/x")]
    for _ in range(2):
        store.log_batch(run_id, [], params, [RunTag("password", "hunter2hunter2")])
    data = store.get_run(run_id).data
    assert secret not in str(data.params)
    assert "hunter2" not in str(data.tags)
    assert data.params.keys() == {"github_token", "url"}
    assert raised_code(lambda: store.create_experiment(f"of {secret}")) == "INVALID_PARAMETER_VALUE"


@refused("What no event can hold is recorded: a text that is no Unicode.", "it could not be read again")
def test_what_is_no_unicode_is_refused(store: Any) -> None:
    run_id = new_run(store)
    assert raised_code(lambda: store.log_param(run_id, Param("a", "\ud800"))) == "INVALID_PARAMETER_VALUE"
    assert raised_code(lambda: store.set_tag(run_id, RunTag("\ud800", "b"))) == "INVALID_PARAMETER_VALUE"
