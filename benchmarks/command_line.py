"""Measures the CPU seconds of a call of `training-events`, against importing the libraries that it cannot do without."""

import os
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from pathlib import Path

from training_events.event import Event
from training_events.stores.opening import open_event_log

from benchmarks.measure import Ratio, cpu_seconds, in_turns

RUNS = 10
ROUNDS = 20
_LIBRARIES = [sys.executable, "-c", "import typer, rich.table, msgspec"]


def measure() -> list[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TRAINING_EVENTS_")}
        environment["TRAINING_EVENTS_LOG"] = _log_with_runs(Path(folder))
        return [
            _ratio("training-events --version", ["--version"], environment, at_most=1.3),
            _ratio(f"training-events runs, of {RUNS} runs in SQLite", ["runs"], environment, at_most=1.6),
        ]


def _log_with_runs(folder: Path) -> str:
    url = f"sqlite:///{folder}/log.db"
    log = open_event_log(url)
    for number in range(RUNS):
        stream, time = f"run/digits-{number}", f"2026-11-22T15:08:{number:02d}.000000Z"
        log.append(Event(f"e-{number}", stream, "TrainingStarted", time, "benchmark", {"model": "digits"}))
    return url


def _ratio(subject: str, arguments: list[str], environment: Mapping[str, str], at_most: float) -> Ratio:
    # the program that pip installed, as people start it
    command = [f"{sysconfig.get_path('scripts')}/training-events", *arguments]
    pairs = in_turns(lambda: cpu_seconds(command, environment), lambda: cpu_seconds(_LIBRARIES, environment), ROUNDS)
    return Ratio(subject, "importing typer, rich.table and msgspec", pairs, at_most)
