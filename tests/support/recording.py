"""Trainings that record to a bus server, and what must be true of their events whatever goes wrong meanwhile."""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import msgspec
import pytest
from training_events import strict_json
from training_events.event import Event
from training_events.proof.files import stored_files
from training_events.proof.verification import verify
from training_events.recorder.delivery.destination import configured_destination
from training_events.recorder.delivery.flush import FlushResult, flush_all
from training_events.recorder.delivery.spool import spool_folder
from training_events.recorder.storage.files import local_path
from training_events.settings import Settings

from tests.support.bus_server import BusServer
from tests.support.fakes import InMemoryLog
from tests.support.paths import ROOT
from tests.support.training_script import values

ENDS = ("TrainingCompleted", "TrainingFailed", "TrainingStopped")


class Recording:
    """A bus, a spool, and the log that gets the bus's events. The environment names them, also for child processes."""

    def __init__(self, bus: BusServer, spool: Path) -> None:
        self.bus, self.spool = bus, spool
        self.log = InMemoryLog()

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Start the training script. Its standard input and outputs are pipes."""
        command = [sys.executable, "-m", "tests.support.training_script", *arguments]
        pipe: int | IO[Any] = subprocess.PIPE
        return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True, **options)

    def train(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of a whole training."""
        with self.start(*arguments) as process:
            out, err = process.communicate()
            return process.returncode, out, err

    def spooled(self) -> set[str]:
        """The ids of all events that are whole in the files of the spool."""
        lines = (line for file in self.spool.glob("*/*.jsonl") for line in file.read_bytes().split(b"\n")[1:-1])
        return {msgspec.json.decode(line)["detail"]["event_id"] for line in lines}

    def flush(self) -> list[FlushResult]:
        """Do what `training-events flush` does."""
        return list(flush_all(spool_folder(Settings()), configured_destination(Settings()), lambda _: None))

    def settle(self) -> None:
        """End the bus's faults and flush. Then the spool is empty, and all that it held or the bus accepted is in the log."""
        spooled = self.spooled()
        self.bus.fail_with()
        assert [result for result in self.flush() if result.left] == []
        self.bus.hand_over(self.log)
        assert spooled <= {event.event_id for event in self.log.events()}
        kept = self._kept_files()
        # A file that was still being made when its producer was killed holds no event. It is removed when it is an hour old.
        left = [file for file in self.spool.rglob("*.*") if file.suffix != ".new" and file not in kept]
        # nor does a copy of a kept file that was being made then
        assert not [file for file in left if file.with_suffix(".patch") not in kept], "something is left in the spool"

    def _kept_files(self) -> set[Path]:
        """What events name of the files beside the spool, each with its digest: the changes of this checkout, if it has any."""
        kept = {}
        for event in self.log.events():
            for stored in stored_files(strict_json.stored(event.canonical_data)):
                if str(stored.uri).startswith("file:") and self.spool in (path := local_path(stored.uri)).parents:
                    kept[path] = stored.sha256
        assert {path: sha256(path.read_bytes()).hexdigest() for path in kept} == kept
        return set(kept)

    def events(self, run: str = "r") -> list[Event]:
        """The run's events, each producer's in order. The stream is sound and complete."""
        verification = verify(self.log, None, f"run/{run}")
        assert (verification.sound, verification.complete) == (True, True), verification.findings
        events = [event for event in self.log.events() if event.stream == f"run/{run}"]
        assert verification.events == len(events) == sum(chain.complete_up_to or 0 for chain in verification.producers)
        return sorted(events, key=lambda event: (event.producer.id, event.producer.sequence) if event.producer else ("", 0))

    def types(self, run: str = "r") -> list[str]:
        """The types of the run's events, without its metrics."""
        return [event.type for event in self.events(run) if event.type != "MetricsRecorded"]


def points(events: list[Event]) -> dict[str, list[tuple[Any, Any]]]:
    """Steps and values of each metric, in the order in which they were recorded."""
    by_metric = defaultdict(list)
    for event in events:
        if event.type == "MetricsRecorded":
            for point in event.data["points"]:
                by_metric[point["name"]].append((point.get("step"), point["value"]))
    return by_metric


def measured(name: str = "loss", steps: int = 300) -> list[tuple[int, float]]:
    """All that the training script measures, once and in order."""
    return list(enumerate(values(name, steps)))


@contextmanager
def recording(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recording]:
    with BusServer() as bus:
        spool = folder / "spool"
        for name, value in {**bus.environment, "TRAINING_EVENTS_SPOOL": str(spool)}.items():
            monkeypatch.setenv(name, value)
        for name in ("TRAINING_EVENTS_RUN", "TRAINING_EVENTS_BUCKET", "TRAINING_EVENTS_LOG", "RANK", "WORLD_SIZE"):
            monkeypatch.delenv(name, raising=False)
        yield Recording(bus, spool)
