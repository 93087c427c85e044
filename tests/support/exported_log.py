"""A log with a life of each kind, to be written in the formats of others."""

from pathlib import Path
from typing import Any

from training_events.event import Event, Producer
from training_events.stores.opening import open_event_log

from tests.support.command_line import make_event

SPEC: dict[str, Any] = {
    "model": "digits",
    "code": {"repository": "https://example.com/team/digits.git", "commit": "c0ffee", "dirty": False},
    "entry_point": "train.py",
    "working_folder": "trainings",
    "python": "3.13.1",
    "environment": {"CUDA_VISIBLE_DEVICES": 0},
    "hyperparameters": {"lr": 0.1, "optimizer": {"name": "adam"}, "layers": [1, 2]},
    "seeds": {"numpy": 7},
    "image": {"uri": "example.com/images/train:1", "digest": "sha256:aa"},
    "machine": "x86_64 Linux",
    "datasets": [
        {"uri": "s3://bucket/data/digits.npz", "version_id": "v1", "sha256": "ab", "role": "train"},
        {"uri": "file:///data/my%20digits.npz", "sha256": "cd", "role": "test"},
        {"uri": "sklearn:load_digits"},
        {"sha256": "ef"},
    ],
}
POINTS = [
    {"name": "loss", "value": 0.5, "step": 1},
    {"name": "loss", "value": 0.25, "step": 2, "time": "2026-11-22T15:08:11.000001Z"},
    {"name": "grad", "value": "NaN"},
]
STORED: dict[str, Any] = {"uri": "s3://bucket/runs/digits-0/model.bin", "version_id": "v9", "sha256": "11", "bytes": 7}


def life() -> list[Event]:
    """What happens, in the order in which the log takes it."""
    first, second = Producer("first", 1), Producer("second", 1)
    return [
        make_event("dataset/digits", "DatasetRegistered", 0, uri="s3://bucket/data/digits.npz", version_id="v1", sha256="ab"),
        # completed, in a group
        make_event("run/digits-0", "TrainingStarted", 10, first, **SPEC),
        make_event("run/digits-0", "Tagged", 11, tags={"group": "sweep-7", "folds": 5}),
        make_event("run/digits-0", "MetricsRecorded", 12, points=POINTS),
        make_event("run/digits-0", "ArtifactSaved", 13, name="model.bin", **STORED),
        make_event("run/digits-0", "CheckpointSaved", 14, step=1, uri="s3://bucket/old", sha256="22"),
        make_event("run/digits-0", "CheckpointSaved", 15, step=2, uri="s3://bucket/new", sha256="33"),
        make_event("run/digits-0", "TrainingCompleted", 16, first),
        # two attempts: the second started while the first had not ended, and failed
        make_event("run/digits-1", "TrainingStarted", 20, first, model="digits", seeds=1),
        make_event("run/digits-1", "ArtifactSaved", 21, first, name="a", uri="s3://bucket/first", bytes=1),
        make_event("run/digits-1", "TrainingStarted", 22, second, model="digits", seeds=2),
        make_event("run/digits-1", "ArtifactSaved", 23, second, name="b", uri="s3://bucket/second", bytes=1),
        make_event("run/digits-1", "TrainingFailed", 24, second, error="ValueError: boom", traceback="Traceback …"),
        # inside of the second attempt of that, and still running
        make_event("run/inner", "TrainingStarted", 23, entry_point="inner.py"),
        make_event("run/inner", "Tagged", 24, tags={"mlflow.parentRunId": "digits-1"}),
        # stopped from outside
        make_event("run/stopped", "TrainingStarted", 30),
        make_event("run/stopped", "TrainingStopped", 31, reason="too slow"),
        # known from SageMaker alone
        make_event("run/job", "TrainingJobStateChanged", 40, status="InProgress", arn="arn:aws:sagemaker:x"),
        make_event("run/job", "TrainingJobStateChanged", 44, status="Failed", failure_reason="CapacityError"),
        # asked for, and not started
        make_event("run/asked", "TrainingRequested", 50, model="digits"),
        make_event("model/m-1", "ModelMeasured", 55, points=POINTS[:1], run="run/digits-0", dataset={"name": "held out"}),
        make_event("model/digits", "ModelRegistered", 60, version="1", run="run/digits-0"),
    ]


def write_lives(folder: Path) -> str:
    """The address of a log with these lives, in this folder."""
    url = f"sqlite:///{folder}/log.db"
    log = open_event_log(url)
    for event in life():
        log.append(event)
    log.close()
    return url
