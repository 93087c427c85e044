"""Logged models through MLflow's own client: what its tests ask of a tracking store, and how this log shows them."""

import math

import pytest
from mlflow.entities import LoggedModelOutput, LoggedModelStatus, Metric

from tests.contract.mlflow.behaviours import answered, differs
from tests.support.mlflow_clients import client_of, recorded_log, refusal

pytestmark = pytest.mark.slow  # MLflow takes seconds to import

NOW = 1_790_000_000_000
"""In milliseconds: some time in 2026."""


@pytest.fixture
def client(tmp_path):
    return client_of(tmp_path)


@pytest.fixture
def experiment(client):
    return client.create_experiment("digits")


def log(client, run_id, model_id, key, value, *, step=0, dataset=None, digest=None):
    metric = Metric(key, value, NOW + step, step, model_id, dataset, digest, run_id)
    client.log_batch(run_id, metrics=[metric])


def names(found):
    return [model.name for model in found]


@answered("A logged model is read as it was created: name, run, type, params, tags; it is pending.")
def test_a_logged_model_is_read_as_it_was_created(client, experiment):
    run = client.create_run(experiment)
    created = client.create_logged_model(
        experiment, "classifier", run.info.run_id, tags={"team": "vision"}, params={"C": "1.0"}, model_type="sklearn"
    )
    read = client.get_logged_model(created.model_id)
    for model in (created, read):
        assert (model.name, model.experiment_id, model.source_run_id) == ("classifier", experiment, run.info.run_id)
        assert (model.tags, model.params, model.metrics) == ({"team": "vision"}, {"C": "1.0"}, [])
        assert (model.model_type, model.status) == ("sklearn", LoggedModelStatus.PENDING)
        assert model.artifact_location.endswith(f"/models/{model.model_id}/artifacts")
    assert created.model_id.startswith("m-")
    assert created.creation_timestamp == read.creation_timestamp <= read.last_updated_timestamp


@answered("A logged model without a name gets one; it needs no run.")
def test_a_logged_model_needs_no_name_and_no_run(client, experiment):
    model = client.create_logged_model(experiment)
    assert model.name
    assert (model.source_run_id, model.model_type, model.params, model.tags) == (None, None, {}, {})


@answered('A name with `/ : . % "` or a quote is refused.')
@pytest.mark.parametrize("name", ["", "a/b", "a.b", "a:b", "a%b", "a'b"])
def test_what_is_no_name_is_refused(client, experiment, name):
    assert refusal(client.create_logged_model, experiment, name)[0] == "INVALID_PARAMETER_VALUE"


@answered("An experiment that is deleted or was never there takes no logged model.")
def test_an_experiment_that_is_deleted_or_was_never_there_takes_no_model(client, experiment):
    client.delete_experiment(experiment)
    assert refusal(client.create_logged_model, experiment, "classifier")[0] in ("INVALID_STATE", "INVALID_PARAMETER_VALUE")
    assert refusal(client.create_logged_model, "1234567", "classifier")[0] == "RESOURCE_DOES_NOT_EXIST"


@answered("A logged model is finalized as ready or failed.")
def test_a_model_is_ready_or_failed_once_its_files_are_there_or_not(client, experiment):
    ready, failed = client.create_logged_model(experiment, "one"), client.create_logged_model(experiment, "two")
    assert client.finalize_logged_model(ready.model_id, "READY").status == LoggedModelStatus.READY
    assert client.finalize_logged_model(failed.model_id, LoggedModelStatus.FAILED).status == LoggedModelStatus.FAILED
    assert client.get_logged_model(failed.model_id).name == "two"
    assert refusal(client.finalize_logged_model, ready.model_id, "UNSPECIFIED")[0] == "INVALID_PARAMETER_VALUE"


@answered("Params are added to a logged model; a second value of one is refused.")
def test_further_params_are_added_and_none_changes(client, experiment):
    model = client.create_logged_model(experiment, params={"C": "1"})
    client.log_model_params(model.model_id, {"gamma": "2", "C": "1"})
    assert client.get_logged_model(model.model_id).params == {"C": "1", "gamma": "2"}
    code, line = refusal(client.log_model_params, model.model_id, {"C": "7"})
    assert (code, "is '1' already" in line) == ("INVALID_PARAMETER_VALUE", True)


@answered("Many and long params are kept.")
def test_many_and_long_params_are_kept(client, experiment):
    params = {f"param {number}": "x" * 2_000 for number in range(100)}
    model = client.create_logged_model(experiment, params=params)
    assert client.get_logged_model(model.model_id).params == params


@answered("Tags of a logged model are set, replaced and deleted; one that is not there cannot be deleted.")
def test_tags_of_a_logged_model(client, experiment):
    model = client.create_logged_model(experiment, tags={"key": "value", "other": "x"})
    client.set_logged_model_tags(model.model_id, {"key": "another", "n": 1})
    client.delete_logged_model_tag(model.model_id, "other")
    assert client.get_logged_model(model.model_id).tags == {"key": "another", "n": "1"}
    assert refusal(client.delete_logged_model_tag, model.model_id, "other")[0] == "RESOURCE_DOES_NOT_EXIST"


@answered("A deleted logged model is neither read nor found.")
def test_a_deleted_model_is_hidden(client, experiment, tmp_path):
    model = client.create_logged_model(experiment, "classifier")
    client.delete_logged_model(model.model_id)
    for call in (client.get_logged_model, client.delete_logged_model):
        assert refusal(call, model.model_id)[0] == "RESOURCE_DOES_NOT_EXIST"
    assert list(client.search_logged_models([experiment])) == []
    state = recorded_log(tmp_path).model(model.model_id)
    assert state.hidden is not None
    assert state.logged is not None


@answered("A logged model that is not there is told.")
def test_a_model_that_is_not_there_is_told(client):
    for call, *more in (
        (client.get_logged_model,),
        (client.delete_logged_model,),
        (client.finalize_logged_model, "READY"),
    ):
        assert refusal(call, "m-none", *more)[0] == "RESOURCE_DOES_NOT_EXIST"


@differs("A logged model has every value of its metrics.", "it has the latest of each metric on each dataset; the log has all")
def test_metrics_of_a_model_are_those_of_its_run_too(client, experiment):
    run = client.create_run(experiment).info.run_id
    model = client.create_logged_model(experiment, "classifier", run).model_id
    log(client, run, model, "accuracy", 0.5, dataset="train", digest="abc")
    log(client, run, model, "accuracy", 0.9, step=2, dataset="train", digest="abc")
    log(client, run, model, "accuracy", 0.7, dataset="test", digest="def")
    log(client, run, model, "loss", math.inf)
    log(client, run, None, "loss", 3.0)
    found = {(it.key, it.dataset_name, it.dataset_digest): it for it in client.get_logged_model(model).metrics}
    assert {key: metric.value for key, metric in found.items()} == {
        ("accuracy", "train", "abc"): 0.9,
        ("accuracy", "test", "def"): 0.7,
        ("loss", None, None): math.inf,
    }
    newest = found["accuracy", "train", "abc"]
    assert (newest.step, newest.timestamp, newest.run_id, newest.model_id) == (2, NOW + 2, run, model)
    assert client.get_run(run).data.metrics["accuracy"] == 0.9
    assert len(client.get_metric_history(run, "accuracy")) == 3


@answered("A metric of a logged model that is not there is refused.")
def test_a_metric_of_a_model_that_is_not_there_is_refused_and_none_of_its_batch_is_recorded(client, experiment):
    run = client.create_run(experiment).info.run_id
    assert refusal(log, client, run, "m-none", "accuracy", 0.5)[0] == "RESOURCE_DOES_NOT_EXIST"
    assert client.get_run(run).data.metrics == {}


@answered("A run has the logged models that it made, with their steps.")
def test_a_run_names_the_models_that_it_made(client, experiment):
    run = client.create_run(experiment).info.run_id
    models = [client.create_logged_model(experiment, name, run).model_id for name in ("one", "two")]
    client.log_outputs(run, [LoggedModelOutput(models[0], 3), LoggedModelOutput(models[1], 7)])
    outputs = client.get_run(run).outputs.model_outputs
    assert {output.model_id: output.step for output in outputs} == dict(zip(models, (3, 7), strict=True))


def test_a_list_of_models_leaves_out_what_is_only_logged(client, experiment, tmp_path):
    model = client.create_logged_model(experiment, "classifier")
    client.create_registered_model("digits")
    assert [found.name for found in client.search_registered_models()] == ["digits"]
    assert refusal(client.get_registered_model, model.model_id)[0] == "RESOURCE_DOES_NOT_EXIST"
    code, line = refusal(client.create_registered_model, model.model_id)
    assert (code, "the id of a logged model" in line) == ("RESOURCE_ALREADY_EXISTS", True)
    logged = recorded_log(tmp_path).model(model.model_id).logged
    assert logged is not None
    assert (logged.name, logged.group, logged.status) == ("classifier", "digits", "pending")


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """Three models, a and b with metrics: `a` is better on the training data, and `b` on the test data."""
    client = client_of(tmp_path_factory.mktemp("searched"))
    experiment = client.create_experiment("digits")
    run = client.create_run(experiment).info.run_id
    found = {}
    for name, train, test in (("a", 0.9, 0.5), ("b", 0.8, 0.7), ("c", None, None)):
        model = client.create_logged_model(experiment, name, run, {"team": f"team-{name}"}, {"C": name.upper()}, "sklearn")
        found[name] = model.model_id
        if train is not None:
            log(client, run, model.model_id, "accuracy", train, dataset="train", digest="abc")
            log(client, run, model.model_id, "accuracy", test, dataset="test", digest="def")
            log(client, run, model.model_id, "loss", 1 - train)
    client.finalize_logged_model(found["a"], "READY")
    return client, experiment, found, run


@answered("Logged models are found by attributes, metrics, params and tags.")
@pytest.mark.parametrize(
    ("filter_string", "expected"),
    [
        (None, "abc"),
        ("name = 'a'", "a"),
        ("name != 'a'", "bc"),
        ("name LIKE 'a%' OR_NOT", None),
        ("attributes.name ILIKE 'A'", "a"),
        ("name IN ('a', 'c')", "ac"),
        ("name NOT IN ('a', 'c')", "b"),
        ("model_type = 'sklearn' and params.C = 'B'", "b"),
        ("params.C LIKE '%'", "abc"),
        ("params.c = 'B'", ""),
        ("tags.team = 'team-c'", "c"),
        ("tags.`team` ILIKE 'TEAM-%' AND params.C != 'A'", "bc"),
        ("metrics.accuracy > 0.85", "a"),
        ("metrics.accuracy < 0.6", "a"),
        ("metrics.accuracy >= 0.7", "ab"),
        ("metrics.loss < 0.15", "a"),
        ("metrics.none > 0", ""),
        ("metrics.accuracy > 'x'", None),
        ("status = 'READY'", "a"),
        ("creation_timestamp > 0", "abc"),
        ("creation_time < 1", ""),
        ("params.C > 'A'", None),
        ("evil = 'x'", None),
    ],
)
def test_a_search_finds_logged_models(searched, filter_string, expected):
    client, experiment, _, _ = searched
    if expected is None:
        refused = refusal(client.search_logged_models, [experiment], filter_string)
        assert refused[0] == "INVALID_PARAMETER_VALUE"
    else:
        assert "".join(sorted(names(client.search_logged_models([experiment], filter_string)))) == expected


@answered("A search counts only metrics on the datasets that it names, by name and digest.")
@pytest.mark.parametrize(
    ("filter_string", "datasets", "expected"),
    [
        ("metrics.accuracy < 0.6", [("train", None)], ""),
        ("metrics.accuracy < 0.6", [("test", None)], "a"),
        ("metrics.accuracy < 0.6", [("test", "def")], "a"),
        ("metrics.accuracy < 0.6", [("test", "other")], ""),
        ("metrics.accuracy > 0.75", [("train", "abc"), ("test", None)], "ab"),
        (None, [("train", None)], "ab"),
        (None, [("none", None)], ""),
    ],
)
def test_a_search_asks_for_metrics_on_a_dataset(searched, filter_string, datasets, expected):
    client, experiment, _, _ = searched
    given = [{"dataset_name": name} | ({} if digest is None else {"dataset_digest": digest}) for name, digest in datasets]
    found = client.search_logged_models([experiment], filter_string, given)
    assert "".join(sorted(names(found))) == expected


@answered("Logged models come the newest first, or by attributes and by metrics on a dataset; without a value last.")
@pytest.mark.parametrize(
    ("order_by", "expected"),
    [
        (None, "cba"),
        ([{"field_name": "name"}], "abc"),
        ([{"field_name": "name", "ascending": False}], "cba"),
        ([{"field_name": "metrics.accuracy", "dataset_name": "train"}], "bac"),
        ([{"field_name": "metrics.accuracy", "dataset_name": "test", "ascending": False}], "bac"),
        ([{"field_name": "metrics.accuracy", "dataset_name": "test", "dataset_digest": "def"}], "abc"),
        ([{"field_name": "metrics.loss", "ascending": False}], "bac"),
        ([{"field_name": "last_updated_timestamp", "ascending": False}, {"field_name": "name"}], "acb"),
        ([{"field_name": "creation_time"}], "abc"),
    ],
)
def test_a_search_has_an_order(searched, order_by, expected):
    client, experiment, _, _ = searched
    assert "".join(names(client.search_logged_models([experiment], order_by=order_by))) == expected


@answered("An order or a dataset that is none is refused.")
@pytest.mark.parametrize(
    "mistake",
    [
        {"order_by": [{"ascending": True}]},
        {"order_by": [{"field_name": "evil"}]},
        {"order_by": [{"field_name": "params.C"}]},
        {"order_by": [{"field_name": "metrics.accuracy", "dataset_digest": "abc"}]},
        {"datasets": [{"dataset_digest": "abc"}]},
        {"max_results": 0},
    ],
)
def test_a_question_that_is_none_is_refused(searched, mistake):
    client, experiment, _, _ = searched
    assert refusal(client.search_logged_models, [experiment], **mistake)[0] == "INVALID_PARAMETER_VALUE"


@answered("A search of logged models has pages; the token of another question is refused.")
def test_a_search_has_pages_and_a_token_is_for_its_own_question(searched):
    client, experiment, _, _ = searched
    first = client.search_logged_models([experiment], max_results=2)
    second = client.search_logged_models([experiment], max_results=2, page_token=first.token)
    assert (names(first), names(second), second.token) == (["c", "b"], ["a"], None)
    for other in ({"filter_string": "name = 'a'"}, {"order_by": [{"field_name": "name"}]}):
        refused = refusal(client.search_logged_models, [experiment], page_token=first.token, **other)
        assert refused[0] == "INVALID_PARAMETER_VALUE"


@answered("A search looks in the experiments that it names.")
def test_a_search_looks_in_the_experiments_that_it_names(searched):
    client, experiment, _, _ = searched
    other = client.create_experiment("letters")
    client.create_logged_model(other, "d")
    client.create_logged_model("0", "e")
    assert names(client.search_logged_models([other])) == ["d"]
    assert names(client.search_logged_models([other, "0"])) == ["e", "d"]
    assert len(client.search_logged_models([experiment])) == 3
