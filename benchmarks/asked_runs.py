"""The runs that are asked for: the same values in an event log and in MLflow's SQLite store.

Each run has hyperparameters, and one value of each metric. One further run has a long history of one metric.
"""

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

RUNS, HYPERPARAMETERS, METRICS, POINTS = 10_000, 20, 10, 100_000
HISTORY = "history"
"""The run with all the points."""
STARTED_MS = 1_795_360_119_000
"""Milliseconds since 1970, in November 2026. A run starts each minute."""


class AskedRun(NamedTuple):
    name: str
    started_ms: int
    hyperparameters: dict[str, Any]
    metrics: dict[str, float]


def asked_runs(count: int = RUNS) -> Iterator[AskedRun]:
    values = random.Random(13)  # noqa: S311 - the same values each time
    for number in range(count):
        hyperparameters = {f"param_{index:02}": round(values.random(), 6) for index in range(HYPERPARAMETERS)}
        metrics = {f"metric_{index}": values.random() for index in range(METRICS)}
        yield AskedRun(f"run-{number:06}", STARTED_MS + 60_000 * number, hyperparameters, metrics)


def history() -> list[float]:
    return [1 / (step + 1) for step in range(POINTS)]
