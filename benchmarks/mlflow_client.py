"""MLflow's client at the store that MLFLOW_TRACKING_URI names: `python -m benchmarks.mlflow_client`.

It reads what to do, a line each, and prints how many seconds that took. It does not know which store it is.
"""

import sys
import time
from collections.abc import Callable
from statistics import median

import mlflow
from mlflow.entities import Metric

from benchmarks.measure import seconds

_CALLS, _BATCHES, _METRICS_IN_A_BATCH = 200, 15, 1_000
_PAUSE_SECONDS = 0.002
"""Between two calls, as a step of a training takes: a store may work meanwhile."""
_WHERE, _ORDER = "metrics.metric_3 > 0.5 and params.param_07 LIKE '0.1%'", ["metrics.metric_5 DESC"]


def main() -> None:
    print("ready", flush=True)
    for line in sys.stdin:
        print(_DONE[line.strip()](), flush=True)


def _log_metric() -> float:
    """The median call."""
    with mlflow.start_run():
        return _median_call(_CALLS, lambda step: mlflow.log_metric("loss", 1 / (step + 1), step=step))


def _log_batch() -> float:
    """The median batch."""
    client = mlflow.MlflowClient()
    with mlflow.start_run() as run:
        return _median_call(_BATCHES, lambda number: client.log_batch(run.info.run_id, metrics=_metrics(number)))


def _metrics(number: int) -> list[Metric]:
    now_ms = time.time_ns() // 1_000_000
    return [
        Metric(f"metric_{step % 10}", 1 / (step + 1), now_ms, number * 100 + step // 10) for step in range(_METRICS_IN_A_BATCH)
    ]


def _median_call(count: int, call: Callable[[int], object]) -> float:
    measured = []
    for number in range(count):
        measured.append(seconds(lambda: call(number)))  # noqa: B023 - called at once
        time.sleep(_PAUSE_SECONDS)
    return median(measured)


def _search() -> float:
    client = mlflow.MlflowClient()
    return seconds(lambda: client.search_runs(["0"], _WHERE, order_by=_ORDER, max_results=50))


def _frame() -> float:
    return seconds(lambda: mlflow.search_runs(experiment_ids=["0"], filter_string="params.param_00 != ''", max_results=100_000))


_DONE: dict[str, Callable[[], float]] = {
    "log_metric": _log_metric, "log_batch": _log_batch, "search": _search, "frame": _frame,
}  # fmt: skip

if __name__ == "__main__":
    main()
