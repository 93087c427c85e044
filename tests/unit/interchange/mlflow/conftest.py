"""Workspaces of this process: on a SQLite file, and over a bus that hands its events to the log when a test says so."""

from collections.abc import Sequence

import pytest
from training_events.bus.envelope import decode
from training_events.interchange.mlflow.workspace import Workspace
from training_events.recorder.delivery.destination import Destination, Unsent
from training_events.stores.opening import open_event_log
from training_events.strict_json import loads


class SlowBus:
    """Takes everything at once. The log has it after `deliver`."""

    def __init__(self, log: str) -> None:
        self.is_reachable = True
        self.taken: list[bytes] = []
        self._log = open_event_log(log)

    def send(self, lines: Sequence[bytes]) -> list[Unsent]:
        if not self.is_reachable:
            raise ConnectionError("as the test wants")
        self.taken += lines
        return []

    def deliver(self, count: int | None = None) -> None:
        """Let the log have so many events, by default all: the newest first, as a bus keeps no order."""
        delivered, self.taken = self.taken[:count], self.taken[len(self.taken[:count]) :]
        for line in reversed(delivered):
            self._log.append(decode(loads(line)))


@pytest.fixture(autouse=True)
def environment(tmp_path, monkeypatch):
    for name in ("BUS", "LOG", "BUCKET", "RUN"):
        monkeypatch.delenv(f"TRAINING_EVENTS_{name}", raising=False)
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path / "spool"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def on_file(tmp_path):
    return Workspace(f"training-events://{tmp_path}/log.db")


@pytest.fixture
def bus(tmp_path, monkeypatch):
    monkeypatch.setenv("TRAINING_EVENTS_BUS", "training")
    monkeypatch.setenv("TRAINING_EVENTS_LOG", f"sqlite:///{tmp_path}/log.db")
    slow_bus = SlowBus(f"sqlite:///{tmp_path}/log.db")
    monkeypatch.setattr(Destination, "sink", lambda *_: slow_bus)
    return slow_bus


@pytest.fixture
def over_bus(bus):
    return Workspace("training-events://")


@pytest.fixture(params=["on_file", "over_bus"])
def ours(request):
    """Either, with nothing delivered."""
    return request.getfixturevalue(request.param)
