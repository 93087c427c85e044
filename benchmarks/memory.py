"""The most memory that a command takes for a run of a million events, against one of ten thousand: it should be the same.

Peak resident memory of the whole process, as the kernel counts it; what a command prints goes nowhere.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.long_run import event_of, fill
from benchmarks.measure import Ratio

FEW, MANY = 10_000, 1_000_000
STREAM = "run/long"


def measure() -> list[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        few, many = Path(folder) / "few.db", Path(folder) / "many.db"
        for file, events in ((few, FEW), (many, MANY)):
            print(f"  a log of {events} events", file=sys.stderr)
            fill(file, STREAM, events)
        return [_ratio(command, few, many) for command in ("history", "show", "verify")]


def _ratio(command: str, few: Path, many: Path) -> Ratio:
    print(f"  {command}", file=sys.stderr)
    pair = _peak_megabytes(command, many, MANY), _peak_megabytes(command, few, FEW)
    return Ratio(f"{command} of {MANY} events", f"of {FEW}", [pair], at_most=1.25, unit="MB")


def _peak_megabytes(command: str, file: Path, events: int) -> float:
    last = event_of(STREAM, events - 1).occurred_at
    at = ["--as-of", last] if command == "show" else []
    arguments = ["training-events", command, STREAM, *at, "--json", "--log", f"sqlite:///{file}"]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if code := os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(arguments)} ended with exit code {code}")
    return usage.ru_maxrss / 1024  # Linux counts in KiB
