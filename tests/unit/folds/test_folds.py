"""What the state is after some events: a test for each rule.

tests/properties/test_states.py tests that neither their order of arrival nor a repeat matters.
"""

import msgspec
import pytest
from training_events import folds
from training_events.canonical import canonical_json
from training_events.event import LogEntry
from training_events.folds.logged_model import MAX_ARTIFACTS
from training_events.folds.metric import goal_by_name
from training_events.folds.run_state import MAX_DATASETS, MAX_DETAILS_BYTES, MAX_KEPT
from training_events.folds.silence import last_heard_at
from training_events.folds.stream_state import Hiding
from training_events.folds.summary import LoggedSummary, ModelSummary, RunSummary, summary_of


def state_after(stream, *events):
    """The state after these events, given as (type, data), which occurred one a second."""
    moments = (f"2026-11-22T15:{minute:02d}:{second:02d}.500000Z" for minute in range(60) for second in range(60))
    entries = [
        LogEntry(f"{moment}#e", "", type_, 1, canonical_json(data).decode())
        for moment, (type_, data) in zip(moments, events, strict=False)
    ]
    return folds.fold(folds.empty(stream), entries)


def points(*values, name="loss"):
    return "MetricsRecorded", {"points": [{"name": name, "value": value, "step": step} for step, value in enumerate(values)]}


def value_and_step(reading):
    return reading.value, reading.step


def test_a_run_from_request_to_completion():
    run = state_after(
        "run/a",
        ("TrainingRequested", {"model": "digits", "requested_by": "ada"}),
        ("TrainingStarted", {"datasets": ["s3://b/d", {"uri": "s3://b/e", "version_id": "v", "sha256": "5e"}],
                             "seeds": {"split": 2**63}, "mine": {"kept": 1.5}, "resumed_from": "run/z"}),
        points(0.5, 0.25),
        ("CheckpointSaved", {"uri": "s3://b/c", "version_id": "v", "sha256": "c0", "bytes": 9, "step": 1}),
        ("ArtifactSaved", {"name": "curve", "uri": "s3://b/curve"}),
        ("TrainingCompleted", {"artifact": {"uri": "s3://b/model"}}),
    )  # fmt: skip
    assert (run.status, run.model, run.requested_by, run.finished) == ("completed", "digits", "ada", True)
    assert (run.requested_at, run.started_at, run.finished_at) == tuple(f"2026-11-22T15:00:0{s}.500000Z" for s in (0, 1, 5))
    assert run.duration_seconds == 4
    assert (run.first_at, run.last_at, run.position) == (run.requested_at, run.finished_at, f"{run.finished_at}#e")
    assert run.spec["seeds"] == {"split": 2**63}
    assert run.spec["mine"] == {"kept": 1.5}
    assert [dataset.uri for dataset in run.lineage.datasets] == ["s3://b/d", "s3://b/e"]
    assert run.lineage.resumed_from == "run/z"
    assert (run.checkpoints[0].step, run.checkpoints[0].stored.sha256) == (1, "c0")
    assert [artifact.stored.uri for artifact in run.artifacts] == ["s3://b/curve", "s3://b/model"]
    assert (run.counts.events, run.points, run.starts, run.checkpoints_saved, run.artifacts_saved) == (6, 2, 1, 1, 2)


@pytest.mark.parametrize(
    ("datasets", "used"),
    [
        ({"train": "s3://b/k", "test": [{"uri": "s3://b/l", "sha256": "5e"}, "m"]},
         [{"uri": "s3://b/l", "sha256": "5e", "role": "test"}, {"uri": "m", "role": "test"},
          {"uri": "s3://b/k", "role": "train"}]),
        ([{"uri": "s3://b/k", "role": "train"}, "m"], [{"uri": "s3://b/k", "role": "train"}, {"uri": "m"}]),
        ({"uri": "s3://b/d.json", "sha256": "5e", "bytes": 9}, [{"uri": "s3://b/d.json", "sha256": "5e", "bytes": 9}]),
        ("s3://b/k", [{"uri": "s3://b/k"}]), ("", []), (None, []), ([{"a": 1}], []), ([{"role": "train", "bytes": 9}], []),
        ({"train": {"x": {"uri": "s3://b/k"}}}, []), ({"name": "train", "path": "s3://b/k"}, []), ({"train": 0.8}, []),
        ({"uri": "s3://b/k", "name": "train"}, [{"uri": "s3://b/k", "name": "train"}]), ({"sha256": "5e"}, [{"sha256": "5e"}]),
        ({"uri": "s3://b/k", "bytes": "many"}, [{"uri": "s3://b/k"}]), ({"version_id": "v", "bytes": 9}, []),
        ({"train": {"x": 1}, "test": "m"}, [{"uri": "m", "role": "test"}]),
        ({"uri": ["s3://b/k"]}, [{"uri": "s3://b/k", "role": "uri"}]), ({"train": 7, "test": None}, []), ({}, []), ([], []),
    ],
)  # fmt: skip
def test_datasets_have_roles_in_whatever_form_they_come(datasets, used):
    run = state_after("run/a", ("TrainingStarted", {"datasets": datasets}))
    assert msgspec.to_builtins(run.lineage.datasets) == used
    assert (run.status, run.spec["datasets"]) == ("running", datasets), (
        "what no dataset can be made of is in the spec as it came"
    )


def test_a_metric_has_its_first_last_lowest_highest_and_best_value():
    metric = state_after("run/a", points(3, 1, 4, 1, 5)).metrics["loss"]
    assert [value_and_step(reading) for reading in (metric.first, metric.last, metric.min, metric.max, metric.best)] == [
        (3, 0), (5, 4), (1, 1), (5, 4), (1, 1),
    ]  # fmt: skip
    assert (metric.points, metric.goal) == (5, "minimize")


def test_more_is_better_unless_the_name_or_the_run_says_otherwise():
    assert value_and_step(state_after("run/a", points(1, 3, 2, name="accuracy")).metrics["accuracy"].best) == (3, 1)
    start = "TrainingStarted", {"goals": {"accuracy": "minimize"}}
    assert value_and_step(state_after("run/a", start, points(2, 1, 3, name="accuracy")).metrics["accuracy"].best) == (1, 1)
    assert value_and_step(state_after("run/a", points(2, 1, 3, name="accuracy"), start).metrics["accuracy"].best) == (1, 1)


@pytest.mark.parametrize(
    ("name", "goal"),
    [("loss", "minimize"), ("val_loss", "minimize"), ("validation:error", "minimize"), ("rmse", "minimize"),
     ("test/MAE", "minimize"), ("perplexity", "minimize"), ("accuracy", "maximize"), ("f1", "maximize"),
     ("maestro", "maximize"), ("reward", "maximize")],
)  # fmt: skip
def test_a_goal_from_a_name(name, goal):
    assert goal_by_name(name) == goal


def test_a_value_that_is_not_finite_is_kept_but_is_neither_lowest_nor_highest():
    metric = state_after("run/a", points("NaN", 2, "Infinity", 1, "-Infinity")).metrics["loss"]
    assert (metric.first.value, metric.last.value, metric.not_finite) == ("NaN", "-Infinity", 3)
    assert (metric.min.value, metric.max.value, metric.best.value) == (1, 2, 1)
    assert state_after("run/a", points("NaN")).metrics["loss"].best is None


def test_a_point_has_its_own_time_or_that_of_its_event():
    state = state_after(
        "run/a", ("MetricsRecorded", {"points": [{"name": "a", "value": 1}, {"name": "b", "value": 1, "time": "T"}]})
    )
    assert (state.metrics["a"].last.at, state.metrics["b"].last.at) == ("2026-11-22T15:00:00.500000Z", "T")


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([], "unknown"),
        (["TrainingRequested"], "requested"),
        (["TrainingStarted", "TrainingRequested"], "running"),
        (["TrainingStarted", "TrainingFailed"], "failed"),
        (["TrainingStarted", "TrainingStopped", "CheckpointSaved"], "stopped"),
        (["TrainingStarted", "TrainingStopped", "TrainingStarted"], "running"),
        (["TrainingCompleted", "TrainingRequested"], "completed"),
        (["TrainingCompleted", "TrainingFailed"], "failed"),
    ],
)
def test_the_status_follows_the_events_in_order(events, status):
    assert state_after("run/a", *((type_, {}) for type_ in events)).status == status


def test_a_failed_run_keeps_its_error_until_it_continues():
    failed = "TrainingFailed", {"error": "ValueError: no", "traceback": "Traceback"}
    state = state_after("run/a", ("TrainingStarted", {}), failed)
    assert (state.error.error, state.error.traceback) == ("ValueError: no", "Traceback")
    assert state_after("run/a", failed, ("TrainingStarted", {})).error is None
    assert state_after("run/a", failed, ("TrainingCompleted", {})).error is None


def job(status, **more):
    return "TrainingJobStateChanged", {"status": status, **more}


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([job("InProgress")], "running"),
        ([job("InProgress"), job("Failed", failure_reason="out of memory")], "failed"),
        ([("TrainingCompleted", {}), job("InProgress")], "completed"),
        ([("TrainingCompleted", {}), job("Failed")], "completed"),
        ([job("Stopped")], "stopped"),
        ([job("AsOfTomorrow")], "unknown"),
    ],
)
def test_a_job_ends_the_run_where_the_training_could_not_record_its_end(events, status):
    state = state_after("run/a", *events)
    assert state.status == status
    assert state.job.status == events[-1][1]["status"]
    if status == "failed":
        assert state.error.error == "out of memory"


def test_the_state_names_who_recorded_the_end():
    assert state_after("run/a", ("TrainingCompleted", {}), job("Failed")).ended_by == "training"
    assert state_after("run/a", job("Failed"), ("TrainingCompleted", {})).ended_by == "training"
    assert state_after("run/a", job("Stopped", secondary_status="MaxRuntimeExceeded")).ended_by == "SageMaker"
    assert state_after("run/a", job("Stopped", secondary_status="MaxRuntimeExceeded")).stop_reason == "MaxRuntimeExceeded"
    assert state_after("run/a", job("Failed"), ("TrainingStarted", {})).ended_by is None


def test_a_job_that_is_modified_after_its_end_keeps_the_time_of_its_end():
    """SageMaker sends further events of a job that keeps its instances for the next job: it is complete, again."""
    state = state_after("run/a", job("InProgress"), job("Completed"), job("Completed"))
    assert (state.finished_at, state.duration_seconds, state.job.at) == (
        "2026-11-22T15:00:01.500000Z", 1, "2026-11-22T15:00:02.500000Z",
    )  # fmt: skip


def test_a_run_begins_with_its_training_or_else_with_its_job():
    assert state_after("run/a", job("InProgress"), job("Completed")).started_at == "2026-11-22T15:00:00.500000Z"
    state = state_after("run/a", job("InProgress"), ("TrainingStarted", {}), ("TrainingStarted", {}), ("TrainingCompleted", {}))
    assert (state.started_at, state.duration_seconds) == ("2026-11-22T15:00:01.500000Z", 2)


def test_the_details_of_a_job_are_kept_and_its_inputs_are_the_lineage_where_there_is_no_spec():
    details = {"image": {"uri": "image:1"}, "instance": {"type": "ml.m5.large", "count": 2}, "hyperparameters": {"C": "1"},
            "datasets": ["s3://b/d"], "artifact": {"uri": "s3://b/model.tar.gz"}}  # fmt: skip
    state = state_after("run/a", job("Completed", **details))
    assert (state.job.image, state.job.instance.count, state.job.hyperparameters) == ("image:1", 2, {"C": "1"})
    assert (state.job.artifact.uri, state.lineage.datasets[0].uri) == ("s3://b/model.tar.gz", "s3://b/d")
    pinned = state_after(
        "run/a", job("InProgress", **details), ("TrainingStarted", {"datasets": ["s3://b/e"]}), job("Completed", **details)
    )
    assert [dataset.uri for dataset in pinned.lineage.datasets] == ["s3://b/e"]


def test_the_execution_of_a_pipeline_continues_when_it_is_retried():
    def execution(status):
        return "PipelineExecutionStateChanged", {"status": status, "failure_reason": "a step failed"}

    failed = state_after("run/a", execution("Executing"), execution("Failed"))
    assert (failed.status, failed.error.error, failed.job.status) == ("failed", "a step failed", "Failed")
    assert state_after("run/a", execution("Executing"), execution("Failed"), execution("Executing")).status == "running"
    again = state_after("run/a", execution("Executing"), execution("Failed"), execution("Succeeded"))
    assert (again.status, again.error, again.duration_seconds) == ("completed", None, 2)


def test_a_state_keeps_only_the_newest_of_its_checkpoints():
    """A state has to fit into an item of DynamoDB, however long its stream is."""
    many = state_after("run/a", *(("CheckpointSaved", {"step": step}) for step in range(MAX_KEPT + 50)))
    assert [checkpoint.step for checkpoint in many.checkpoints] == list(range(50, MAX_KEPT + 50))
    assert many.checkpoints_saved == MAX_KEPT + 50


def test_one_version_serves_a_stage():
    model = state_after(
        "model/m",
        ("ModelRegistered", {"version": 1, "run": "run/a", "artifact": {"uri": "s3://b/1"}}),
        ("ModelRegistered", {"version": 2, "run": "run/b"}),
        ("ModelPromoted", {"version": 1, "stage": "production", "promoted_by": "ada"}),
        ("ModelPromoted", {"version": 2, "stage": "staging"}),
        ("ModelPromoted", {"version": "2", "stage": "production"}),
    )
    assert model.stages == {"production": "2", "staging": "2"}
    assert [model.versions[name].stages for name in ("1", "2")] == [[], ["production", "staging"]]
    assert [(promotion.version, promotion.stage, promotion.promoted_by) for promotion in model.promotions[:1]] == [
        ("1", "production", "ada")
    ]
    assert (model.latest_version, model.versions["1"].run, model.promoted) == ("2", "run/a", 3)


def test_a_retired_version_serves_nothing():
    model = state_after("model/m", ("ModelPromoted", {"version": 1, "stage": "production"}), ("ModelRetired", {"version": 1}))
    assert (model.stages, model.versions["1"].stages, model.finished) == ({}, [], False)
    assert model.versions["1"].retired_at is not None


def test_a_demoted_version_serves_the_stage_no_more_and_one_that_another_has_replaced_changes_nothing():
    story = [
        ("ModelPromoted", {"version": 1, "stage": "production"}),
        ("ModelPromoted", {"version": 2, "stage": "production"}),
        ("ModelDemoted", {"version": 1, "stage": "production", "demoted_by": "ada"}),
    ]
    assert state_after("model/m", *story).stages == {"production": "2"}
    assert "7" not in state_after("model/m", *story, ("ModelDemoted", {"version": 7, "stage": "production"})).versions
    model = state_after("model/m", *story, ("ModelDemoted", {"version": "2", "stage": "production"}))
    assert (model.stages, model.versions["2"].stages, model.versions["2"].retired_at) == ({}, [], None)


def test_a_version_is_described_tagged_hidden_and_restored_beside_its_model():
    story = [
        ("ModelRegistered", {"version": 1}),
        ("VersionDescribed", {"version": 1, "description": "warm start"}),
        ("VersionTagged", {"version": "1", "tags": {"team": "vision", "cost": 2.5}}),
        ("VersionHidden", {"version": 1, "reason": "wrong"}),
    ]
    version = state_after("model/m", *story).versions["1"]
    assert (version.description, version.tags) == ("warm start", {"team": "vision", "cost": 2.5})
    assert version.hidden_at == version.updated_at == "2026-11-22T15:00:03.500000Z"
    back = [
        ("VersionRestored", {"version": 1}),
        ("VersionTagged", {"version": 1, "tags": {"team": None}}),
        ("VersionDescribed", {"version": 1, "description": ""}),
    ]
    model = state_after("model/m", *story, *back)
    version = model.versions["1"]
    assert (version.description, version.tags, version.hidden_at) == (None, {"cost": 2.5}, None)
    assert (model.description, model.tags, model.hidden) == (None, {}, None)


def test_a_version_that_is_restored_is_back_from_retirement():
    story = [("ModelRegistered", {"version": 1}), ("ModelRetired", {"version": 1}), ("VersionRestored", {"version": 1})]
    assert state_after("model/m", *story).versions["1"].retired_at is None


def test_a_logged_model_has_its_newest_state_its_files_and_the_latest_value_of_each_metric():
    test_set = {"name": "test", "digest": "mlflow:8f2c41d9"}
    model = state_after(
        "model/m-4f0c",
        ("ModelLogged", {"name": "tree", "run": "run/a", "group": "sweep", "params": {"depth": "3"}, "status": "pending"}),
        ("ArtifactSaved", {"name": "MLmodel", "uri": "s3://b/MLmodel", "sha256": "5e"}),
        ("ModelMeasured", {"points": [{"name": "f1", "value": 0.5, "step": 2}], "run": "run/a", "dataset": test_set}),
        ("ModelMeasured", {"points": [{"name": "f1", "value": 0.9, "step": 1}], "run": "run/a", "dataset": test_set}),
        ("ModelMeasured", {"points": [{"name": "f1", "value": 0.7}]}),
        ("ModelLogged", {"status": "ready", "artifact": {"uri": "s3://b"}}),
    )
    logged = model.logged
    assert (logged.name, logged.run, logged.group, logged.params, logged.status) == (
        "tree", "run/a", "sweep", {"depth": "3"}, "ready",
    )  # fmt: skip
    assert (logged.at, logged.updated_at) == ("2026-11-22T15:00:00.500000Z", "2026-11-22T15:00:05.500000Z")
    assert [(it.dataset_name, it.dataset_digest, it.reading.value, it.run) for it in logged.metrics] == [
        ("test", "mlflow:8f2c41d9", 0.5, "run/a"),
        (None, None, 0.7, None),
    ]
    assert [(file.name, file.stored.sha256) for file in logged.artifacts] == [("MLmodel", "5e")]
    summary = summary_of(model)
    assert isinstance(summary, ModelSummary)
    assert summary.is_only_logged
    assert summary.logged == LoggedSummary("ready", "tree", "run/a", "sweep", None, logged.at, logged.updated_at)
    registered = summary_of(state_after("model/m", ("ModelLogged", {}), ("ModelRegistered", {"version": 1})))
    assert isinstance(registered, ModelSummary)
    assert not registered.is_only_logged


def test_a_logged_model_keeps_its_newest_files_and_counts_them_all():
    saved = [("ArtifactSaved", {"name": str(number)}) for number in range(MAX_ARTIFACTS + 3)]
    logged = state_after("model/m", *saved).logged
    assert (logged.artifacts_saved, len(logged.artifacts), logged.artifacts[-1].name) == (
        MAX_ARTIFACTS + 3, MAX_ARTIFACTS, str(MAX_ARTIFACTS + 2),
    )  # fmt: skip


def test_a_retired_model_comes_back_with_its_next_version():
    story = [("ModelRegistered", {"version": 1}), ("ModelPromoted", {"version": 1, "stage": "p"}), ("ModelRetired", {})]
    assert (state_after("model/m", *story).status, state_after("model/m", *story).stages) == ("retired", {})
    assert state_after("model/m", *story, ("ModelRegistered", {"version": 2})).status == "active"


def test_sagemakers_states_of_a_version_are_put_together():
    state_changed = "ModelPackageStateChanged"
    model = state_after("model/m", (state_changed, {"version": 1, "arn": "arn:1", "approval_status": "PendingManualApproval"}),
                 (state_changed, {"version": 1, "status": "Completed", "approval_status": "Approved"}))  # fmt: skip
    version = model.versions["1"]
    assert (version.package_arn, version.package_status, version.approval_status) == ("arn:1", "Completed", "Approved")


def test_a_dataset_has_its_versions_and_each_can_be_retired():
    story = [("DatasetRegistered", {"uri": "s3://b/d", "version_id": v, "sha256": v * 4, "bytes": 9, "rows": 3}) for v in "ab"]
    dataset = state_after("dataset/d", *story, ("DatasetRetired", {"sha256": "aaaa"}))
    assert [version.retired_at is None for version in dataset.versions] == [False, True]
    assert (dataset.status, dataset.registered, dataset.versions[1].rows) == ("active", 2, 3)
    assert state_after("dataset/d", *story, ("DatasetRetired", {})).status == "retired"


@pytest.mark.parametrize("stream", ["run/a", "model/m", "dataset/d", "group/g"])
def test_a_stream_of_any_kind_has_a_summary(stream):
    assert msgspec.json.decode(folds.summary(state_after(stream, ("Happened", {}))))["stream"] == stream


@pytest.mark.parametrize("stream", ["run/a", "model/m", "dataset/d", "group/g"])
def test_any_stream_is_named_tagged_and_put_away_and_each_can_be_taken_back(stream):
    story = [
        ("Described", {"name": "first try", "description": "with warm start"}),
        ("Tagged", {"tags": {"team": "vision", "group": "sweep-1", "cost": 2.5, "good": True}, "by": "ada"}),
        ("Hidden", {"reason": "a typing mistake", "by": "ada"}),
    ]
    state = state_after(stream, *story)
    assert (state.name, state.description) == ("first try", "with warm start")
    assert state.tags == {"team": "vision", "group": "sweep-1", "cost": 2.5, "good": True}
    assert state.hidden == Hiding("2026-11-22T15:00:02.500000Z", "ada", "a typing mistake")
    back = state_after(
        stream, *story, ("Restored", {}), ("Tagged", {"tags": {"team": None, "cost": 3}}), ("Described", {"description": ""})
    )
    assert (back.name, back.description, back.hidden) == ("first try", None, None)
    assert back.tags == {"group": "sweep-1", "cost": 3, "good": True}
    assert summary_of(back).tags == back.tags
    assert (summary_of(state).hidden, summary_of(back).hidden) == (True, False)


def test_what_people_say_of_a_run_is_no_sign_of_its_life_and_opens_no_run_again():
    said = [("Tagged", {"tags": {"a": 1}}), ("Described", {"name": "n"}), ("Hidden", {}), ("Restored", {})]
    running = state_after("run/a", ("TrainingStarted", {}), points(1, 2))
    assert last_heard_at(state_after("run/a", ("TrainingStarted", {}), points(1, 2), *said)) == last_heard_at(running)
    ended = state_after("run/a", ("TrainingStarted", {}), ("TrainingCompleted", {}), *said)
    assert (ended.status, ended.finished_at) == ("completed", "2026-11-22T15:00:01.500000Z")


def test_hyperparameters_are_those_of_the_newest_attempt_and_what_was_recorded_after_its_start():
    first = [
        ("TrainingRequested", {"hyperparameters": {"lr": 9}}),
        ("TrainingStarted", {"hyperparameters": {"lr": 1, "depth": 3}}),
        ("HyperparametersRecorded", {"hyperparameters": {"lr": 0.5, "found": {"by": "search"}}}),
    ]
    assert state_after("run/a", *first[:1]).hyperparameters == {"lr": 9}
    run = state_after("run/a", *first)
    assert run.hyperparameters == {"lr": 0.5, "depth": 3, "found": {"by": "search"}}
    assert run.spec["hyperparameters"] == {"lr": 1, "depth": 3}, "the spec stays as it was recorded"
    assert state_after("run/a", *first, ("TrainingStarted", {"hyperparameters": {"lr": 2}})).hyperparameters == {"lr": 2}


def test_a_run_that_only_sagemaker_knows_has_the_hyperparameters_and_datasets_of_its_job():
    job = (
        "TrainingJobStateChanged",
        {"status": "InProgress", "hyperparameters": {"lr": "1", "C": "2"}, "datasets": ["s3://b/k"]},
    )
    recorded = [("HyperparametersRecorded", {"hyperparameters": {"lr": 0.5}}), ("DatasetUsed", {"dataset": "s3://b/l"})]
    run = state_after("run/a", job, *recorded, job)
    assert run.hyperparameters == {"lr": 0.5, "C": "2"}
    assert [dataset.uri for dataset in run.lineage.datasets] == ["s3://b/k", "s3://b/l"]


def test_datasets_that_are_used_later_are_in_the_lineage_each_once():
    used = ("DatasetUsed", {"dataset": {"uri": "s3://b/v", "sha256": "5e"}, "role": "validation"})
    run = state_after("run/a", ("TrainingStarted", {"datasets": ["s3://b/t"]}), used, used, ("DatasetUsed", {"dataset": ""}))
    assert msgspec.to_builtins(run.lineage.datasets) == [
        {"uri": "s3://b/t"}, {"uri": "s3://b/v", "sha256": "5e", "role": "validation"}
    ]  # fmt: skip
    assert run.datasets_used == 3
    many = state_after("run/a", *(("DatasetUsed", {"dataset": f"s3://b/{number}"}) for number in range(MAX_DATASETS + 9)))
    assert (len(many.lineage.datasets), many.datasets_used) == (MAX_DATASETS, MAX_DATASETS + 9)


def test_a_dataset_is_told_by_any_digest_and_its_details_are_kept_where_they_are_short():
    used = {"name": "iris", "digest": "mlflow:8f2c41d9", "details": {"schema": "short"}}
    long = {**used, "digest": "mlflow:0", "details": {"schema": "x" * MAX_DETAILS_BYTES}}
    run = state_after("run/a", *[("DatasetUsed", {"dataset": dataset, "role": "train"}) for dataset in (used, used, long)])
    assert [(it.name, it.digest, it.details) for it in run.lineage.datasets] == [
        ("iris", "mlflow:8f2c41d9", {"schema": "short"}),
        ("iris", "mlflow:0", None),
    ]
    summary = summary_of(run)
    assert isinstance(summary, RunSummary)
    assert {(it.name, it.digest, it.role) for it in summary.datasets} == {
        ("iris", "mlflow:8f2c41d9", "train"),
        ("iris", "mlflow:0", "train"),
    }


def test_a_file_that_is_registered_again_with_the_same_digest_is_no_new_version():
    registered = [("DatasetRegistered", {"uri": "file:///d.csv", "digest": digest}) for digest in ("md5:1", "md5:1", "md5:2")]
    dataset = state_after("dataset/d", *registered)
    assert [version.digest for version in dataset.versions] == ["md5:1", "md5:2"]


def test_a_version_of_a_model_keeps_how_much_of_its_run_the_log_had():
    head = {"events": 3, "position": "2026-11-22T15:00:00.000000Z#e", "digest": "sha256:5e"}
    model = state_after(
        "model/m", ("ModelRegistered", {"version": 1, "run_head": head}), ("ModelRegistered", {"version": 2, "run": "run/b"})
    )
    assert msgspec.to_builtins(model.versions["1"].run_head) == head
    assert model.versions["2"].run_head is None
