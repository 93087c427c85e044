"""MLflow's runs: how they begin and end, and what they are called."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from mlflow.entities import LifecycleStage, Metric, Param, RunStatus, RunTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NAME

from tests.contract.mlflow.behaviours import answered, differs, refused
from tests.contract.mlflow.calls import found, new_run, raised_code, run_again

pytestmark = pytest.mark.slow


@answered("A new run runs, has its user, name, tags and start time, and no datasets.")
def test_a_run_begins(store: Any) -> None:
    id_ = store.create_experiment("digits")
    run = store.create_run(id_, "ada", 1_790_000_000_123, [RunTag("1", "2"), RunTag("3", "4")], "first")
    assert (run.info.experiment_id, run.info.user_id, run.info.run_name) == (id_, "ada", "first")
    assert (run.info.start_time, run.info.end_time, run.info.status) == (1_790_000_000_123, None, "RUNNING")
    assert run.data.tags == {"1": "2", "3": "4", MLFLOW_RUN_NAME: "first"}
    assert (run.data.params, run.data.metrics, run.inputs.dataset_inputs) == ({}, {}, [])
    assert run.info.artifact_uri.endswith(f"/runs/{run.info.run_id}/artifacts")
    run.to_proto()


@answered("A run is called what the argument or the tag `mlflow.runName` says; both saying different names is refused.")
def test_the_name_is_the_tag(store: Any) -> None:
    assert store.get_run(new_run(store, tags={MLFLOW_RUN_NAME: "by tag"})).info.run_name == "by tag"
    with pytest.raises(MlflowException, match=r"Both 'run_name' argument and .* tag are specified"):
        new_run(store, tags={MLFLOW_RUN_NAME: "other"}, name="one")


@answered("A run without a name, or with an empty one, gets one.")
def test_a_run_gets_a_name(store: Any) -> None:
    for name in (None, ""):
        run = store.get_run(new_run(store, name=name))
        assert run.info.run_name
        assert run.data.tags[MLFLOW_RUN_NAME] == run.info.run_name


@answered("A run is renamed by its info, by the tag, and in a batch; an empty name changes nothing.")
def test_a_run_is_renamed(store: Any) -> None:
    run_id = new_run(store, name="first")
    assert store.update_run_info(run_id, None, None, "second").run_name == "second"
    assert store.update_run_info(run_id, None, None, "").run_name == "second"
    store.set_tag(run_id, RunTag(MLFLOW_RUN_NAME, "third"))
    assert store.get_run(run_id).info.run_name == "third"
    store.log_batch(run_id, [], [], [RunTag(MLFLOW_RUN_NAME, "fourth")])
    run = store.get_run(run_id)
    assert (run.info.run_name, run.data.tags[MLFLOW_RUN_NAME]) == ("fourth", "fourth")


@refused("The tag `mlflow.runName` is deleted, and the run keeps its name.", "it is the name: give it another one")
def test_the_name_is_not_deleted(store: Any) -> None:
    run_id = new_run(store, name="first")
    assert raised_code(lambda: store.delete_tag(run_id, MLFLOW_RUN_NAME)) == "INVALID_PARAMETER_VALUE"


@answered("A run ends as FINISHED, FAILED or KILLED, at the time that is given.")
@pytest.mark.parametrize("status", ["FINISHED", "FAILED", "KILLED"])
def test_a_run_ends(store: Any, status: str) -> None:
    run_id = new_run(store, start_time=1_790_000_000_000)
    info = store.update_run_info(run_id, RunStatus.from_string(status), 1_790_000_060_000, None)
    assert (info.status, info.end_time) == (status, 1_790_000_060_000)
    assert store.update_run_info(run_id, None, None, "called otherwise").end_time == 1_790_000_060_000


@differs("An end without a time, or before the start, is kept so.", "an event has a time: the end is when it was said")
@pytest.mark.parametrize("end_time", [None, 1000])
def test_an_end_has_a_time(store: Any, end_time: int | None) -> None:
    run_id = new_run(store)
    before = int(time.time() * 1000)
    info = store.update_run_info(run_id, RunStatus.FINISHED, end_time, None)
    assert info.status == "FINISHED"
    assert info.end_time >= before


@answered("A run that ended runs again, and may end otherwise.")
def test_a_run_goes_on(store: Any) -> None:
    run_id = new_run(store)
    store.log_batch(run_id, [Metric("loss", 0.5, 1000, 3)], [Param("lr", "0.1"), Param("layers", "[1, 2]")], [])
    before = store.get_run(run_id).data
    info = run_again(store, run_id)
    assert (info.status, info.end_time) == ("RUNNING", None)
    after = store.get_run(run_id).data
    assert (after.params, after.metrics) == (before.params, before.metrics)
    assert before.params == {"lr": "0.1", "layers": "[1, 2]"}
    assert store.update_run_info(run_id, RunStatus.FINISHED, None, None).status == "FINISHED"
    assert store.workspace.state(f"run/{run_id}").starts == 2


@differs(
    "The latest value of a metric is that of the highest step, also of an earlier start of the run.",
    "a run that runs again and records a metric from an earlier step on has thrown away what it measured there",
)
def test_a_further_attempt_takes_back_what_it_measures_again(store: Any) -> None:
    run_id = new_run(store)
    store.log_batch(run_id, [Metric("loss", 0.5, 10, 7)], [], [])
    store.update_run_info(run_id, RunStatus.FAILED, None, None)
    store.update_run_info(run_id, RunStatus.RUNNING, None, None)
    store.log_batch(run_id, [Metric("loss", 0.75, 20, 3)], [], [])
    assert store.get_run(run_id).data.metrics == {"loss": 0.75}
    assert len(store.get_metric_history(run_id, "loss")) == 2


@answered("A run that ended may be said to have ended otherwise, at the same time.")
def test_the_later_word_on_the_end_counts(store: Any) -> None:
    run_id = new_run(store)
    ended_at = store.update_run_info(run_id, RunStatus.FINISHED, None, None).end_time
    assert store.update_run_info(run_id, RunStatus.FAILED, ended_at, None).status == "FAILED"
    assert store.update_run_info(run_id, RunStatus.KILLED, ended_at, None).status == "KILLED"


@answered("The same end twice is one.")
def test_the_same_end_twice_is_one(store: Any) -> None:
    run_id = new_run(store)
    ended_at = store.update_run_info(run_id, RunStatus.FINISHED, None, None).end_time
    store.update_run_info(run_id, RunStatus.FINISHED, ended_at, None)
    ends = [entry for entry in store.workspace.entries(f"run/{run_id}") if entry.type == "TrainingCompleted"]
    assert len(ends) == 1


@refused("A run that has started becomes SCHEDULED.", "it has started")
def test_a_run_that_has_started_is_not_scheduled(store: Any) -> None:
    run_id = new_run(store)
    update = lambda: store.update_run_info(run_id, RunStatus.SCHEDULED, None, None)  # noqa: E731
    assert raised_code(update) == "INVALID_PARAMETER_VALUE"


@refused("A run begins or ends in the future.", "the log takes no event from more than a day ahead")
def test_nothing_is_recorded_of_the_future(store: Any) -> None:
    later = int(time.time() * 1000) + 3 * 86_400_000
    assert raised_code(lambda: new_run(store, start_time=later)) == "INVALID_PARAMETER_VALUE"
    run_id = new_run(store)
    assert raised_code(lambda: store.update_run_info(run_id, RunStatus.FINISHED, later, None)) == "INVALID_PARAMETER_VALUE"


@answered("A run begins and ends at whole milliseconds, whatever kind of number says when.")
@pytest.mark.parametrize("number", [float, np.int64], ids=["float", "numpy"])
def test_times_are_numbers_of_any_kind(store: Any, number: Callable[[int], Any]) -> None:
    run_id = new_run(store, start_time=number(1000))
    info = store.update_run_info(run_id, RunStatus.FINISHED, number(2000), None)
    assert (info.start_time, info.end_time) == (1000, 2000)


@answered("A tag that a run begins with may be a number; it reads as text.")
def test_a_run_begins_with_a_number_as_a_tag(store: Any) -> None:
    given: dict[str, Any] = {"fold": 3, "share": 0.5}
    run = store.create_run("0", "ada", 1000, [RunTag(key, value) for key, value in given.items()], None)
    assert {key: run.data.tags[key] for key in ("fold", "share")} == {"fold": "3", "share": "0.5"}


@answered("A run is deleted and restored, each as often as one likes, and is found by its id meanwhile.")
def test_a_run_is_deleted_and_restored(store: Any) -> None:
    run_id, other = new_run(store), new_run(store)
    store.restore_run(run_id)
    store.delete_run(run_id)
    store.delete_run(run_id)
    assert store.get_run(run_id).info.lifecycle_stage == LifecycleStage.DELETED
    assert found(store) == [other]
    assert [run.info.run_id for run in store.search_runs(["0"], "", ViewType.DELETED_ONLY)] == [run_id]
    assert {run.info.run_id for run in store.search_runs(["0"], "", ViewType.ALL)} == {run_id, other}
    store.restore_run(run_id)
    store.restore_run(run_id)
    assert store.get_run(run_id).info.lifecycle_stage == LifecycleStage.ACTIVE


@answered("A deleted run takes no metric, param, tag, dataset or status; once it is restored, it does.")
def test_a_deleted_run_takes_nothing(store: Any) -> None:
    run_id = new_run(store)
    store.delete_run(run_id)
    for call in (
        lambda: store.log_metric(run_id, Metric("loss", 1.0, 1, 0)),
        lambda: store.log_param(run_id, Param("alpha", "1")),
        lambda: store.set_tag(run_id, RunTag("team", "vision")),
        lambda: store.delete_tag(run_id, "team"),
        lambda: store.log_inputs(run_id, []),
        lambda: store.update_run_info(run_id, RunStatus.FINISHED, None, None),
    ):
        with pytest.raises(MlflowException, match=r"The run .+ must be in the 'active' state"):
            call()
    store.restore_run(run_id)
    store.log_metric(run_id, Metric("loss", 34.0, 85, 1))
    assert store.get_run(run_id).data.metrics == {"loss": 34.0}


@answered("What is said of a run that nobody began is refused.")
def test_an_unknown_run_is_refused(store: Any) -> None:
    for call in (
        lambda: store.get_run("nobody"),
        lambda: store.log_batch("nobody", [], [], []),
        lambda: store.delete_run("nobody"),
        lambda: store.set_tag("nobody", RunTag("a", "b")),
        lambda: store.get_metric_history("nobody", "loss"),
        lambda: store.get_run("no run/has this id"),
    ):
        assert raised_code(call) == "RESOURCE_DOES_NOT_EXIST"


@answered("Runs are nested by the tag `mlflow.parentRunId`, and children are found by it.")
def test_runs_are_nested(store: Any) -> None:
    parent = new_run(store)
    child = new_run(store, tags={MLFLOW_PARENT_RUN_ID: parent})
    assert found(store, f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{parent}'") == [child]


@differs(
    "Every run gets a new id.",
    "the first one of a process takes the name that its launcher gave: `TRAINING_EVENTS_RUN`, a training job's",
)
def test_a_launched_process_makes_the_run_that_its_launcher_named(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINING_EVENTS_RUN", "digits-7")
    child = new_run(store, tags={MLFLOW_PARENT_RUN_ID: "digits-7"})
    first, second = new_run(store), new_run(store)
    assert first == "digits-7"
    assert "digits-7" not in {child, second}
    monkeypatch.setenv("TRAINING_EVENTS_RUN", "digits-8")
    monkeypatch.setenv("_MLFLOW_SERVER_FILE_STORE", store.workspace.address)
    assert new_run(store) != "digits-8"  # a server trains nothing


@differs(
    "Only what MLflow recorded is there.",
    "runs that anything else has recorded are among the others, with ids made of their names",
)
def test_runs_of_other_recorders_are_there(store: Any) -> None:
    store.workspace.record("run/été 7/ß", "TrainingStarted", {"hyperparameters": {"model": {"depth": 3}, "alpha": 0.5}})
    store.workspace.record("run/été 7/ß", "MetricsRecorded", {"points": [{"name": "loss", "value": 0.25}]})
    [run] = store.search_runs(["0"], "params.`model.depth` = '3'", ViewType.ACTIVE_ONLY)
    assert run.data.params == {"model.depth": "3", "alpha": "0.5"}
    assert run.data.metrics == {"loss": 0.25}
    assert run.info.run_name == "été 7/ß"
    assert store.get_run(run.info.run_id).info.run_id == run.info.run_id
    assert run.info.run_id.isascii()
    store.set_tag(run.info.run_id, RunTag("team", "vision"))
    assert found(store, f"run_id = '{run.info.run_id}' and tags.team = 'vision'") == [run.info.run_id]
