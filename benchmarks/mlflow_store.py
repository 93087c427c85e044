"""Compares MLflow's client at this project's store with the same client at MLflow's own SQLite store, both on this disk.

Both are the MLflow that this project is tested with, each in a process of its own, asked in turns. Both stores have the runs of
`asked_runs.py`.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.asked_runs import RUNS
from benchmarks.asking import answering, log_of_runs
from benchmarks.measure import Ratio, in_turns

_ROUNDS, _FRAME_ROUNDS = 5, 2


def measure() -> list[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "TRAINING_EVENTS_SPOOL": f"{folder}/spool",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "OMP_NUM_THREADS": "1",  # leaves a CPU to the threads that record
        }
        log_of_runs(Path(folder) / "log.db").close()
        fill = [sys.executable, "-m", "benchmarks.asked_mlflow", folder]
        subprocess.run(fill, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment, check=True)
        client = [sys.executable, "-m", "benchmarks.mlflow_client"]
        with (
            answering(client, environment | {"MLFLOW_TRACKING_URI": f"training-events://{folder}/log.db"}) as ours,
            answering(client, environment | {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db"}) as theirs,
        ):

            def beside(subject: str, what: str, at_most: float, rounds: int = _ROUNDS) -> Ratio:
                pairs = in_turns(lambda: ours(what), lambda: theirs(what), rounds)
                return Ratio(f"{subject}, by MLflow's client", "MLflow's SQLite store", pairs, at_most)

            return [
                beside("mlflow.log_metric", "log_metric", 0.4),
                beside("log_batch of 1,000 metrics", "log_batch", 0.2),
                beside(f"50 of {RUNS:,} runs by a condition, in an order", "search", 0.5),
                beside(f"{RUNS:,} runs as a DataFrame", "frame", 0.5, _FRAME_ROUNDS),
            ]
