"""The log that docs/guides/asking.md asks: a dataset and a model in two versions, a sweep, and what failed lately."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from training_events.event import Event
from training_events.stores.opening import open_event_log
from training_events.times import to_utc_text

DATASET = {"uri": "s3://team-data/digits.npz"}
VERSIONS = {
    "first": DATASET | {"version_id": "pWn3Qd7Zk1", "sha256": "3f8a" + "0c" * 30},
    "second": DATASET | {"version_id": "Jc0eHs9Vt4", "sha256": "b41d" + "7e" * 30},
}
CODE = {"repository": "https://github.com/example/digits", "commit": "9a76a5d" + "0" * 33, "dirty": False}
SWEEP = [
    # run, alpha, version of the dataset, best accuracy, day of February, minutes
    ("digits-1", 0.1, "first", 0.911, 2, 31),
    ("digits-2", 0.03, "first", 0.934, 3, 33),
    ("digits-3", 0.01, "first", 0.951, 4, 35),
    ("digits-4", 0.003, "second", 0.962, 23, 42),
    ("digits-5", 0.001, "second", 0.957, 24, 44),
    ("digits-6", 0.0003, "second", 0.949, 25, 47),
]


def make_guide_log(url: str, present: datetime) -> None:
    """Record all of it. The failures lie some days before the present; everything else has its fixed date."""
    log = open_event_log(url)
    for number, (stream, type_, at, data) in enumerate(_facts(present)):
        log.append(Event(f"e-{number}", stream, type_, to_utc_text(at.isoformat()), "guide", data))


_Fact = tuple[str, str, datetime, dict[str, Any]]


def _facts(present: datetime) -> Iterator[_Fact]:
    for version, day in (("first", 1), ("second", 20)):
        registered = {**VERSIONS[version], "bytes": 1_474_560, "rows": 1797}
        yield "dataset/digits", "DatasetRegistered", _february(day), registered
    for seed, (run, alpha, version, accuracy, day, minutes) in enumerate(SWEEP, 1):
        start = _february(day)
        yield from _training(run, start, alpha=alpha, seeds={"python": seed}, datasets=_data(version))
        yield f"run/{run}", "Tagged", start + timedelta(seconds=1), {"tags": {"group": "alpha-sweep"}, "by": "ada"}
        yield from _points(run, start, accuracy, minutes)
        yield f"run/{run}", "TrainingCompleted", start + timedelta(minutes=minutes), {}
    yield from _registered("1", "digits-3", datetime(2026, 2, 10, 9, tzinfo=UTC))
    yield from _promoted("1", "ada", datetime(2026, 2, 11, 14, tzinfo=UTC))
    yield from _registered("2", "digits-4", datetime(2026, 3, 5, 9, tzinfo=UTC))
    yield from _promoted("2", "grace", datetime(2026, 3, 10, 16, tzinfo=UTC))
    tried = datetime(2026, 3, 12, 11, tzinfo=UTC)
    yield from _training("digits-7", tried, alpha=0.003, code=CODE | {"dirty": True}, datasets=_data("second"))
    yield from _points("digits-7", tried, 0.958, 12)
    yield "run/digits-7", "TrainingCompleted", tried + timedelta(minutes=12), {}
    for days, run, error in (
        (4, "digits-8", "RuntimeError: CUDA out of memory"),
        (3, "digits-9", "RuntimeError: CUDA out of memory"),
        (2, "digits-10", "ValueError: Input contains NaN"),
    ):
        start = present - timedelta(days=days)
        yield from _training(run, start, alpha=0.003, seeds={"python": 1}, datasets=["s3://team-data/augmented.npz"])
        yield f"run/{run}", "TrainingFailed", start + timedelta(minutes=3), {"error": error}


def _data(version: str) -> list[dict[str, str]]:
    return [{**VERSIONS[version], "role": "train"}]


def _february(day: int) -> datetime:
    return datetime(2026, 2, day, 9, tzinfo=UTC)


def _training(run: str, start: datetime, alpha: float, **spec: Any) -> Iterator[_Fact]:
    pinned = {"model": "digits", "code": CODE, "hyperparameters": {"alpha": alpha, "max_iter": 300}, "requested_by": "ada"}
    yield f"run/{run}", "TrainingStarted", start, pinned | spec


def _points(run: str, start: datetime, accuracy: float, minutes: int) -> Iterator[_Fact]:
    """Three epochs, the last one a little worse than the best."""
    for epoch, share in ((1, 0.9), (2, 1.0), (3, 0.998)):
        reached = round(accuracy * share, 4)
        values = {"accuracy": reached, "loss": round(1 - reached, 4)}
        points = [{"name": name, "value": value, "step": epoch} for name, value in values.items()]
        yield f"run/{run}", "MetricsRecorded", start + timedelta(minutes=minutes * epoch / 4), {"points": points}


def _registered(version: str, run: str, at: datetime) -> Iterator[_Fact]:
    artifact = {"uri": f"s3://team-data/{run}.joblib", "version_id": f"v-{version}", "sha256": version * 64}
    yield "model/digits", "ModelRegistered", at, {"version": version, "run": f"run/{run}", "artifact": artifact}


def _promoted(version: str, by: str, at: datetime) -> Iterator[_Fact]:
    yield "model/digits", "ModelPromoted", at, {"version": version, "stage": "production", "promoted_by": by}
