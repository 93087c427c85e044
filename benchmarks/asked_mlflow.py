"""MLflow's SQLite store with the runs of `asked_runs.py`, in MLflow's environment: `python -m benchmarks.asked_mlflow FOLDER`.

It fills the store. Then it reads questions, a line each, and prints how many seconds MLflow took for the answer. Rows are put
into the store's tables directly, as only reading is measured: to record so many runs takes MLflow minutes.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
from mlflow.store.tracking.dbmodels.models import SqlLatestMetric, SqlMetric, SqlParam, SqlRun
from sqlalchemy import create_engine, insert

from benchmarks.asked_runs import HISTORY, POINTS, STARTED_MS, asked_runs, history

QUESTIONS: dict[str, Callable[[], Any]] = {
    "frame": lambda: mlflow.search_runs(experiment_ids=["0"], max_results=1_000_000),
    "search": lambda: mlflow.MlflowClient().search_runs(
        ["0"], "metrics.metric_3 > 0.5 and params.param_07 LIKE '0.1%'", order_by=["metrics.metric_5 DESC"], max_results=50
    ),
    "history": lambda: mlflow.MlflowClient().get_metric_history(HISTORY, "loss"),
}


def main() -> None:
    uri = f"sqlite:///{Path(sys.argv[1]).resolve()}/mlflow.db"
    mlflow.set_tracking_uri(uri)
    mlflow.MlflowClient().get_experiment("0")  # makes the tables
    fill(uri)
    print("ready", flush=True)
    for line in sys.stdin:
        question = QUESTIONS[line.strip()]
        started = time.perf_counter()
        question()
        print(time.perf_counter() - started, flush=True)


def fill(uri: str) -> None:
    runs, params, metrics = [], [], []
    for run in asked_runs():
        runs.append(_run(run.name, run.started_ms))
        params += [{"run_uuid": run.name, "key": key, "value": str(value)} for key, value in run.hyperparameters.items()]
        metrics += [_metric(run.name, key, value, run.started_ms, 0) for key, value in run.metrics.items()]
    # the run with the history is deleted: a list of all runs has the others only
    runs.append(_run(HISTORY, STARTED_MS) | {"lifecycle_stage": "deleted"})
    points = [_metric(HISTORY, "loss", value, STARTED_MS + step, step) for step, value in enumerate(history())]
    with create_engine(uri).begin() as connection:
        connection.execute(insert(SqlRun.__table__), runs)
        connection.execute(insert(SqlParam.__table__), params)
        connection.execute(insert(SqlMetric.__table__), metrics + points)
        connection.execute(insert(SqlLatestMetric.__table__), [*metrics, points[POINTS - 1]])


def _run(name: str, started_ms: int) -> dict[str, Any]:
    return {
        "run_uuid": name,
        "name": name,
        "experiment_id": 0,
        "status": "FINISHED",
        "start_time": started_ms,
        "end_time": started_ms + 30_000,
        "lifecycle_stage": "active",
        "artifact_uri": f"file:///nowhere/{name}",
        "source_type": "LOCAL",
        "user_id": "benchmark",
    }


def _metric(run: str, key: str, value: float, at_ms: int, step: int) -> dict[str, Any]:
    return {"run_uuid": run, "key": key, "value": value, "timestamp": at_ms, "step": step, "is_nan": False}


if __name__ == "__main__":
    main()
