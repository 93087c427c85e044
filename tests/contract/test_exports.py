"""What is exported is the same of tables and of a file."""

import json
from pathlib import Path

import pandas as pd
import pytest
from training_events.interchange.exports.openlineage_events import run_events_in_order
from training_events.interchange.exports.parquet.export import TableCounts, export_tables

from tests.support.asking import Asked


@pytest.fixture
def life(asked: Asked) -> Asked:
    """A group with a run of two attempts, of which the second took points of the first back, and its model."""
    asked.record("group/sweep", "Described", "14:00:00", name="sweep")
    asked.record("run/digits", "TrainingStarted", "15:00:00", model="digits")
    asked.record("run/digits", "Tagged", "15:00:01", tags={"group": "sweep"})
    points = [{"name": "loss", "value": 1 / step, "step": step} for step in (1, 2, 3)]
    asked.record("run/digits", "MetricsRecorded", "15:00:02", points=points)
    asked.record("run/digits", "TrainingStarted", "15:00:03", model="digits", seeds=7)
    asked.record("run/digits", "MetricsRecorded", "15:00:04", points=[{"name": "loss", "value": 9, "step": 2}])
    asked.record("run/digits", "TrainingCompleted", "15:00:05")
    asked.record("model/digits", "ModelRegistered", "16:00:00", version="1", run="run/digits")
    return asked


def test_tables(life: Asked, tmp_path: Path):
    assert export_tables(life.sources, tmp_path / "tables") == TableCounts(
        events=8, points=4, runs=1, models=1, datasets=0, findings=None
    )
    points = pd.read_parquet(tmp_path / "tables" / "points")
    assert list(zip(points["step"], points["attempt"], points["stands"], strict=True)) == [
        (1, 1, True),
        (2, 1, False),
        (3, 1, False),
        (2, 2, True),
    ]
    [run] = pd.read_parquet(tmp_path / "tables" / "runs").to_dict("records")
    assert (run["group_name"], run["attempts"], dict(run["metrics"])["loss"]["best"]) == ("sweep", 2, 1.0)
    assert sorted(set(pd.read_parquet(tmp_path / "tables" / "events")["kind"])) == ["group", "model", "run"]


def test_run_events(life: Asked):
    bodies = [json.loads(line.body) for line in run_events_in_order(life.sources, "my.team", "", lambda *_: None)]
    assert [body["eventType"] for body in bodies] == ["START", "ABORT", "START", "COMPLETE"]
    assert {body["run"]["facets"]["parent"]["job"]["name"] for body in bodies} == {"sweep"}
