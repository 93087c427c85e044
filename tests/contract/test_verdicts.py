"""Whether a run reproduces another, the same of tables and of a file."""

from typing import Any

import pytest
from training_events.catalogue.run import FirstDifference, ReproductionDiverged, ReproductionVerified
from training_events.errors import Misused, NoSuchStream, NotComparable
from training_events.reproduction.verdict import judge

from tests.support.asking import Asked

DIGEST, OTHER_DIGEST = "ab" * 32, "cd" * 32
SPEC: dict[str, Any] = {
    "model": "digits",
    "code": {"repository": "https://example.com/team/train.git", "commit": "9a76a5d0c7", "dirty": False},
    "entry_point": "train.py",
    "hyperparameters": {"C": 1.0},
    "seeds": 7,
    "datasets": [{"uri": "file:///data/digits.npz", "sha256": DIGEST}],
    "packages": {"numpy": "2.1.3", "training-events": "0.2.0"},
    "python": "3.11.9",
}
LOSS = (0.9, 0.5, 0.25)


def record_run(
    asked: Asked,
    run: str,
    minute: int,
    *,
    loss: tuple[Any, ...] = LOSS,
    files: dict[int, dict[str, Any]] | None = None,
    end: tuple[str, dict[str, Any]] = ("TrainingCompleted", {}),
    **changed: Any,
) -> None:
    """A run with these losses, and with these files as its checkpoints by step."""
    spec = {name: value for name, value in (SPEC | changed).items() if value is not None}
    asked.record(f"run/{run}", "TrainingStarted", f"15:{minute:02d}:00", **spec)
    if loss:
        points = [{"name": "loss", "value": value, "step": step} for step, value in enumerate(loss)]
        asked.record(f"run/{run}", "MetricsRecorded", f"15:{minute:02d}:10", points=points)
    for step, stored in (files or {}).items():
        asked.record(f"run/{run}", "CheckpointSaved", f"15:{minute:02d}:{20 + step}", step=step, **stored)
    asked.record(f"run/{run}", end[0], f"15:{minute:02d}:59", **end[1])


def fact_on(asked: Asked, original: str = "a", run: str = "b", tolerance: float | None = None) -> Any:
    return judge(asked.sources, original, run, tolerance=tolerance).fact


def test_a_run_with_the_same_results_is_verified_and_what_differs_by_itself_is_not_told(asked: Asked):
    record_run(asked, "a", 0, files={1: {"uri": "s3://b/1", "sha256": DIGEST}}, requested_by="anna")
    again: dict[str, Any] = {
        "reproduces": "run/a",
        "requested_by": "ben",
        "packages": {"numpy": "2.1.3", "training-events": "0.3.0"},
        "datasets": [{"uri": "file:///tmp/x/digits.npz", "sha256": DIGEST}],
    }
    record_run(asked, "b", 1, files={1: {"uri": "s3://b/2", "sha256": DIGEST}}, **again)
    assert fact_on(asked) == ReproductionVerified("run/b", metrics=1, artifacts=1)
    assert judge(asked.sources, "run/a", "run/b", tolerance=None).original == "run/a"


@pytest.mark.parametrize(
    ("changed", "inputs", "cause"),
    [
        ({"seeds": 8}, ["seeds"], "the seed: 7 → 8"),
        ({"seeds": 8, "arguments": ["--seed", "8"]}, ["seeds"], "the seed: 7 → 8"),
        ({"seeds": {"numpy": 7, "torch": 8}}, ["seeds", "seeds.numpy", "seeds.torch"], None),
        (
            {"packages": {"numpy": "2.3.0", "training-events": "0.3.0"}},
            ["packages.numpy"],
            "packages: numpy 2.1.3 → 2.3.0",
        ),
        ({"packages": {"numpy": "2.1.3", "six": "1.17.0"}}, ["packages.six"], "packages: six absent → 1.17.0"),
        ({"python": "3.12.1"}, ["python"], "Python: 3.11.9 → 3.12.1"),
        ({"hyperparameters": {"C": 10}}, ["hyperparameters.C"], "hyperparameters: C 1 → 10"),
        (
            {"datasets": [{"uri": "file:///data/digits.npz", "sha256": OTHER_DIGEST}]},
            ["datasets.digits.npz"],
            "data digits.npz: another content",
        ),
        ({"code": SPEC["code"] | {"commit": "1bc2345"}}, ["code.commit"], "code: commit 9a76a5d0c7 → 1bc2345"),
        ({"machine": "aarch64 Linux"}, ["machine"], "the machine: absent → aarch64 Linux"),
        (
            {"seeds": 8, "packages": dict.fromkeys("abcdef", "1")},
            None,
            "the seed: 7 → 8; packages: numpy 2.1.3 → absent, a absent → 1, b absent → 1 and 4 more",
        ),
    ],
)
def test_inputs_that_differ_are_named_where_the_results_differ(
    asked: Asked, changed: dict[str, Any], inputs: list[str] | None, cause: str | None
):
    record_run(asked, "a", 0)
    record_run(asked, "b", 1, loss=(0.9, 0.5, 0.26), **changed)
    fact = fact_on(asked)
    assert isinstance(fact, ReproductionDiverged)
    assert fact.first == FirstDifference("loss", 2, 0.25, 0.26)
    if inputs is not None:
        assert fact.inputs == inputs
    if cause is not None:
        assert fact.explanation == f"loss parts at step 2; {cause}"


def test_inputs_that_differ_although_the_results_are_equal_are_told(asked: Asked):
    record_run(asked, "a", 0)
    record_run(asked, "b", 1, packages={"numpy": "2.3.0"})
    assert fact_on(asked) == ReproductionVerified(
        "run/b", metrics=1, inputs=["packages.numpy"], explanation="with other inputs: packages: numpy 2.1.3 → 2.3.0"
    )


def test_packages_from_a_folder_may_have_moved_but_not_have_become_others(asked: Asked):
    was = {"training-events": "editable file:///home/a/training-events", "mine": "editable file:///home/a/mine"}
    record_run(asked, "a", 0, direct_packages=was)
    record_run(asked, "b", 1, direct_packages={"mine": "editable file:///tmp/x/mine"})
    assert fact_on(asked) == ReproductionVerified("run/b", metrics=1)
    record_run(asked, "c", 2, direct_packages={"mine": "git+https://example.com/mine@1bc2345"})
    assert fact_on(asked, run="c").inputs == ["direct_packages.mine"]


def test_a_working_folder_outside_of_the_code_may_have_moved_but_none_inside(asked: Asked):
    record_run(asked, "a", 0, working_folder="/home/a")
    record_run(asked, "b", 1, working_folder="/data/launch/working")
    assert fact_on(asked) == ReproductionVerified("run/b", metrics=1)
    record_run(asked, "c", 2, working_folder="experiments")
    assert fact_on(asked, run="c").inputs == ["working_folder"]


@pytest.mark.parametrize(
    ("loss", "tolerance", "first"),
    [
        ((0.9, 0.5, 0.25), None, None),
        ((0.9, 0.5, 0.26), None, FirstDifference("loss", 2, 0.25, 0.26)),
        ((0.9, 0.5, 0.26), 0.1, None),
        ((0.9, 0.5, 0.26), 0.01, FirstDifference("loss", 2, 0.25, 0.26)),
        ((0.9, 0.51, 0.26), 0.0, FirstDifference("loss", 1, 0.5, 0.51)),
        ((0.9, 0.5, "NaN"), 0.5, FirstDifference("loss", 2, 0.25, "NaN")),
        ((0.9, 0.5), None, FirstDifference("loss", 2, 0.25, None)),
        ((0.9, 0.5, 0.25, 0.125), None, FirstDifference("loss", 3, None, 0.125)),
        ((), None, FirstDifference("loss", 0, 0.9, None)),
    ],
)
def test_values_are_equal_or_within_the_tolerance_that_is_recorded(
    asked: Asked, loss: tuple[Any, ...], tolerance: float | None, first: FirstDifference | None
):
    record_run(asked, "a", 0)
    record_run(asked, "b", 1, loss=loss)
    fact = fact_on(asked, tolerance=tolerance)
    assert fact.tolerance == tolerance
    assert isinstance(fact, ReproductionVerified) is (first is None)
    assert getattr(fact, "first", None) == first


def test_values_that_are_no_numbers_equal_themselves_only(asked: Asked):
    record_run(asked, "a", 0, loss=("NaN", "Infinity", "-Infinity"))
    record_run(asked, "b", 1, loss=("NaN", "Infinity", "-Infinity"))
    record_run(asked, "c", 2, loss=("NaN", "Infinity", "Infinity"))
    assert fact_on(asked) == ReproductionVerified("run/b", metrics=1)
    assert fact_on(asked, run="c", tolerance=0.9).first == FirstDifference("loss", 2, "-Infinity", "Infinity")


def test_the_earliest_step_over_all_metrics_is_where_curves_part(asked: Asked):
    record_run(asked, "a", 0, loss=())
    record_run(asked, "b", 1, loss=())
    for run, minute, values in (("c", 2, (1, 2, 3)), ("d", 3, (9, 2, 4))):
        at = f"15:{minute:02d}"
        steps = [{"name": "f1", "value": values[0], "step": 5}, {"name": "loss", "value": values[2], "step": 4}]
        counted = [{"name": "epoch", "value": minute, "step": 0}, {"name": "train_runtime", "value": minute}]
        asked.record(f"run/{run}", "TrainingStarted", f"{at}:00", **SPEC)
        asked.record(f"run/{run}", "MetricsRecorded", f"{at}:10", points=[*counted, *steps])
        asked.record(f"run/{run}", "TrainingCompleted", f"{at}:20")
    assert fact_on(asked, "c", "d").first == FirstDifference("loss", 4, 3, 4)


def test_points_that_a_later_attempt_took_back_do_not_count(asked: Asked):
    record_run(asked, "a", 0, files={1: {"sha256": DIGEST}, 2: {"sha256": DIGEST}})
    asked.record("run/a", "ArtifactSaved", "15:00:40", name="report", sha256=DIGEST)
    attempts = (("15:01:00", (0.9, 0.5, 0.7), 0), ("15:01:30", (0.25,), 2))
    for at, losses, first in attempts:
        asked.record("run/b", "TrainingStarted", at, **SPEC)
        points = [{"name": "loss", "value": value, "step": step} for step, value in enumerate(losses, first)]
        asked.record("run/b", "MetricsRecorded", at.replace(":00", ":10").replace(":30", ":40"), points=points)
    asked.record("run/b", "CheckpointSaved", "15:01:11", step=1, sha256=DIGEST)
    asked.record("run/b", "CheckpointSaved", "15:01:12", step=2, sha256=OTHER_DIGEST)
    asked.record("run/b", "CheckpointSaved", "15:01:13", step=3, sha256=OTHER_DIGEST)
    asked.record("run/b", "ArtifactSaved", "15:01:14", name="report", sha256=OTHER_DIGEST)
    asked.record("run/b", "CheckpointSaved", "15:01:42", step=2, sha256=DIGEST)
    asked.record("run/b", "ArtifactSaved", "15:01:43", name="report", sha256=DIGEST)
    asked.record("run/b", "TrainingCompleted", "15:01:50")
    assert fact_on(asked) == ReproductionVerified("run/b", metrics=1, artifacts=3)


FAILED = ("TrainingFailed", {"error": "ValueError: no file /home/a/x at 0x7f00"})


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((FAILED, ("TrainingFailed", {"error": "ValueError: no file /tmp/y at 0x7f99"})), None),
        (
            (FAILED, ("TrainingFailed", {"error": "KeyError: 1"})),
            "the original failed with ValueError: no file … at …, and the reproduction failed with KeyError: 1",
        ),
        (
            (FAILED, ("TrainingCompleted", {})),
            "the original failed with ValueError: no file … at …, and the reproduction completed",
        ),
        (
            (("TrainingCompleted", {}), ("TrainingStopped", {"reason": "SIGTERM"})),
            "the original completed, and the reproduction stopped",
        ),
    ],
)
def test_the_end_is_a_result_too(asked: Asked, ends: tuple[tuple[str, dict[str, Any]], ...], words: str | None):
    record_run(asked, "a", 0, end=ends[0])
    record_run(asked, "b", 1, end=ends[1])
    fact = fact_on(asked)
    if words is None:
        assert fact == ReproductionVerified("run/b", metrics=1)
    else:
        assert fact == ReproductionDiverged("run/b", explanation=f"{words}; no input that was recorded differs")


def test_files_that_differ_or_that_only_one_run_has_are_named(asked: Asked):
    same, other = {"uri": "data:,", "sha256": DIGEST}, {"uri": "data:,", "sha256": OTHER_DIGEST}
    record_run(asked, "a", 0, files={1: same, 2: same})
    record_run(asked, "b", 1, files={1: same})
    fact = fact_on(asked)
    assert fact.artifacts == ["checkpoint at step 2"]
    assert fact.explanation == "only the original has checkpoint at step 2; no input that was recorded differs"
    record_run(asked, "c", 2, loss=(0.8,), files={1: other, 2: other})
    fact = fact_on(asked, run="c")
    assert fact.artifacts == ["checkpoint at step 1", "checkpoint at step 2"]
    assert fact.explanation == "loss parts at step 0; no input that was recorded differs"


def test_a_file_that_cannot_be_looked_at_is_not_compared_and_said(asked: Asked):
    here, gone = {"uri": "file:///gone/1", "sha256": DIGEST}, {"uri": "file:///gone/2", "sha256": OTHER_DIGEST}
    record_run(asked, "a", 0, files={1: here})
    record_run(asked, "b", 1, files={1: gone})
    fact = fact_on(asked)
    assert (fact.metrics, fact.artifacts) == (1, 0)
    assert fact.explanation.startswith("checkpoint at step 1 was not compared: file:///gone/1 cannot be fetched: ")
    record_run(asked, "c", 2, loss=(), files={1: here})
    record_run(asked, "d", 3, loss=(), files={1: gone})
    with pytest.raises(NotComparable, match="nothing of run/c and run/d can be compared: checkpoint at step 1 was not"):
        fact_on(asked, "c", "d")


def test_many_files_that_cannot_be_looked_at_are_said_in_one_line(asked: Asked):
    for run, minute, digest in (("a", 0, DIGEST), ("b", 1, OTHER_DIGEST)):
        record_run(asked, run, minute, files={step: {"uri": f"file:///gone/{step}", "sha256": digest} for step in range(9)})
    found = fact_on(asked).explanation
    assert found.startswith(
        "checkpoint at step 0, checkpoint at step 1, checkpoint at step 2 and 6 more files were not compared"
    )
    assert found.count("cannot be fetched") == 1


def test_files_of_the_code_are_not_named_where_the_kept_changes_are_gone(asked: Asked):
    code = SPEC["code"] | {"dirty": True, "diff": {"uri": "file:///gone/patch", "sha256": DIGEST}}
    record_run(asked, "a", 0)
    record_run(asked, "b", 1, loss=(0.8,), code=code | {"commit": "1bc2345"})
    assert fact_on(asked).explanation == "loss parts at step 0; code: commit 9a76a5d0c7 → 1bc2345"


def test_more_files_than_a_state_keeps_are_all_compared(asked: Asked):
    for run, minute, odd in (("a", 0, DIGEST), ("b", 1, DIGEST), ("c", 2, OTHER_DIGEST)):
        asked.record(f"run/{run}", "TrainingStarted", f"15:{minute:02d}:00", **SPEC)
        for number in range(120):
            at = f"{15 + number // 50}:{minute:02d}:{number % 50 + 5:02d}"
            asked.record(f"run/{run}", "ArtifactSaved", at, name=f"{number}", sha256=odd if number == 3 else DIGEST)
        asked.record(f"run/{run}", "TrainingCompleted", f"18:{minute:02d}:00")
    assert fact_on(asked) == ReproductionVerified("run/b", artifacts=120)
    assert fact_on(asked, run="c").explanation.startswith("artifact 3 was not compared: what has no address")


def test_runs_without_a_result_are_not_verified_by_each_other(asked: Asked):
    record_run(asked, "a", 0, loss=())
    record_run(asked, "b", 1, loss=())
    with pytest.raises(NotComparable, match="nothing of run/a and run/b can be compared: neither has recorded a metric"):
        fact_on(asked)


def test_what_cannot_be_judged_is_told(asked: Asked):
    record_run(asked, "a", 0)
    asked.record("run/b", "TrainingStarted", "15:01:00", **SPEC)
    with pytest.raises(Misused, match="run/b has not ended: its status is running"):
        fact_on(asked)
    with pytest.raises(Misused, match="run/a is no reproduction of itself"):
        fact_on(asked, run="run/a")
    with pytest.raises(NoSuchStream):
        fact_on(asked, run="z")
    for tolerance in (-0.1, 1, float("nan")):
        with pytest.raises(Misused, match="allowed: 0 and more, and less than 1"):
            fact_on(asked, tolerance=tolerance)
