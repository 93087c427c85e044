"""Measures how long a training loop waits until one value of a metric is recorded: `python metric_calls.py LIBRARY CALLS`.

It runs by itself, in the environment of that library. Something is computed between two calls, as between two steps of a
training: so the call's code and data are not all that is in the CPU's caches, and background threads get time to run. Prints
the seconds of the median call.
"""

import hashlib
import statistics
import sys
from collections.abc import Callable
from time import perf_counter_ns

_STEP = bytes(1 << 20)


def main() -> None:
    library, calls = sys.argv[1], int(sys.argv[2])
    print(_LIBRARIES[library](calls) / 1e9)


def _training_events(calls: int) -> float:
    from training_events import record_run  # noqa: PLC0415 - each library in an environment of its own

    with record_run(model="benchmark") as run:
        return _median(calls, lambda value, step: run.metric("loss", value, step=step))


def _mlflow(calls: int) -> float:
    import mlflow  # noqa: PLC0415

    with mlflow.start_run():
        return _median(calls, lambda value, step: mlflow.log_metric("loss", value, step=step))


def _mlflow_async(calls: int) -> float:
    import mlflow  # noqa: PLC0415

    with mlflow.start_run():
        return _median(calls, lambda value, step: mlflow.log_metric("loss", value, step=step, synchronous=False))


def _median(calls: int, record: Callable[[float, int], object]) -> float:
    """The nanoseconds of the median call. The first hundred calls, which start threads and fill caches, do not count."""
    nanoseconds = []
    for step in range(calls + 100):
        hashlib.sha256(_STEP).digest()
        value = 1 / (step + 1)
        started = perf_counter_ns()
        record(value, step)
        nanoseconds.append(perf_counter_ns() - started)
    return statistics.median(nanoseconds[100:])


_LIBRARIES = {"training-events": _training_events, "mlflow": _mlflow, "mlflow-async": _mlflow_async}

if __name__ == "__main__":
    main()
