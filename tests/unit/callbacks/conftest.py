"""A log of its own for each test, in a file, and what every callback is held to."""

import os
from pathlib import Path

import pytest
import training_events as te
from training_events.reading.log import Log

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_PLATFORMS", "cpu")


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Log:
    """What this process records is in this log once its run has ended."""
    for name in ("TRAINING_EVENTS_BUS", "TRAINING_EVENTS_BUCKET", "TRAINING_EVENTS_RUN", "RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TRAINING_EVENTS_LOG", f"sqlite:///{tmp_path}/log.db")
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path / "spool"))
    monkeypatch.chdir(tmp_path)
    return te.open_log()
