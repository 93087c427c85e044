"""A small log, and a client of the server that shows it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.support.page_server import page_client
from tests.support.pages import shown_log

FACTS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("run/a", "TrainingStarted", "2026-11-22T15:00:00.000000Z", {"model": "digits"}),
    ("run/a", "MetricsRecorded", "2026-11-22T15:00:01.000000Z", {"points": [{"name": "loss", "value": 0.5, "step": 1}]}),
    ("run/a", "TrainingCompleted", "2026-11-22T15:00:02.000000Z", {}),
    ("run/b", "TrainingStarted", "2026-11-22T16:00:00.000000Z", {}),
)


@pytest.fixture
def url(tmp_path: Path) -> str:
    shown_log(tmp_path, *FACTS)
    return f"sqlite:///{tmp_path}/log.db"


@pytest.fixture
def client(url: str) -> Iterator[TestClient]:
    with page_client(url) as client:
        yield client
