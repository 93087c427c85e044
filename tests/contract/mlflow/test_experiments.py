"""MLflow's experiments: groups of this log."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from mlflow.entities import ExperimentTag, LifecycleStage, ViewType
from mlflow.exceptions import MlflowException

from tests.contract.mlflow.behaviours import answered, differs, refused
from tests.contract.mlflow.calls import names, new_run, raised_code, tick

pytestmark = pytest.mark.slow


@answered("A new log has one experiment: `Default`, with the id 0.")
def test_a_new_log_has_the_default_experiment(store: Any) -> None:
    [experiment] = store.search_experiments()
    assert (experiment.experiment_id, experiment.name) == ("0", "Default")


@answered("`Default` can be deleted, and stays so for whoever opens the log later.")
def test_the_default_experiment_stays_deleted(store: Any, tmp_path: Path) -> None:
    store.create_experiment("other")
    store.delete_experiment("0")
    again = type(store)(f"training-events://{tmp_path}/log.db")
    assert again.get_experiment("0").lifecycle_stage == LifecycleStage.DELETED
    assert names(again.search_experiments()) == ["other"]
    assert set(names(again.search_experiments(ViewType.ALL))) == {"other", "Default"}


@answered("Of threads that create an experiment with one name at once, or rename theirs to it, one succeeds.")
def test_of_threads_that_take_a_name_one_gets_it(store: Any) -> None:
    def taken(number: int) -> str:
        try:
            store.create_experiment(f"digits {number // 8}")
        except MlflowException as refusal:
            return str(refusal.error_code)
        return "created"

    def renamed(id_: str) -> str:
        try:
            store.rename_experiment(id_, "renamed")
        except MlflowException as refusal:
            return str(refusal.error_code)
        return "renamed"

    with ThreadPoolExecutor(8) as threads:
        created = list(threads.map(taken, range(40)))
        ids = [experiment.experiment_id for experiment in store.search_experiments() if experiment.name != "Default"]
        given = list(threads.map(renamed, ids))
    assert created.count("created") == 5
    assert sorted(given) == ["RESOURCE_ALREADY_EXISTS"] * 4 + ["renamed"]


@answered("An experiment is found by its id and by its name, a deleted one too; by a name that nobody has, nothing is.")
def test_an_experiment_is_found_by_id_and_name(store: Any) -> None:
    id_ = store.create_experiment("digits", tags=[ExperimentTag("team", "vision"), ExperimentTag("lines", "a\nb")])
    found = store.get_experiment(id_)
    assert (found.name, found.experiment_id, found.tags) == ("digits", id_, {"team": "vision", "lines": "a\nb"})
    found.to_proto()
    store.delete_experiment(id_)
    assert store.get_experiment_by_name("digits").experiment_id == id_
    assert store.get_experiment_by_name("nobody") is None


@answered("The id of an experiment that nobody created is told to be none, and a text that is no id.")
def test_what_is_no_experiment_is_told(store: Any) -> None:
    assert raised_code(lambda: store.get_experiment("100")) == "RESOURCE_DOES_NOT_EXIST"
    assert raised_code(lambda: store.get_experiment("digits")) == "INVALID_PARAMETER_VALUE"


@differs("Experiments are numbered 1, 2, 3.", "the id follows from the name, so that two who create it at once agree")
def test_the_id_follows_from_the_name(store: Any, tmp_path: Path) -> None:
    other = type(store)(f"training-events://{tmp_path}/other.db")
    assert store.create_experiment("digits") == other.create_experiment("digits")
    assert store.create_experiment("letters").isdecimal()


@answered("A name that is taken is refused, also that of a deleted experiment.")
def test_a_name_is_taken_once(store: Any) -> None:
    id_ = store.create_experiment("digits")
    assert raised_code(lambda: store.create_experiment("digits")) == "RESOURCE_ALREADY_EXISTS"
    store.delete_experiment(id_)
    with pytest.raises(MlflowException, match=r"Experiment\(name=digits\) already exists.*restore_experiment"):
        store.create_experiment("digits")


@answered("An empty name is refused.")
def test_an_empty_name_is_refused(store: Any) -> None:
    assert raised_code(lambda: store.create_experiment("")) == "INVALID_PARAMETER_VALUE"
    assert raised_code(lambda: store.create_experiment(None)) == "INVALID_PARAMETER_VALUE"


@differs("A name of more than 500 characters is refused.", "names are kept as they are, up to 2 KB")
def test_a_long_name_is_kept(store: Any) -> None:
    assert store.get_experiment(store.create_experiment("x" * 900)).name == "x" * 900
    assert raised_code(lambda: store.create_experiment("x" * 3000)) == "INVALID_PARAMETER_VALUE"


@answered("An experiment is renamed; it keeps its id and its runs.")
def test_an_experiment_is_renamed(store: Any) -> None:
    id_ = store.create_experiment("digits")
    run_id = new_run(store, id_)
    before = store.get_experiment(id_)
    tick()
    store.rename_experiment(id_, "numbers")
    after = store.get_experiment(id_)
    assert (after.name, after.experiment_id) == ("numbers", id_)
    assert after.last_update_time > before.last_update_time
    assert after.creation_time == before.creation_time
    assert store.get_experiment_by_name("numbers").experiment_id == id_
    assert store.get_experiment_by_name("digits") is None
    assert [run.info.run_id for run in store.search_runs([id_], "", ViewType.ACTIVE_ONLY)] == [run_id]


@differs("The old name of a renamed experiment is free again.", "the log still has what was recorded under it")
def test_an_old_name_stays_taken(store: Any) -> None:
    store.rename_experiment(store.create_experiment("digits"), "numbers")
    with pytest.raises(MlflowException, match=r"already exists: it is called 'numbers'"):
        store.create_experiment("digits")


@answered("A name that another experiment has is refused when renaming, and a deleted experiment is not renamed.")
def test_renaming_is_refused(store: Any) -> None:
    id_, _ = store.create_experiment("digits"), store.create_experiment("letters")
    assert raised_code(lambda: store.rename_experiment(id_, "letters")) == "RESOURCE_ALREADY_EXISTS"
    store.delete_experiment(id_)
    assert raised_code(lambda: store.rename_experiment(id_, "numbers")) == "INVALID_STATE"


@answered("A deleted experiment is listed as deleted, and its runs are, until it is restored.")
def test_an_experiment_is_deleted_and_restored(store: Any) -> None:
    id_ = store.create_experiment("digits")
    run_id = new_run(store, id_)
    before = store.get_experiment(id_)
    tick()
    store.delete_experiment(id_)
    assert store.get_experiment(id_).lifecycle_stage == LifecycleStage.DELETED
    assert store.get_experiment(id_).last_update_time > before.last_update_time
    assert names(store.search_experiments()) == ["Default"]
    assert names(store.search_experiments(ViewType.DELETED_ONLY)) == ["digits"]
    assert store.get_run(run_id).info.lifecycle_stage == LifecycleStage.DELETED
    assert store.search_runs([id_], "", ViewType.ACTIVE_ONLY) == []
    [deleted] = store.search_runs([id_], "", ViewType.DELETED_ONLY)
    assert (deleted.info.run_id, deleted.info.lifecycle_stage) == (run_id, LifecycleStage.DELETED)
    store.restore_experiment(id_)
    assert store.get_run(run_id).info.lifecycle_stage == LifecycleStage.ACTIVE
    assert len(store.search_runs([id_], "", ViewType.ACTIVE_ONLY)) == 1
    assert names(store.search_experiments()) == ["digits", "Default"]


@differs(
    "Restoring an experiment restores runs that were deleted before it was.",
    "a run that was hidden by itself stays hidden until it is restored itself",
)
def test_a_run_stays_deleted_by_itself(store: Any) -> None:
    id_ = store.create_experiment("digits")
    run_id = new_run(store, id_)
    store.delete_run(run_id)
    store.delete_experiment(id_)
    store.restore_experiment(id_)
    assert store.get_run(run_id).info.lifecycle_stage == LifecycleStage.DELETED


@answered("Deleting what is deleted, restoring what is not, and a run in a deleted experiment are refused.")
def test_the_stage_of_an_experiment_counts(store: Any) -> None:
    id_ = store.create_experiment("digits")
    assert raised_code(lambda: store.restore_experiment(id_)) == "RESOURCE_DOES_NOT_EXIST"
    store.delete_experiment(id_)
    assert raised_code(lambda: store.delete_experiment(id_)) == "RESOURCE_DOES_NOT_EXIST"
    assert raised_code(lambda: new_run(store, id_)) == "INVALID_PARAMETER_VALUE"


@answered("A tag of an experiment is set, replaced and deleted; one that it does not have cannot be deleted.")
def test_an_experiment_has_tags(store: Any) -> None:
    id_, other = store.create_experiment("digits"), store.create_experiment("letters")
    store.set_experiment_tag(id_, ExperimentTag("team", "vision"))
    store.set_experiment_tag(id_, ExperimentTag("team", "speech"))
    assert store.get_experiment(id_).tags == {"team": "speech"}
    assert store.get_experiment(other).tags == {}
    store.delete_experiment_tag(id_, "team")
    assert store.get_experiment(id_).tags == {}
    assert raised_code(lambda: store.delete_experiment_tag(id_, "team")) == "RESOURCE_DOES_NOT_EXIST"


@differs("A tag's value of more than 5,000 characters is refused.", "it is kept, up to 64 KiB")
def test_a_long_tag_is_kept(store: Any) -> None:
    id_ = store.create_experiment("digits")
    store.set_experiment_tag(id_, ExperimentTag("note", "x" * 60_000))
    assert store.get_experiment(id_).tags["note"] == "x" * 60_000
    with pytest.raises(MlflowException, match="exceeds the maximum length"):
        store.set_experiment_tag(id_, ExperimentTag("note", "x" * 70_000))


@answered("A deleted experiment takes no tag.")
def test_a_deleted_experiment_takes_no_tag(store: Any) -> None:
    id_ = store.create_experiment("digits")
    store.delete_experiment(id_)
    with pytest.raises(MlflowException, match="must be in the 'active' state"):
        store.set_experiment_tag(id_, ExperimentTag("team", "vision"))


@answered("The artifacts of an experiment's runs are where its creator said.")
def test_artifacts_are_where_the_creator_said(store: Any) -> None:
    id_ = store.create_experiment("digits", artifact_location="s3://bucket/some/place")
    assert store.get_experiment(id_).artifact_location == "s3://bucket/some/place"
    run = store.get_run(new_run(store, id_))
    assert run.info.artifact_uri == f"s3://bucket/some/place/{run.info.run_id}/artifacts"
    assert "mlflow.artifactLocation" not in store.get_experiment(id_).tags


@answered("Experiments are found by name, id, times and tags, with LIKE, ILIKE, IN, IS NULL and AND.")
@pytest.mark.parametrize(
    ("filter_string", "found"),
    [
        ("name = 'a'", {"a"}),
        ("attribute.`name` != 'a'", {"Abc", "ab", "Default"}),
        ("name LIKE 'a%'", {"ab", "a"}),
        ("name ILIKE 'a%' AND name ILIKE '%b'", {"ab"}),
        ("tags.team = 'vision'", {"a"}),
        ("tag.team != 'vision'", {"ab"}),
        ("tag.`long key` ILIKE '%ALUE'", {"Abc"}),
        ("tags.team IS NULL", {"Abc", "Default"}),
        ("tags.team IS NOT NULL AND name = 'ab'", {"ab"}),
        ("creation_time >= 0", {"a", "ab", "Abc", "Default"}),
        ("last_update_time < 0", set()),
        ("experiment_id = '0'", {"Default"}),
        ("experiment_id IN ('0', '1')", {"Default"}),
    ],
)
def test_experiments_are_found(store: Any, filter_string: str, found: set[str]) -> None:
    store.create_experiment("a", tags=[ExperimentTag("team", "vision")])
    store.create_experiment("ab", tags=[ExperimentTag("team", "speech")])
    store.create_experiment("Abc", tags=[ExperimentTag("long key", "value")])
    assert set(names(store.search_experiments(filter_string=filter_string))) == found


@answered("Experiments are sorted by name, id and times, the newest first by default, and come in pages.")
def test_experiments_are_sorted_in_pages(store: Any) -> None:
    for name in "xyz":
        tick()
        store.create_experiment(name)
    assert names(store.search_experiments()) == ["z", "y", "x", "Default"]
    assert names(store.search_experiments(order_by=["name DESC"])) == ["z", "y", "x", "Default"]
    assert names(store.search_experiments(order_by=["creation_time ASC"])) == ["Default", "x", "y", "z"]
    tick()
    store.rename_experiment(store.get_experiment_by_name("x").experiment_id, "w")
    assert names(store.search_experiments(order_by=["last_update_time DESC"]))[0] == "w"
    first = store.search_experiments(max_results=3)
    assert names(first) == ["z", "y", "w"]
    rest = store.search_experiments(max_results=3, page_token=first.token)
    assert (names(rest), rest.token) == (["Default"], None)


@refused("A filter that MLflow does not know is told, and a page of no results.", "as MLflow does")
def test_a_bad_search_is_told(store: Any) -> None:
    wrong: list[dict[str, Any]] = [
        *({"filter_string": text} for text in ("name IS NULL", "color = 'red'", "params.x = 'y'", "name =")),
        *({"max_results": number} for number in (0, None, 1_000_000)),
    ]
    for arguments in wrong:
        assert raised_code(partial(store.search_experiments, **arguments)) == "INVALID_PARAMETER_VALUE"


@differs("A run is in an experiment that somebody created.", "the tag `group` of a run is enough: it names the experiment")
def test_a_group_that_only_runs_name_is_an_experiment(store: Any) -> None:
    run_id = new_run(store, "0")
    store.workspace.record(f"run/{run_id}", "Tagged", {"tags": {"group": "sweep 7"}})
    experiment = store.get_experiment_by_name("sweep 7")
    assert store.get_run(run_id).info.experiment_id == experiment.experiment_id
    assert set(names(store.search_experiments())) == {"sweep 7", "Default"}
    assert raised_code(lambda: store.create_experiment("sweep 7")) == "RESOURCE_ALREADY_EXISTS"
