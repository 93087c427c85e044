"""The datasets and models that MLflow's runs use."""

from typing import Any

import pytest
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelInput, LoggedModelOutput, ViewType, _DatasetSummary
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

from tests.contract.mlflow.behaviours import answered, differs
from tests.contract.mlflow.calls import new_run, raised_code, run_again

pytestmark = pytest.mark.slow


def dataset(number: int, context: str | None = None, schema: str | None = None) -> DatasetInput:
    described = Dataset(
        f"name{number}", f"digest{number}", f"type{number}", f"source{number}", schema or f"schema{number}", f"profile{number}"
    )
    return DatasetInput(described, [] if context is None else [InputTag(MLFLOW_DATASET_CONTEXT, context)])


@answered("A run has its datasets, with digest, source, schema, profile, context and tags, also where it is searched for.")
def test_a_run_has_its_datasets(store: Any) -> None:
    run_id = new_run(store)
    first, second = dataset(1, "train"), dataset(2)
    second.tags.append(InputTag("who", "ada"))
    store.log_inputs(run_id, [first, second])
    assert store.get_run(run_id).inputs.dataset_inputs == [first, second]
    [found] = store.search_runs(["0"], "", ViewType.ACTIVE_ONLY)
    assert found.inputs.dataset_inputs == [first, second]
    run_again(store, run_id)
    assert store.get_run(run_id).inputs.dataset_inputs == [first, second]


@answered("A dataset that the run has already, by its name and digest, is not added again.")
def test_a_dataset_is_there_once(store: Any) -> None:
    run_id = new_run(store)
    store.log_inputs(run_id, [dataset(1, "train"), dataset(1, "test")])
    store.log_inputs(run_id, [dataset(1, "eval"), dataset(2, "eval")])
    contexts = [given.tags[0].value for given in store.get_run(run_id).inputs.dataset_inputs]
    assert contexts == ["train", "eval"]


@answered("A dataset without a name or a digest is refused.")
def test_a_dataset_has_a_name_and_a_digest(store: Any) -> None:
    run_id = new_run(store)
    for given in (
        DatasetInput(Dataset(None, "digest", "type", "source"), []),  # type: ignore[arg-type]
        DatasetInput(Dataset("name", None, "type", "source"), []),  # type: ignore[arg-type]
        DatasetInput(None, []),  # type: ignore[arg-type]
    ):
        assert raised_code(lambda given=given: store.log_inputs(run_id, [given])) == "INVALID_PARAMETER_VALUE"  # type: ignore[misc]
    with pytest.raises(TypeError, match="should be a list"):
        store.log_inputs(run_id, datasets=dataset(1))


@differs("A dataset's schema of more than 1 MB is refused.", "it is kept as it is")
@pytest.mark.parametrize("length", [100_000, 400_000])  # the second one is too large for an event
def test_a_large_schema_is_kept(store: Any, length: int) -> None:
    run_id = new_run(store)
    store.log_inputs(run_id, [dataset(1, schema="x" * length)])
    [given] = store.get_run(run_id).inputs.dataset_inputs
    assert (given.dataset.name, given.dataset.digest, given.dataset.schema) == ("name1", "digest1", "x" * length)


@answered("The datasets of some experiments are listed, each once for each context.")
def test_datasets_of_experiments_are_listed(store: Any) -> None:
    one, other = store.create_experiment("one"), store.create_experiment("other")
    store.log_inputs(new_run(store, one), [dataset(1, "train"), dataset(2, "eval"), dataset(4)])
    store.log_inputs(new_run(store, one), [dataset(1, "train"), dataset(2, "test")])
    store.log_inputs(new_run(store, other), [dataset(3, "train")])
    listed = {
        (one, "name1", "digest1", "train"), (one, "name2", "digest2", "eval"), (one, "name2", "digest2", "test"),
        (one, "name4", "digest4", None),
    }  # fmt: skip
    assert as_tuples(store._search_datasets([one])) == listed  # noqa: SLF001 - MLflow's server calls it
    assert as_tuples(store._search_datasets([one, other])) == listed | {(other, "name3", "digest3", "train")}  # noqa: SLF001


def as_tuples(summaries: list[_DatasetSummary]) -> set[tuple[str, str, str, str | None]]:
    return {(it.experiment_id, it.name, it.digest, it.context) for it in summaries}


@answered("A run has the models that it used and those that it made, with their steps.")
def test_a_run_has_its_models(store: Any) -> None:
    run_id = new_run(store)
    store.log_inputs(run_id, models=[LoggedModelInput("m-1")])
    store.log_outputs(run_id, [LoggedModelOutput("m-2", 7), LoggedModelOutput("m-3", 0)])
    run = store.get_run(run_id)
    assert [it.model_id for it in run.inputs.model_inputs] == ["m-1"]
    assert [(it.model_id, it.step) for it in run.outputs.model_outputs] == [("m-2", 7), ("m-3", 0)]
    assert run.data.tags.keys() == {"mlflow.runName"}
