"""A report of a log in a file and of one in DynamoDB shows the same."""

import re

import pytest

from tests.support.asking import Asked
from tests.support.command_line import run_cli
from tests.support.pages import text_of

STREAMS = ("run/a", "run/b", "model/digits", "dataset/digits")


def test_a_report_shows_each_stream_of_either_log(asked: Asked, tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    data = {"uri": "s3://b/digits", "version_id": "v1", "sha256": "5e" * 32, "bytes": 1_474_560}
    asked.record("dataset/digits", "DatasetRegistered", "14:00:00", **data)
    for name, rate in (("a", 0.1), ("b", 0.2)):
        run = f"run/{name}"
        spec = {"model": "digits", "hyperparameters": {"lr": rate}, "datasets": [data]}
        asked.record(run, "TrainingStarted", "15:00:00", **spec)
        points = [{"name": "loss", "value": rate * step, "step": step} for step in range(1, 4)]
        asked.record(run, "MetricsRecorded", "15:00:10", points=points)
        asked.record(run, "CheckpointSaved", "15:00:20", uri=f"s3://b/{name}.pt", step=3)
        asked.record(run, "TrainingCompleted", "15:01:00")
    asked.record("model/digits", "ModelRegistered", "16:00:00", version="1", run="a")
    asked.record("model/digits", "ModelPromoted", "17:00:00", version="1", stage="production")

    path = tmp_path / "report.html"
    code, _, err = run_cli(capsys, "report", *STREAMS, "--log", asked.url, "-o", str(path))
    assert (code, err) == (0, "")
    shown = text_of(path.read_text(encoding="utf-8"))
    for words in (
        "Only hyperparameter lr differs",
        "lowest, at step 1; last 0.3",
        "s3://b/a.pt",
        "production",
        "1.47 MB",
    ):
        assert re.search(re.escape(words), shown, re.IGNORECASE), words

    run_cli(capsys, "report", "model/digits", "--log", asked.url, "-o", str(path), "--as-of", "2026-11-22T16:30")
    assert "production" not in text_of(path.read_text(encoding="utf-8"))
