"""The examples of the guide on callbacks run as they stand, each by itself. Those with torch are in the tests that need it."""

import subprocess
import sys
from pathlib import Path

import pytest
import training_events as te

from tests.support.environment import without_aws
from tests.support.guide_examples import example_of

EXAMPLES = {
    "Keras": "keras-1",
    "XGBoost": "xgboost-1",
    "LightGBM": "lightgbm-1",
    "Optuna": "sweep-3-0",
    "scikit-learn": "sklearn-1",
}
"""By the heading, a run that the example records."""


@pytest.mark.slow
def test_every_example_records_its_run(tmp_path: Path) -> None:
    for name, run in EXAMPLES.items():
        (tmp_path / f"{run}.py").write_text(example_of("callbacks", name), encoding="utf-8")
    # one program for all: each framework takes seconds to import
    script = "import runpy, sys\nfor name in sys.argv[1:]:\n    runpy.run_path(name)"
    files = [f"{run}.py" for run in EXAMPLES.values()]
    environment = without_aws(KERAS_BACKEND="jax", TRAINING_EVENTS_SPOOL=str(tmp_path / "spool"))
    done = subprocess.run(
        [sys.executable, "-c", script, *files], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "recording failed" not in done.stderr
    log = te.open_log(f"sqlite:///{tmp_path}/training-events.db")
    assert {run: log.run(run).status for run in EXAMPLES.values()} == dict.fromkeys(EXAMPLES.values(), "completed")
    assert [checkpoint.step for checkpoint in log.run("keras-1").checkpoints] == [0, 1, 2]
    assert "test_accuracy" in log.run("sklearn-1").metrics
    assert len(log.runs("tags.group = 'sweep-3'")) == 20
