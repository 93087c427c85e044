"""A store that goes on: the next import brings what is new, and what people said in the log meanwhile stands."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from training_events.event import Event

from tests.support import mlflow_stores
from tests.support.fakes import InMemoryLog
from tests.support.importing import imported, points, state, uri_of

pytestmark = pytest.mark.slow  # importing MLflow takes seconds
RUN = f"run/{mlflow_stores.run_id(4)}"
"""It still runs when it is imported first."""
ID = RUN.partition("/")[2]


@pytest.fixture
def log():
    return InMemoryLog()


@pytest.fixture
def client(store_file, log):
    """Of a store that was imported once."""
    imported(uri_of(store_file), log)
    return mlflow_stores.client_of(uri_of(store_file))


def changes(store_file, log):
    """What a second import records, as the types of the events."""
    before = set(log.records)
    report = imported(uri_of(store_file), log)
    new = [record.event for key, record in log.records.items() if key not in before]
    assert report.recorded == len(new)
    return sorted(event.type for event in new)


def test_a_run_that_ended_since_has_its_end(store_file, log, client):
    client.log_metric(ID, "loss", 0.5, mlflow_stores.STARTED_MS + 10_000, 99)
    client.set_terminated(ID, "FINISHED", mlflow_stores.STARTED_MS + 20_000)
    assert changes(store_file, log) == ["MetricsRecorded", "TrainingCompleted"]
    assert (state(log, RUN).status, state(log, RUN).metrics["loss"].last.value) == ("completed", 0.5)
    client.update_run(ID, "RUNNING")
    assert changes(store_file, log) == ["TrainingStarted"]
    assert (state(log, RUN).status, state(log, RUN).starts) == ("running", 2)
    assert changes(store_file, log) == []


def test_tags_that_changed_or_went_do_so_in_the_log(store_file, log, client):
    client.set_tag(ID, "mlflow.source.name", "other.py")
    client.set_tag(ID, "new", "yes")
    client.delete_tag(ID, "group")
    client.update_run(ID, name="another name")
    assert changes(store_file, log) == ["Described", "Tagged", "Tagged"]
    there = state(log, RUN)
    assert there.tags["mlflow.source.name"] == "other.py"
    assert there.tags["new"] == "yes"
    assert "mlflow.tags.group" not in there.tags
    assert there.name == "another name"
    client.set_tag(ID, "mlflow.source.name", "train.py")  # as it was first
    assert changes(store_file, log) == ["Tagged"]
    assert state(log, RUN).tags["mlflow.source.name"] == "train.py"


def test_what_people_say_in_the_log_stands(store_file, log, client):
    said = {"new": "ours", "mlflow.source.name": "ours.py"}
    log.append(Event("e1", RUN, "Tagged", "2026-11-01T00:00:00.000000Z", "tests", {"tags": said}))
    log.append(Event("e2", RUN, "Hidden", "2026-11-01T00:00:00.000000Z", "tests", {}))
    assert changes(store_file, log) == []
    there = state(log, RUN)
    assert there.tags.items() >= said.items()
    assert there.hidden is not None


def test_what_is_deleted_is_hidden_and_comes_back(store_file, log, client):
    client.delete_run(ID)
    assert changes(store_file, log) == ["Hidden"]
    client.restore_run(ID)
    assert changes(store_file, log) == ["Restored"]
    client.delete_run(ID)
    assert changes(store_file, log) == ["Hidden"]
    assert state(log, RUN).hidden is not None
    experiment = client.get_experiment_by_name("digits").experiment_id
    client.delete_experiment(experiment)
    assert changes(store_file, log)[0] == "Hidden"
    assert state(log, "group/digits").hidden is not None


def test_aliases_stages_and_versions_follow_the_registry(store_file, log, client):
    client.set_registered_model_alias("net", "champion", "3")
    client.set_registered_model_alias("net", "old", "1")
    client.delete_registered_model_alias("net", "champion")
    client.set_registered_model_alias("net", "best", "3")
    client.transition_model_version_stage("net", "1", "None")
    client.delete_model_version("net", "2")
    client.update_model_version("net", "3", "better")
    client.update_registered_model("net", "reads letters")
    changes(store_file, log)
    there = state(log, "model/net")
    assert there.stages == {"Production": "3", "best": "3", "old": "1"}
    assert there.versions["1"].retired_at is None
    assert there.versions["2"].hidden_at is not None
    assert (there.versions["3"].description, there.description) == ("better", "reads letters")
    assert changes(store_file, log) == []


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    recorded=st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from((0.5, 1.0, -0.0, float("nan"), float("inf"))), st.integers(0, 2)),
        max_size=12,
        unique=True,
    ),
    cuts=st.lists(st.integers(0, 12), max_size=2),
)
def test_an_import_while_a_run_goes_on_records_each_point_once(made_store, tmp_path_factory, recorded, cuts):
    """Points come in any order, and an import may come between any two of them."""
    file = tmp_path_factory.mktemp("store") / "mlflow.db"
    file.write_bytes(made_store.read_bytes())
    client, log = mlflow_stores.client_of(uri_of(file)), InMemoryLog()
    for number, (time, value, step) in enumerate(recorded):
        if number in cuts:
            imported(uri_of(file), log)
        client.log_metric(ID, "new", value, mlflow_stores.STARTED_MS + time, step)
    imported(uri_of(file), log)
    in_store = {
        (point.key, repr(point.value + 0.0), point.step, point.timestamp) for point in client.get_metric_history(ID, "new")
    }
    there = {point: count for point, count in points(log, RUN).items() if point[0] == "new"}
    assert there == dict.fromkeys(in_store, 1)


def test_runs_that_are_added_are_imported_and_nothing_else(store_file, log, client):
    mlflow_stores.add_runs(store_file, 3, first=1000)
    before = set(log.streams())
    imported(uri_of(store_file), log)
    assert set(log.streams()) - before == {f"run/{mlflow_stores.run_id(number)}" for number in (1000, 1001, 1002)}


def test_what_cannot_be_recorded_as_it_is_has_a_line(store_file, log):
    with closing(sqlite3.connect(store_file)) as database, database:
        database.execute("UPDATE experiments SET name = ' blank' || char(10) WHERE experiment_id = 100")
        database.execute("UPDATE runs SET start_time = 9000000000000, end_time = NULL WHERE run_uuid = ?", (ID,))
        database.execute("UPDATE metrics SET timestamp = 9000000000000000000 WHERE run_uuid = ? AND step = 0", (ID,))
        database.execute("INSERT INTO tags VALUES ('long', ?, ?)", ("x" * 70_000, ID))
    report = imported(uri_of(store_file), log)
    told = {left.what for left in report.left}
    assert f"{RUN}: tags.long" in told
    assert f"{RUN}: its start" in told
    assert f"{RUN}: the point of loss at step 0" in told
    [renamed] = [left for left in report.left if left.what.startswith("the name of the experiment")]
    group = renamed.why.removeprefix("no stream can have it; recorded as ")
    assert state(log, group).name == " blank\n"
    assert state(log, f"run/{mlflow_stores.run_id(0)}").tags["group"] == group.removeprefix("group/")
    assert len(points(log, RUN)) == 8
    assert imported(uri_of(store_file), log).recorded == 0
