"""What differs between runs, the same of tables and of a file."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from training_events.errors import Misused, NoSuchStream
from training_events.reading.comparison import Comparison
from training_events.reading.comparison.data import UsedData

from tests.support.asking import Asked

DIGEST, OTHER_DIGEST = "ab" * 32, "cd" * 32
SPEC: dict[str, Any] = {
    "model": "digits",
    "code": {"repository": "https://example.com/team/train.git", "commit": "9a76a5d0c7", "dirty": False},
    "image": {"uri": "registry/train:1", "digest": "sha256:" + DIGEST},
    "entry_point": "train.py",
    "hyperparameters": {"C": 1.0, "optimizer": {"name": "adam", "lr": 0.1}},
    "seeds": 7,
    "datasets": [{"uri": "s3://b/digits.npz", "version_id": "v1", "sha256": DIGEST, "role": "train"}],
    "packages": {"numpy": "2.1.3", "scipy": "1.14.1"},
    "python": "3.11.9",
    "instance": {"type": "ml.m5.large", "count": 1},
    "environment": {"OMP_NUM_THREADS": "1"},
}


def record_run(asked: Asked, run: str, minute: int, loss: tuple[float, ...] = (), **changed: Any) -> None:
    """A run that ends a minute later. A part of the spec that is None is not recorded."""
    spec = {name: value for name, value in (SPEC | changed).items() if value is not None}
    asked.record(f"run/{run}", "TrainingStarted", f"15:{minute:02d}:00", **spec)
    if loss:
        points = [{"name": "loss", "value": value, "step": step} for step, value in enumerate(loss)]
        asked.record(f"run/{run}", "MetricsRecorded", f"15:{minute:02d}:10", points=points)
    asked.record(f"run/{run}", "TrainingCompleted", f"15:{minute:02d}:20")


def differing(comparison: Comparison) -> dict[str, list[Any]]:
    """By `part.name`, the value of each run, or `absent`."""
    names = [run.name for run in comparison.runs]
    return {row.path: [row.values.get(name, "absent") for name in names] for row in comparison.inputs if row.differs}


@pytest.mark.parametrize(
    ("changed", "rows", "sentence"),
    [
        ({}, {}, "nothing that was recorded differs"),
        ({"seeds": 8}, {"seeds": [7, 8]}, "only the seed differs"),
        ({"seeds": None}, {"seeds": [7, "absent"]}, "only the seed differs"),
        (
            {"hyperparameters": {"C": 10, "optimizer": {"name": "adam", "lr": 0.1}}},
            {"hyperparameters.C": [1, 10]},
            "only hyperparameter C differs",
        ),
        (
            {
                "hyperparameters": {"C": 1, "optimizer": {"name": "sgd", "lr": 0.2}},
                "code": SPEC["code"] | {"commit": "1bc2345"},
            },
            {
                "hyperparameters.optimizer.lr": [0.1, 0.2],
                "hyperparameters.optimizer.name": ["adam", "sgd"],
                "code.commit": ["9a76a5d0c7", "1bc2345"],
            },
            "two hyperparameters and the code differ",
        ),
        (
            {"packages": {"numpy": "2.2.0"}, "python": "3.12.1", "environment": {"OMP_NUM_THREADS": "1", "MKL_CBWR": "AVX2"}},
            {
                "packages.numpy": ["2.1.3", "2.2.0"],
                "packages.scipy": ["1.14.1", "absent"],
                "python": ["3.11.9", "3.12.1"],
                "environment.MKL_CBWR": ["absent", "AVX2"],
            },
            "the version of Python, two packages and environment variable MKL_CBWR differ",
        ),
        (
            {"image": {"uri": "registry/train:1", "digest": "sha256:" + OTHER_DIGEST}},
            {"image": [f"registry/train:1@sha256:{DIGEST}", f"registry/train:1@sha256:{OTHER_DIGEST}"]},
            "only the image differs",
        ),
        ({"arguments": ["--fast"]}, {"arguments": ["absent", ["--fast"]]}, "only the arguments differ"),
        (
            {"working_folder": "examples", "machine": "arm64 Darwin", "direct_packages": {"mine": "file:///w/mine.whl"}},
            {
                "working_folder": ["absent", "examples"],
                "direct_packages.mine": ["absent", "file:///w/mine.whl"],
                "machine": ["absent", "arm64 Darwin"],
            },
            "the working folder, the origin of package mine and the machine differ",
        ),
        (
            {"reproduces": "run/a", "direct_packages": {"training-events": "editable file:///src"}},
            {},
            "nothing that was recorded differs",
        ),
        ({"model": "iris"}, {"model": ["digits", "iris"]}, "only the model differs"),
        ({"gpu": "H100"}, {"other.gpu": ["absent", "H100"]}, "only field gpu differs"),
    ],
)
def test_inputs_that_differ_are_told_and_no_others(
    asked: Asked, changed: dict[str, Any], rows: dict[str, list[Any]], sentence: str
):
    record_run(asked, "a", 0)
    record_run(asked, "b", 1, **changed)
    comparison = asked.log.compare(["a", "run/b"])
    assert differing(comparison) == rows
    assert comparison.summary == sentence
    assert comparison.inputs_differ is bool(rows)
    assert [run.stream for run in comparison.runs] == ["run/a", "run/b"]


REPEATED = ["--name", "a", "--lr", "0.10", "--random-seed=7", "--data", "in/digits.npz", "--epochs", "-1", "fast"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([*REPEATED], "only the seed differs"),
        (
            ["--name=b", "--lr", "0.1", "--random-seed", "8", "--data=digits.npz", "--epochs", "-1", "fast"],
            "only the seed differs",
        ),
        (["--epochs", "-1", "fast", "--random-seed", "8"], "only the seed differs"),
        (["--epochs", "-2", "fast"], "the seed and the arguments differ"),
        (["--epochs", "-1", "slow"], "the seed and the arguments differ"),
        (["--epochs", "-1", "fast", "--lr", "0.2"], "the seed and the arguments differ"),
        (["--epochs", "-1", "fast", "--verbose"], "the seed and the arguments differ"),
        (["--epochs", "-1", "fast", "--adam", "0.1"], "the seed and the arguments differ"),
    ],
)
def test_arguments_that_only_repeat_what_else_is_recorded_are_no_second_difference(
    asked: Asked, arguments: list[str], sentence: str
):
    record_run(asked, "a", 0, arguments=REPEATED)
    record_run(asked, "b", 1, arguments=arguments, seeds=8)
    comparison = asked.log.compare(["a", "b"])
    assert comparison.summary == sentence
    assert ("arguments" in differing(comparison)) is (arguments != REPEATED)


def test_arguments_are_told_where_nothing_else_differs(asked: Asked):
    record_run(asked, "a", 0, arguments=["--name", "a"])
    record_run(asked, "b", 1, arguments=["--name", "b"])
    assert asked.log.compare(["a", "b"]).summary == "only the arguments differ"


def test_another_version_of_a_registered_dataset_is_told_by_its_number(asked: Asked):
    for minute, (version_id, digest) in enumerate([("v1", DIGEST), ("v2", OTHER_DIGEST)]):
        asked.record(
            "dataset/digits",
            "DatasetRegistered",
            f"14:0{minute}:00",
            uri="s3://b/digits.npz",
            version_id=version_id,
            sha256=digest,
        )
    record_run(asked, "a", 0)
    used = {"uri": "s3://b/digits.npz", "version_id": "v2", "sha256": OTHER_DIGEST, "role": "train"}
    record_run(asked, "b", 1, datasets=[used])
    comparison = asked.log.compare(["a", "b"])
    assert comparison.summary == "same code, another version of dataset digits"
    first, second = differing(comparison)["datasets.train"]
    assert first == UsedData("s3://b/digits.npz", "v1", DIGEST, "train", "dataset/digits", 1)
    assert second == UsedData("s3://b/digits.npz", "v2", OTHER_DIGEST, "train", "dataset/digits", 2)
    record_run(asked, "c", 2, code=None)
    record_run(asked, "d", 3, code=None, datasets=[used])
    assert asked.log.compare(["c", "d"]).summary == "only the version of dataset digits differs"
    record_run(asked, "e", 4, datasets=None)
    assert asked.log.compare(["a", "b", "e"]).summary == "only the data differs"  # the third has used no version of it


def test_the_same_bytes_under_another_name_are_the_same(asked: Asked):
    record_run(asked, "a", 0)
    elsewhere = [{"uri": "file:///data/copy.npz", "sha256": DIGEST, "role": "train"}]
    image = {"uri": "mirror/train:latest", "digest": "sha256:" + DIGEST}
    code = SPEC["code"] | {"repository": "git@example.com:team/train.git"}
    record_run(asked, "b", 1, datasets=elsewhere, image=image, code=code)
    comparison = asked.log.compare(["a", "b"])
    assert comparison.summary == "nothing that was recorded differs"
    assert [(row.part, row.name) for row in comparison.renamed] == [
        ("datasets", "train"),
        ("code", "repository"),
        ("image", ""),
    ]
    assert not comparison.inputs_differ


def test_a_digest_that_only_another_run_knows_identifies_the_version_in_s3(asked: Asked):
    record_run(asked, "a", 0)
    record_run(asked, "b", 1, datasets=[{"uri": "s3://b/digits.npz", "version_id": "v1", "role": "train"}])
    assert asked.log.compare(["a", "b"]).summary == "nothing that was recorded differs"


def test_a_digest_of_another_algorithm_identifies_data_like_a_sha256(asked: Asked):
    same = {"name": "digits", "digest": "mlflow:8f2c41d9", "role": "train"}
    record_run(asked, "a", 0, datasets=[{**same, "uri": "s3://b/one.csv"}])
    record_run(asked, "b", 1, datasets=[{**same, "uri": "s3://b/other.csv"}])
    record_run(asked, "c", 2, datasets=[{**same, "digest": "mlflow:00000000"}])
    asked.record("dataset/digits", "DatasetRegistered", "14:00:00", uri="s3://b/one.csv", digest="mlflow:8f2c41d9")
    assert asked.log.compare(["a", "b"]).summary == "nothing that was recorded differs"
    comparison = asked.log.compare(["a", "c"])
    assert comparison.inputs_differ
    [used, other] = differing(comparison)["datasets.train"]
    assert (used.dataset, used.version, used.digest, other.dataset, other.name) == (
        "dataset/digits", 1, "mlflow:8f2c41d9", None, "digits",
    )  # fmt: skip
    assert "neither digest nor version" not in " ".join(comparison.open_questions)


def test_data_that_changes_its_role_differs(asked: Asked):
    one, other = {"uri": "s3://b/1", "sha256": DIGEST}, {"uri": "s3://b/2", "sha256": OTHER_DIGEST}
    record_run(asked, "a", 0, datasets={"train": one, "test": other})
    record_run(asked, "b", 1, datasets={"train": other, "test": one})
    assert asked.log.compare(["a", "b"]).summary == "only two datasets differ"


def test_a_dataset_without_a_role_may_have_had_that_of_another_run(asked: Asked):
    one, other = {"uri": "s3://b/1", "sha256": DIGEST}, {"uri": "s3://b/2", "sha256": OTHER_DIGEST}
    record_run(asked, "a", 0, datasets={"train": one, "test": other})
    record_run(asked, "b", 1, datasets=[other, one])
    record_run(asked, "c", 2, datasets=[one, {"uri": "s3://b/2", "sha256": "ef" * 32}])
    assert asked.log.compare(["a", "b"]).summary == "nothing that was recorded differs"
    comparison = asked.log.compare(["a", "c"])
    assert comparison.summary == "only the data differs"
    assert [value.sha256 for value in differing(comparison)["datasets.test"]] == [OTHER_DIGEST, "ef" * 32]


def test_what_no_run_recorded_and_what_stays_open_is_told(asked: Asked):
    dirty = SPEC["code"] | {"dirty": True}
    for minute, run in enumerate(["a", "b"]):
        record_run(asked, run, minute, seeds=None, image=None, code=dirty, datasets=["s3://b/digits.npz"])
    comparison = asked.log.compare(["a", "b"])
    assert comparison.not_recorded == ["image", "seeds"]
    assert comparison.summary == "nothing that was recorded differs"
    assert comparison.open_questions == [
        line
        for run in ("a", "b")
        for line in (
            f"the code of {run} was changed after its commit, and the changes were not kept",
            f"{run} used data of which neither digest nor version was recorded",
        )
    ]


def test_runs_of_which_nothing_is_known_have_no_inputs(asked: Asked):
    for minute, run in enumerate(["a", "b"]):
        asked.record(f"run/{run}", "TrainingRequested", f"15:0{minute}:00")
    assert asked.log.compare(["a", "b"]).summary == "no inputs were recorded"


def test_what_was_recorded_later_is_compared_too(asked: Asked):
    record_run(asked, "a", 0)
    record_run(asked, "b", 1)
    asked.record("run/b", "HyperparametersRecorded", "15:01:05", hyperparameters={"C": 5})
    asked.record("run/b", "DatasetUsed", "15:01:06", dataset={"uri": "s3://b/more", "sha256": OTHER_DIGEST}, role="extra")
    rows = differing(asked.log.compare(["a", "b"]))
    assert rows.keys() == {"hyperparameters.C", "datasets.extra"}
    assert rows["hyperparameters.C"] == [1, 5]


def test_metrics_are_compared_at_their_best_their_last_and_at_equal_steps(asked: Asked):
    record_run(asked, "a", 0, loss=(1.0, 0.5, 0.25, 0.375))
    record_run(asked, "b", 1, loss=(1.0, 0.25, 0.125))
    (loss,) = asked.log.compare(["a", "b"]).metrics
    assert (loss.name, loss.axis, loss.differs) == ("loss", "step", True)
    assert [(value.value, value.step, value.difference) for value in loss.best.values()] == [(0.25, 2, 0), (0.125, 2, -0.125)]
    assert [(value.value, value.step, value.difference) for value in loss.last.values()] == [(0.375, 3, 0), (0.125, 2, -0.25)]
    assert [(place.at, place.values["a"].value, place.values["b"].value) for place in loss.equal] == [
        (0, 1.0, 1.0),
        (1, 0.5, 0.25),
        (2, 0.25, 0.125),
    ]


def test_a_difference_that_no_number_holds_is_none(asked: Asked):
    record_run(asked, "a", 0, loss=(1e308,))
    record_run(asked, "b", 1, loss=(-1e308,))
    (loss,) = asked.log.compare(["a", "b"]).metrics
    assert [value.difference for value in loss.last.values()] == [0, None]


def test_metrics_without_steps_are_compared_point_by_point(asked: Asked):
    for minute, (run, values) in enumerate({"a": (1.0, 0.5, 0.25), "b": (1.0, 0.75)}.items()):
        record_run(asked, run, minute)
        points = [{"name": "loss", "value": value} for value in values]
        asked.record(f"run/{run}", "MetricsRecorded", f"15:0{minute}:10", points=points)
    (loss,) = asked.log.compare(["a", "b"]).metrics
    assert loss.axis == "point"
    assert [(place.at, place.values["b"].difference) for place in loss.equal] == [(1, 0), (2, 0.25)]


def test_a_metric_of_one_run_makes_results_differ_and_what_only_counts_does_not(asked: Asked):
    record_run(asked, "a", 0, loss=(1.0,))
    record_run(asked, "b", 1, loss=(1.0,))
    for number, run in enumerate(["a", "b"]):
        runtime = [{"name": "train_runtime", "value": number}]
        asked.record(f"run/{run}", "MetricsRecorded", f"15:0{number}:15", points=runtime)
    assert not asked.log.compare(["a", "b"]).results_differ
    asked.record("run/a", "MetricsRecorded", "15:00:16", points=[{"name": "f1", "value": 1}])
    comparison = asked.log.compare(["a", "b"])
    assert comparison.results_differ
    assert [metric.name for metric in comparison.metrics] == ["loss", "f1", "train_runtime"]


def test_attempts_of_one_run_are_compared(asked: Asked):
    record_run(asked, "a", 0, loss=(1.0, 0.5, 0.25))
    asked.record("run/a", "TrainingStarted", "15:10:00", **SPEC | {"seeds": 8, "resumed_from": "s3://b/ckpt"})
    points = [{"name": "loss", "value": value, "step": step} for step, value in ((1, 0.75), (2, 0.5))]
    asked.record("run/a", "MetricsRecorded", "15:10:10", points=points)
    comparison = asked.log.compare(["a@1", "run/a@2"])
    assert [(run.name, run.attempt, run.status) for run in comparison.runs] == [("a@1", 1, "completed"), ("a@2", 2, "running")]
    assert differing(comparison) == {"seeds": [7, 8], "resumed_from": ["absent", "s3://b/ckpt"]}
    (loss,) = comparison.metrics
    assert [(place.at, place.values["a@1"].value, place.values["a@2"].value) for place in loss.equal] == [
        (0, 1.0, 1.0),  # which the second attempt went on from
        (1, 0.5, 0.75),
        (2, 0.25, 0.5),
    ]
    with pytest.raises(Misused, match="'run/a' has no attempt 3; allowed: 1 to 2"):
        asked.log.compare(["a@1", "a@3"])


def test_a_run_may_be_called_like_an_attempt(asked: Asked):
    record_run(asked, "a", 0)
    record_run(asked, "a@2", 1, seeds=8)
    comparison = asked.log.compare(["a", "a@2"])
    assert [(run.stream, run.attempt) for run in comparison.runs] == [("run/a", None), ("run/a@2", None)]


def test_fifty_runs_are_compared_with_the_first(asked: Asked):
    for minute in range(50):
        record_run(asked, f"r{minute}", minute, loss=(float(minute),), seeds=minute)
    comparison = asked.log.compare([f"r{minute}" for minute in range(50)])
    assert comparison.summary == "only the seed differs"
    assert [value.difference for value in comparison.metrics[0].best.values()] == list(range(50))


def test_inputs_are_a_table_of_pandas(asked: Asked):
    record_run(asked, "a", 0)
    record_run(asked, "b", 1, seeds=None, hyperparameters={"C": "x", "optimizer": {"name": "adam", "lr": 0.1}})
    frame = asked.log.compare(["a", "b"]).to_pandas()
    assert list(frame.columns) == ["a", "b"]
    assert frame.loc["hyperparameters.C"].tolist() == [1, "x"]
    assert frame["a"]["seeds"] == 7


def test_what_cannot_be_compared_is_told(asked: Asked):
    record_run(asked, "a", 0)
    asked.record("model/digits", "ModelRegistered", "15:30:00", version=1)
    with pytest.raises(NoSuchStream, match="run/aa; did you mean `run/a`"):
        asked.log.compare(["a", "aa"])
    for runs, message in {
        ("a",): "the number of runs to compare is 1; allowed: 2 to 50",
        ("a",) * 51: "is 51; allowed: 2 to 50",
        ("a", "run/a"): "'a' is given twice",
        ("a", "model/digits"): "'model/digits' is a model; allowed: runs",
    }.items():
        with pytest.raises(Misused, match=message):
            asked.log.compare(runs)


def test_a_question_of_a_time_gets_the_answer_of_that_time(asked: Asked):
    record_run(asked, "a", 0, loss=(1.0, 0.5))
    record_run(asked, "b", 0, loss=(1.0, 0.5))
    before = asked.log.compare(["a", "b"])
    asked.record("run/b", "HyperparametersRecorded", "16:00:00", hyperparameters={"C": 5})
    asked.record("run/b", "MetricsRecorded", "16:00:00", points=[{"name": "loss", "value": 0.25, "step": 2}])
    assert asked.log.compare(["a", "b"]).summary == "only hyperparameter C differs"
    then = asked.log.compare(["a", "b"], as_of="2026-11-22T15:30")
    assert (then.summary, then.inputs, then.metrics) == (before.summary, before.inputs, before.metrics)
    with pytest.raises(NoSuchStream):
        asked.log.compare(["a", "b"], known_at="2026-11-22")


@pytest.mark.usefixtures("asked")
def test_the_commits_and_files_between_are_told_where_the_repository_is_at_hand(
    asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    commits = [commit(tmp_path, f"Step {number}", {"train.py": f"{number}\n" * (number + 1)}) for number in range(3)]
    monkeypatch.chdir(tmp_path)
    record_run(asked, "a", 0, code={"commit": commits[0]})
    record_run(asked, "b", 1, code={"commit": commits[2]})
    record_run(asked, "c", 2, code={"commit": "0" * 40})
    record_run(asked, "d", 3, code={"commit": "--output=/tmp/planted"})
    (change,) = asked.log.compare(["a", "b"]).code_changes
    assert (change.before, change.after, change.ahead, change.behind) == (commits[0], commits[2], 2, 0)
    assert [each.subject for each in change.commits] == ["Step 2", "Step 1"]
    assert [(file.path, file.added, file.removed) for file in change.files] == [("train.py", 3, 1)]
    assert asked.log.compare(["a", "c"]).code_changes == asked.log.compare(["a", "d"]).code_changes == []
    (back,) = asked.log.compare(["b", "a"]).code_changes
    assert (back.ahead, back.behind, back.commits) == (0, 2, [])


def commit(folder: Path, subject: str, files: dict[str, str]) -> str:
    """The id of a commit of these files, in a repository in this folder."""

    def git(*command: str) -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", *identity, *command], cwd=folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    git("init", "--quiet")
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    git("add", *files)
    git("commit", "--quiet", "--message", subject)
    return git("rev-parse", "HEAD")
