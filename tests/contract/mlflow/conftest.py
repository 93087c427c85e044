"""A tracking store on an empty log, as MLflow builds it."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("TRAINING_EVENTS_RUN", "TRAINING_JOB_NAME"):
        monkeypatch.delenv(name, raising=False)
    from training_events.interchange.mlflow.store import Store  # noqa: PLC0415 - MLflow takes seconds to import

    return Store(f"training-events://{tmp_path}/log.db")
