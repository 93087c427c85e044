"""Measures a whole program that records, with thousands of files in the spool that other recorders have left, and without."""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from training_events.bus.envelope import to_envelope
from training_events.recorder.delivery.destination import configured_destination
from training_events.recorder.delivery.journal import Journal
from training_events.recorder.delivery.spool import Spool, spool_folder
from training_events.settings import Settings

from benchmarks.measure import Ratio, in_turns, process_seconds
from tests.support.bus_server import BusServer

_ROUNDS, _FILES = 7, 10_000
_PROGRAM = [sys.executable, "-m", "benchmarks.short_program"]


def measure() -> list[Ratio]:
    with tempfile.TemporaryDirectory() as folder, BusServer() as bus:
        crowded, empty = (
            {**os.environ, **bus.environment, "TRAINING_EVENTS_SPOOL": f"{folder}/{name}"} for name in ("crowded", "empty")
        )
        _leave_files(crowded)
        pairs = in_turns(lambda: process_seconds(_PROGRAM, crowded), lambda: process_seconds(_PROGRAM, empty), _ROUNDS)
        left = len(list(Path(crowded["TRAINING_EVENTS_SPOOL"]).glob("*/*.jsonl")))
    print(f"  of {_FILES:,} files, {_FILES - left:,} were sent meanwhile", file=sys.stderr)
    return [Ratio(f"a program that records, {_FILES:,} files left in its spool", "none left", pairs, at_most=1.3)]


def _leave_files(environment: Mapping[str, str]) -> None:
    settings = Settings(environment)
    home, to = spool_folder(settings), configured_destination(settings)
    for _ in range(_FILES):
        journal = Journal("run/left")
        spool = Spool(home, to, journal.producer)
        spool.append(to_envelope(journal.next_event("TrainingStarted", {})))
        spool.close()
