"""Every test of faults starts with a bus, a spool and a log of its own."""

import pytest

from tests.support.recording import recording


@pytest.fixture(name="recording")
def _recording(tmp_path, monkeypatch):
    with recording(tmp_path, monkeypatch) as setup:
        yield setup
