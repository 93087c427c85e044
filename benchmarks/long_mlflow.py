"""A run with a long history in MLflow's SQLite store, in MLflow's environment: `python -m benchmarks.long_mlflow FILE POINTS`.

Rows are put into the store's tables directly, as only reading is measured.
"""

import sys
from typing import Any

import mlflow
from mlflow.store.tracking.dbmodels.models import SqlLatestMetric, SqlMetric, SqlRun
from sqlalchemy import create_engine, insert

from benchmarks.asked_runs import STARTED_MS
from benchmarks.long_points import points

_RUN = "long"
_ROWS_AT_ONCE = 100_000


def main() -> None:
    uri, count = f"sqlite:///{sys.argv[1]}", int(sys.argv[2])
    mlflow.set_tracking_uri(uri)
    mlflow.MlflowClient().get_experiment("0")  # makes the tables
    run = {
        "run_uuid": _RUN,
        "name": _RUN,
        "experiment_id": 0,
        "status": "FINISHED",
        "start_time": STARTED_MS,
        "end_time": STARTED_MS + count,
        "lifecycle_stage": "active",
        "artifact_uri": "file:///nowhere",
        "source_type": "LOCAL",
        "user_id": "benchmark",
    }
    with create_engine(uri).begin() as connection:
        connection.execute(insert(SqlRun.__table__), [run])
        for first in range(0, count, _ROWS_AT_ONCE):
            rows = [_metric(step) for step in range(first, min(first + _ROWS_AT_ONCE, count))]
            connection.execute(insert(SqlMetric.__table__), rows)
        connection.execute(insert(SqlLatestMetric.__table__), [_metric(count - 1)])


def _metric(step: int) -> dict[str, Any]:
    loss, *_ = points(step)
    return {
        "run_uuid": _RUN,
        "key": loss["name"],
        "value": loss["value"],
        "timestamp": STARTED_MS + step,
        "step": step,
        "is_nan": False,
    }


if __name__ == "__main__":
    main()
