"""Compares the peak memory of a command for a run of a million events and of ten thousand: it should be the same.

It is the peak resident memory of the whole process, as the kernel counts it. What the command prints is dropped.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.long_run import event_of, fill
from benchmarks.measure import Ratio

FEW, MANY = 10_000, 1_000_000
STREAM = "run/long"
# VmHWM and not getrusage, which also counts the memory that the parent process had when it started this one
_RUN = """
import re, sys
from training_events import cli
code = cli.run(sys.argv[1:])
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1], file=sys.stderr)
sys.exit(code)
"""


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
    as_of = ["--as-of", last] if command == "show" else []
    arguments = [command, STREAM, *as_of, "--json", "--log", f"sqlite:///{file}"]
    done = subprocess.run(
        [sys.executable, "-c", _RUN, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"training-events {' '.join(arguments)}: {done.stderr}")
    return int(done.stderr) / 1024  # the kernel counts in KiB
