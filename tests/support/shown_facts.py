"""What the log of tests/support/shown_log.py tells: a sweep with its dataset and model, and what else occurs."""

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from training_events.times import to_utc_text

_STEPS = 300
_COMMITS = ["9a76a5d0" * 5, "3fb2c81e" * 5]
_PERSIAN = "آزمایش-رقم‌ها-😀"  # noqa: RUF001
_LONG = "nightly-" * 30 + "end"


class Fact(NamedTuple):
    """What occurs, when, and how much later the log takes it."""

    stream: str
    type: str
    at: datetime
    data: dict[str, Any]
    delay: timedelta = timedelta(seconds=1)


def shown_facts(present: datetime) -> Iterator[Fact]:
    first = (present - timedelta(days=40)).replace(hour=9, minute=0, second=0, microsecond=0)
    yield from _datasets(first)
    for number, alpha in enumerate((0.1, 0.03, 0.01, 0.003, 0.001, 0.0003), 1):
        run, start = f"run/digits-{number}", first + timedelta(days=2 * number)
        yield from _training(run, start, alpha=alpha, seed=number)
        yield Fact(
            run, "Tagged", start + timedelta(minutes=1), {"tags": {"group": "alpha-sweep", "team": "vision"}, "by": "ada"}
        )
        yield from _checkpoints(run, start)
        yield Fact(run, "TrainingCompleted", start + timedelta(minutes=61), {"artifact": _file(run, "model.joblib")})
    yield from _models(first + timedelta(days=15))
    yield from _resumed(first + timedelta(days=20))
    yield from _diverged(first + timedelta(days=22))
    yield from _odd_metrics(first + timedelta(days=24))
    yield from _other_ends(first + timedelta(days=26))
    yield from _of_sagemaker(first + timedelta(days=28))
    yield from _late_and_unknown(first + timedelta(days=30))
    yield from _running(present)


def _training(
    run: str, start: datetime, *, alpha: float, seed: int, steps: range = range(_STEPS), **spec: Any
) -> Iterator[Fact]:
    """A start with a whole spec, and curves of one point every 12 seconds, 25 in an event."""
    yield Fact(run, "TrainingStarted", start, _spec(alpha, seed) | spec)
    for begin in range(steps.start, steps.stop, 25):
        points = [point for step in range(begin, min(begin + 25, steps.stop)) for point in _points(step, alpha, seed)]
        yield Fact(run, "MetricsRecorded", start + timedelta(seconds=12 * (begin - steps.start + 25)), {"points": points})


def _spec(alpha: float, seed: int) -> dict[str, Any]:
    packages = {"numpy": "2.4.6", "scikit-learn": "1.9.1", "scipy": "1.17.1"}
    return {
        "model": "digits",
        "code": {
            "repository": "https://git.example.com/vision/digits",
            "commit": _COMMITS[seed % 2],
            "dirty": seed == 5,
            **({"diff": _file("code", "dirty.patch"), "not_kept": {"data/raw.bin": "larger than 1 MB"}} if seed == 5 else {}),
        },
        "image": {"uri": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/digits:3", "digest": "sha256:" + "4d" * 32},
        "entry_point": "train.py",
        "arguments": ["--alpha", str(alpha), "--epochs", "12"],
        "hyperparameters": {"alpha": alpha, "batch_size": 64, "optimizer": {"name": "sgd", "momentum": 0.9}, "epochs": 12},
        "seeds": {"python": seed, "numpy": seed},
        "datasets": [{**_digits(2 if seed > 3 else 1), "role": "train"}, {**_digits(1), "role": "validation"}],
        "instance": {"type": "ml.g5.2xlarge", "count": 1},
        "packages": packages | {f"package-{number:02d}": f"1.{number}.{seed % 2}" for number in range(40)},
        "python": "3.11.9",
        "environment": {"OMP_NUM_THREADS": "8"},
        "requested_by": "ada" if seed % 2 else "grace",
        "goals": {"eval/f1": "maximize"},
    }


def _points(step: int, alpha: float, seed: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(f"{seed} {step}")  # noqa: S311 - no secret
    fall = math.exp(-step * (1 + 8 * alpha) / 90)
    values = {
        "train/loss": 0.08 + 10 * alpha**2 + 2.2 * fall * (1 + 0.12 * chance.gauss(0, 1)) + 0.02 * chance.random(),
        "learning_rate": alpha * 0.5 * (1 + math.cos(math.pi * step / _STEPS)),
        "grad_norm": 0.4 + 12 * fall * chance.lognormvariate(0, 0.5),
        "gpu/memory": 18_400_000_000 + chance.randrange(400_000_000),
    }
    if step % 10 == 9:
        score = 0.985 - alpha - 0.7 * fall + 0.004 * chance.gauss(0, 1)
        values |= {
            "eval/loss": 0.12 + 8 * alpha**2 + 2 * fall + step**2 * 1e-6,
            "eval/accuracy": score,
            "eval/f1": score - 0.02,
        }
    yield from ({"name": name, "value": value, "step": step} for name, value in values.items())


def _digits(version: int) -> dict[str, Any]:
    digest = {1: "3f8a0c11", 2: "b41d7e22", 3: "77aa1e33"}[version] * 8
    return {"uri": "s3://team-data/datasets/digits.npz", "version_id": f"pWn3Qd7Zk{version}", "sha256": digest}


def _file(stream: str, name: str) -> dict[str, Any]:
    digest = f"{random.Random(stream + name).getrandbits(256):064x}"  # noqa: S311 - no secret
    return {"uri": f"s3://team-data/{stream}/{name}", "version_id": f"v{digest[:9]}", "sha256": digest, "bytes": 1_474_560}


def _checkpoints(run: str, start: datetime) -> Iterator[Fact]:
    for step in range(50, _STEPS + 1, 50):
        yield Fact(run, "CheckpointSaved", start + timedelta(seconds=12 * step), {**_file(run, f"{step}.joblib"), "step": step})
    confusion = {**_file(run, "confusion.png"), "name": "confusion matrix"}
    yield Fact(run, "ArtifactSaved", start + timedelta(minutes=60, seconds=30), confusion)


def _datasets(at: datetime) -> Iterator[Fact]:
    """One in three versions, of which one is disputed and one retired; one that is retired, and one that is hidden."""
    for version, days in ((1, 0), (2, 7), (3, 21)):
        data = {**_digits(version), "bytes": 1_474_560 + version, "rows": 1797 + version, "registered_by": "ada"}
        yield Fact("dataset/digits", "DatasetRegistered", at + timedelta(days=days), data)
    disputed = {**_digits(3), "sha256": "0ddba11" + "0" * 57, "bytes": 12}
    yield Fact("dataset/digits", "DatasetRegistered", at + timedelta(days=21, hours=1), disputed)
    retired = {"sha256": _digits(1)["sha256"], "reason": "labels of 12 pictures were wrong"}
    yield Fact("dataset/digits", "DatasetRetired", at + timedelta(days=25), retired)
    yield Fact("dataset/digits", "Described", at, {"name": "Digits", "description": "8 by 8 pictures.\nFrom UCI.", "by": "ada"})
    # what a run made and another one reads
    features = _file("run/digits-2", "features.npz")
    yield Fact("run/digits-2", "ArtifactSaved", at + timedelta(days=4, minutes=30), {**features, "name": "features"})
    yield Fact("dataset/features", "DatasetRegistered", at + timedelta(days=5), features | {"rows": 1797})
    for name, type_, reason in (("old", "DatasetRetired", "replaced"), ("scratch", "Hidden", "a mistake")):
        yield Fact(f"dataset/{name}", "DatasetRegistered", at + timedelta(days=1), _file(name, "data.csv") | {"rows": 10})
        yield Fact(f"dataset/{name}", type_, at + timedelta(days=9), {"reason": reason})


def _models(at: datetime) -> Iterator[Fact]:
    """Versions of which one serves a stage, one served it before, and one is retired; a model that is hidden."""
    for version in range(1, 7):
        run = f"run/digits-{version}"
        data: dict[str, Any] = {
            "version": str(version),
            "run": run,
            "artifact": _file(run, "model.joblib"),
            "registered_by": "ada",
        }
        yield Fact("model/digits", "ModelRegistered", at + timedelta(days=version), data)
    promotions: list[tuple[float, str, str, str]] = [
        (2, "1", "production", "ada"),
        (4, "3", "staging", "grace"),
        (5, "3", "production", "grace"),
        (6, "4", "staging", "ada"),
        (9, "4", "production", "ada"),
        (10, "3", "production", "grace"),  # a roll-back
        (12, "5", "staging", "grace"),
        (12.5, "6", "canary, eu-central-1", "grace"),
    ]
    for days, number, stage, by in promotions:
        data = {"version": number, "stage": stage, "promoted_by": by}
        yield Fact("model/digits", "ModelPromoted", at + timedelta(days=days, hours=5), data)
    yield Fact("model/digits", "ModelRetired", at + timedelta(days=13), {"version": "2", "reason": "worse on the small digits"})
    yield Fact("model/digits", "Tagged", at + timedelta(days=13), {"tags": {"owner": "team vision", "tier": 1}, "by": "ada"})
    registry = {"version": "6", "status": "Completed", "approval_status": "Approved", "details": {"region": "eu-central-1"}}
    yield Fact("model/digits", "ModelPackageStateChanged", at + timedelta(days=13), registry)
    yield Fact("model/sentiment", "ModelRegistered", at, {"version": 1, "registered_by": "grace"})
    yield Fact("model/prototype", "ModelRegistered", at, {"version": 1})
    yield Fact("model/prototype", "Hidden", at + timedelta(days=1), {"reason": "never used", "by": "ada"})


def _resumed(at: datetime) -> Iterator[Fact]:
    """Three attempts: each takes back points of the one before."""
    run = "run/digits-resumed"
    yield Fact(run, "TrainingRequested", at - timedelta(minutes=5), {"model": "digits", "requested_by": "grace"})
    for number, steps in enumerate((range(200), range(150, 260), range(250, _STEPS))):
        start = at + timedelta(hours=2 * number)
        resumed = {"resumed_from": "run/digits-4"} if number else {}
        yield from _training(run, start, alpha=0.01 / (number + 1), seed=7 + number, steps=steps, **resumed)
        if number == 0:
            yield Fact(run, "TrainingFailed", start + timedelta(hours=1), {"error": "RuntimeError: CUDA out of memory"})
    yield Fact(run, "HyperparametersRecorded", at + timedelta(hours=4, minutes=1), {"hyperparameters": {"epochs": 14}})
    features = {**_file("run/digits-2", "features.npz"), "role": "features"}
    yield Fact(run, "DatasetUsed", at + timedelta(hours=4, minutes=2), {"dataset": features})
    yield from _checkpoints(run, at + timedelta(hours=4))
    yield Fact(run, "TrainingCompleted", at + timedelta(hours=6), {})


def _diverged(at: datetime) -> Iterator[Fact]:
    """The loss leaves the numbers, and the training fails."""
    run = "run/digits-diverged"
    yield from _training(run, at, alpha=0.9, seed=11, steps=range(100))
    values = [4.0, 71.5, 1e9, "Infinity", 3e12, "-Infinity", "NaN", "NaN", "NaN"]
    points = [{"name": "train/loss", "value": value, "step": 100 + place} for place, value in enumerate(values)]
    yield Fact(run, "MetricsRecorded", at + timedelta(minutes=25), {"points": points})
    frames = "".join(f'  File "/app/layers/layer_{n}.py", line {n}, in forward\n    return self.inner(x)\n' for n in range(30))
    error = "ValueError: Input contains NaN, infinity or a value too large for dtype('float64')"
    traceback = f"Traceback (most recent call last):\n{frames}{error}"
    yield Fact(run, "TrainingFailed", at + timedelta(minutes=26), {"error": error, "traceback": traceback})


def _odd_metrics(at: datetime) -> Iterator[Fact]:
    """Metrics without steps, of one point, that never change, that are huge, tiny or negative; steps that go back."""
    run = "run/odd-metrics"
    yield Fact(run, "TrainingStarted", at, {"model": "sentiment"})
    values: dict[str, list[tuple[float | None, float | str]]] = {
        "without_steps": [(None, math.sin(n / 9)) for n in range(120)],
        "one_point": [(0, 0.5)],
        "constant": [(n, 3) for n in range(50)],
        "huge": [(n, 1e300 * n) for n in range(20)],
        "tiny": [(n, 1e-300 * n) for n in range(20)],
        "negative": [(n, -(2.0**n)) for n in range(20)],
        "fractional_steps": [(n / 4, n**0.5) for n in range(60)],
        "steps_that_go_back": [(n % 20, n) for n in range(60)],
        "only_nan": [(n, "NaN") for n in range(5)],
    }
    for name, pairs in values.items():
        points = []
        for place, (step, value) in enumerate(pairs):
            point = {"name": name, "value": value, "time": to_utc_text((at + timedelta(seconds=place)).isoformat())}
            points.append(point if step is None else point | {"step": step})
        yield Fact(run, "MetricsRecorded", at + timedelta(minutes=2), {"points": points})
    yield Fact(run, "TrainingCompleted", at + timedelta(minutes=3), {})


def _other_ends(at: datetime) -> Iterator[Fact]:
    yield from _training("run/digits-stopped", at, alpha=0.01, seed=12, steps=range(140))
    yield Fact("run/digits-stopped", "TrainingStopped", at + timedelta(minutes=30), {"reason": "the spot instance was taken"})
    requested = {"model": "digits", "requested_by": "grace", "hyperparameters": {"alpha": 0.002}}
    yield Fact("run/digits-requested", "TrainingRequested", at + timedelta(hours=1), requested)
    refused = {"reason": "over_budget", "explanation": "1 training of the recipe digits is running; allowed: 1"}
    yield Fact("run/digits-refused", "TrainingRequested", at + timedelta(hours=1), requested | {"recipe": "digits"})
    yield Fact("run/digits-refused", "TrainingRefused", at + timedelta(hours=1, minutes=1), refused)
    yield from _training("run/digits-hidden", at + timedelta(hours=2), alpha=0.02, seed=13, steps=range(40))
    yield Fact("run/digits-hidden", "TrainingCompleted", at + timedelta(hours=3), {})
    yield Fact("run/digits-hidden", "Hidden", at + timedelta(hours=4), {"reason": "the wrong digits", "by": "ada"})
    told = "loss parts at step 120; packages: numpy 2.1 → 2.3"
    yield Fact("run/digits-3", "ReproductionDiverged", at, {"run": "run/digits-4", "explanation": told, "by": "ada"})
    yield Fact("run/digits-3", "ReproductionVerified", at, {"run": "run/digits-5", "metrics": 2, "by": "ada"})
    described = {"name": "Rate of the appendix", "description": "Not tuned.\nSee table 3.", "by": "ada"}
    yield Fact("run/digits-3", "Described", at, described)
    yield from _training(f"run/{_PERSIAN}", at + timedelta(hours=5), alpha=0.004, seed=14, steps=range(60))
    yield from _training(f"run/{_LONG}", at + timedelta(hours=6), alpha=0.004, seed=15, steps=range(60))
    yield from _training("run/altered", at + timedelta(hours=7), alpha=0.005, seed=16, steps=range(60))
    for run in (_PERSIAN, _LONG, "altered"):
        yield Fact(f"run/{run}", "TrainingCompleted", at + timedelta(hours=9), {})


def _of_sagemaker(at: datetime) -> Iterator[Fact]:
    """A job that SageMaker tells of, and a pipeline's execution."""
    run, arn = "run/sentiment-job", "arn:aws:sagemaker:eu-central-1:123456789012:training-job/sentiment-job"
    for minutes, status, secondary in ((0, "InProgress", "Starting"), (4, "InProgress", "Training"), (40, "Failed", "Failed")):
        data = {
            "status": status,
            "secondary_status": secondary,
            "arn": arn,
            "instance": {"type": "ml.p4d.24xlarge", "count": 2},
        }
        if status == "Failed":
            data["failure_reason"] = "AlgorithmError: ExecuteUserScriptError, exit code 1"
        yield Fact(run, "TrainingJobStateChanged", at + timedelta(minutes=minutes), data)
    execution = {"status": "Succeeded", "name": "nightly", "arn": arn.replace("training-job", "pipeline")}
    yield Fact("run/nightly-pipeline", "PipelineExecutionStateChanged", at, execution)


def _late_and_unknown(at: datetime) -> Iterator[Fact]:
    """Events that the log got days later, ahead of its clock, at one time, and of a type that nobody knows."""
    run = "run/digits-late"
    yield from _training(run, at, alpha=0.006, seed=17, steps=range(100))
    late = [{"name": "eval/accuracy", "value": 0.971, "step": 99}]
    yield Fact(run, "MetricsRecorded", at + timedelta(minutes=40), {"points": late}, delay=timedelta(days=3))
    yield Fact(run, "GpuTemperatureMeasured", at + timedelta(minutes=41), {"celsius": 81, "gpu": 0})
    saved = {**_file(run, "ahead.joblib"), "step": 90}
    yield Fact(run, "CheckpointSaved", at + timedelta(minutes=42), saved, delay=timedelta(seconds=-95))
    for metric in ("a", "b"):
        points = [{"name": f"at_one_time/{metric}", "value": 1.5, "step": 1}]
        yield Fact(run, "MetricsRecorded", at + timedelta(minutes=43), {"points": points})
    yield Fact(run, "TrainingCompleted", at + timedelta(minutes=50), {}, delay=timedelta(days=3))


def _running(present: datetime) -> Iterator[Fact]:
    """Two runs that are running: one that said something a moment ago, and one that is silent for hours."""
    yield from _training("run/digits-running", present - timedelta(minutes=21), alpha=0.002, seed=18, steps=range(100))
    yield from _training("run/digits-silent", present - timedelta(hours=8), alpha=0.002, seed=19, steps=range(100))
