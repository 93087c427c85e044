"""What lists and searches know of a stream: all that people look for, within bounds."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from training_events import folds
from training_events.folds.cutter import MAX_BYTES
from training_events.folds.headline import MAX_METRICS, foremost
from training_events.folds.summary import ModelSummary, RunSummary, UsedVersion, summary_of

from tests.unit.folds.test_folds import points, state_after

STARTED = (
    "TrainingStarted",
    {
        "model": "digits",
        "hyperparameters": {"optimizer": {"lr": 0.1, "betas": [0.9, 0.999]}, "depth": 3, "w": True, "seed": 2**70, "x": None},
        "code": {"repository": "https://git.example/r", "commit": "c0ffee", "dirty": True},
        "datasets": [{"uri": "s3://b/d", "version_id": "v", "sha256": "5e", "role": "train", "name": None, "digest": None}],
        "image": {"uri": "r/i:1", "digest": "sha256:1"},
        "instance": {"type": "ml.m5.large"},
        "seeds": 0,
        "requested_by": "ada",
    },
)  # fmt: skip


def test_a_run_has_what_people_search_for():
    run = summary_of(
        state_after(
            "run/digits-7",
            STARTED,
            points(0.5, 0.25, 0.75),
            ("CheckpointSaved", {"step": 1}),
            ("TrainingFailed", {"error": "ValueError: no room\nin the house"}),
        )
    )
    assert isinstance(run, RunSummary)
    assert (run.id, run.stream, run.folded_by, run.whole) == ("digits-7", "run/digits-7", folds.VERSION, True)
    assert run.hyperparameters == {
        "depth": 3, "optimizer.betas": "[0.9,0.999]", "optimizer.lr": 0.1, "seed": str(2**70), "w": True, "x": None,
    }  # fmt: skip
    assert msgspec.to_builtins(run.metrics) == {
        "loss": {"goal": "minimize", "best": 0.25, "last": 0.75, "min": 0.25, "max": 0.75, "latest": 0.75}
    }
    assert run.datasets == [UsedVersion("s3://b/d", "v", "5e", "train")]
    assert (run.repository, run.commit, run.dirty, run.seeded) == ("https://git.example/r", "c0ffee", True, True)
    assert (run.requested_by, run.image, run.instance, run.checkpoints) == ("ada", "r/i:1", "ml.m5.large", 1)
    assert run.error == "ValueError: no room"


def test_a_name_that_two_hyperparameters_share_is_not_the_whole():
    run = summary_of(state_after("run/a", ("TrainingStarted", {"hyperparameters": {"a": {"b": 1}, "a.b": 2, "c": 3}})))
    assert isinstance(run, RunSummary)
    assert (run.hyperparameters, run.whole) == ({"a.b": 2, "c": 3}, False)


def test_a_run_of_which_nothing_is_known_is_listed_too():
    run = summary_of(state_after("run/a", ("Happened", {})))
    assert isinstance(run, RunSummary)
    assert (run.commit, run.dirty, run.seeded, run.datasets, run.error) == (None, None, False, [], None)
    unseeded = summary_of(state_after("run/a", ("TrainingStarted", {"seeds": {}})))
    assert isinstance(unseeded, RunSummary)
    assert not unseeded.seeded


def test_a_model_tells_what_serves_each_stage_since_when_and_who_promoted_it():
    model = summary_of(
        state_after(
            "model/digits",
            ("ModelRegistered", {"version": 1, "run": "run/a"}),
            ("ModelPromoted", {"version": 1, "stage": "production", "promoted_by": "ada"}),
            ("ModelRegistered", {"version": 2, "run": "run/b"}),
        )
    )
    assert isinstance(model, ModelSummary)
    assert msgspec.to_builtins(model.serving) == {
        "production": {"version": "1", "since": "2026-11-22T15:00:01.500000Z", "promoted_by": "ada"}
    }
    assert (model.versions, model.run) == (2, "run/b")


def test_a_dataset_tells_of_its_newest_version():
    story = [
        (
            "DatasetRegistered",
            {"uri": "s3://b/d", "version_id": v, "sha256": v * 4, "bytes": 9, "rows": 3, "registered_by": "ada"},
        )
        for v in "ab"
    ]
    dataset = msgspec.to_builtins(summary_of(state_after("dataset/d", *story)))
    assert [dataset[name] for name in ("versions", "version_id", "sha256", "bytes", "rows", "registered_at")] == [
        2, "b", "bbbb", 9, 3, "2026-11-22T15:00:01.500000Z",
    ]  # fmt: skip


def test_a_summary_of_an_earlier_version_is_read():
    stored = (
        b'{"duration_seconds":null,"events":1,"finished_at":null,"first_at":"2026-11-22T15:00:00.500000Z",'
        b'"metrics":{"loss":{"best":1,"goal":"minimize","last":2}},"model":null,"started_at":null,"status":"running","stream":"run/a"}'
    )
    run = msgspec.json.decode(stored, type=RunSummary)
    assert (run.folded_by, run.hyperparameters, run.metrics["loss"].min) == (0, {}, None)


def test_a_list_shows_the_metrics_that_people_look_at_first():
    run = summary_of(state_after("run/a", *(points(1, 2, name=f"loss {letter}") for letter in "zyxwvutsrq")))
    assert isinstance(run, RunSummary)
    assert len(run.metrics) == 10
    assert list(foremost(run.metrics)) == [f"loss {letter}" for letter in sorted("zyxwvutsrq")][:MAX_METRICS]


def test_values_that_only_the_log_knows_are_told():
    start: tuple[str, dict[str, object]] = ("TrainingStarted", {})
    resumed = ("MetricsRecorded", {"points": [{"name": "loss", "value": 2, "step": 1}]})
    run = summary_of(state_after("run/a", start, points(3, 9, 2.5), start, resumed))
    assert isinstance(run, RunSummary)
    assert not run.metrics_known, "the highest value was taken back"


texts = st.sampled_from(["x", "\U0001f600", "\x01", '"']).flatmap(
    lambda text: st.sampled_from([1, 900, 2_000]).map(text.__mul__)
)
values = texts | st.just(-(10**400)) | st.lists(texts, max_size=2) | st.dictionaries(texts, texts, max_size=2)
counts = st.sampled_from([0, 1, 20])


@given(name=texts, value=values, metrics=counts, hyperparameters=counts, tags=counts, others=counts)
def test_a_summary_has_a_bound_whatever_was_recorded_and_is_whole_where_all_of_it_is_small(
    *, name, value, metrics, hyperparameters, tags, others
):
    run = state_after(
        "run/a",
        (
            "TrainingStarted",
            {"hyperparameters": {f"{number}{name}": value for number in range(hyperparameters)}, "model": name},
        ),
        ("MetricsRecorded", {"points": [{"name": f"{number}{name}", "value": 1 / 3} for number in range(metrics)]}),
        ("Tagged", {"tags": {f"{number}{name}": name for number in range(tags)}}),
        ("Described", {"name": name}),
        *(("DatasetUsed", {"dataset": {"uri": f"{number}{name}", "sha256": name}}) for number in range(others)),
        ("TrainingFailed", {"error": name}),
    )
    promotions = (("ModelPromoted", {"version": name, "stage": f"{number}{name}"}) for number in range(others))
    for state in (run, state_after("model/m", *promotions)):
        encoded, summary = folds.summary(state), summary_of(state)
        assert len(encoded) < 10 * MAX_BYTES
        assert msgspec.json.decode(encoded, type=type(summary)) == summary
    summary = summary_of(run)
    assert isinstance(summary, RunSummary)
    kept = [len(part) for part in (summary.metrics, summary.hyperparameters, summary.tags, summary.datasets)]
    if max(len(name), len(str(value))) < 10:
        assert summary.whole
    if summary.whole:
        assert (summary.model, summary.name, summary.error) == (name, name, name.strip())
        assert [kept[0], *kept[2:]] == [metrics, tags, others]
        assert kept[1] >= hyperparameters
