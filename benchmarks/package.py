"""Compares a package that is found in the cache with one that is built from nothing, downloads included."""

import shutil
import tempfile
import time
from pathlib import Path

from benchmarks.measure import Ratio, in_turns
from stacks.packaging.lambda_package import Target, build

_TARGET = Target("python3.13", "arm64")


def measure() -> list[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        cold, cached = Path(folder) / "cold", Path(folder) / "cached"

        def from_nothing() -> float:
            shutil.rmtree(cold, ignore_errors=True)
            return _seconds(cold)

        pairs = in_turns(lambda: _seconds(cached), from_nothing, rounds=3)
    return [Ratio("package, cached", "built from nothing", pairs, at_most=0.1)]


def _seconds(cache: Path) -> float:
    started = time.perf_counter()
    build(_TARGET, cache=cache)
    return time.perf_counter() - started
