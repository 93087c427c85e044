"""The log that is exported."""

from pathlib import Path

import pytest
from training_events.reading.opening import Sources, open_current_sources

from tests.support.exported_log import write_lives


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    return open_current_sources(write_lives(tmp_path))
