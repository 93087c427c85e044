"""Measures how long a training loop waits until one value of a metric is recorded: `python metric_calls.py LIBRARY CALLS`.

It runs by itself, in the environment of that library, and keeps what the library writes in the working folder. Something is
computed between two calls, as between two steps of a training: so the call's code and data are not all that is in the CPU's
caches, and background threads get time to run. Prints as JSON the seconds of the median call, and of the calls that are slower
than 99 and 99.9 of a hundred.
"""

import hashlib
import json
import sys
from collections.abc import Callable
from time import perf_counter_ns

_STEP = bytes(1 << 20)

Record = Callable[[float, int], object]


def main() -> None:
    library, calls = sys.argv[1], int(sys.argv[2])
    nanoseconds: list[int] = []
    _LIBRARIES[library](lambda record: nanoseconds.extend(_measure(calls, record)))
    nanoseconds.sort()
    percentiles = {f"p{share * 100:g}": nanoseconds[int(share * calls)] / 1e9 for share in (0.5, 0.99, 0.999)}
    print()  # a library may have left a line without its end
    print(json.dumps(percentiles))


def _training_events(measure: Callable[[Record], None]) -> None:
    from training_events import record_run  # noqa: PLC0415 - each library in an environment of its own

    with record_run(model="benchmark") as run:
        measure(lambda value, step: run.metric("loss", value, step=step))


def _mlflow(measure: Callable[[Record], None]) -> None:
    import mlflow  # noqa: PLC0415

    with mlflow.start_run():
        measure(lambda value, step: mlflow.log_metric("loss", value, step=step))


def _mlflow_async(measure: Callable[[Record], None]) -> None:
    import mlflow  # noqa: PLC0415

    with mlflow.start_run():
        measure(lambda value, step: mlflow.log_metric("loss", value, step=step, synchronous=False))


def _trackio(measure: Callable[[Record], None]) -> None:
    import trackio  # noqa: PLC0415

    run = trackio.init(project="benchmark", embed=False)
    measure(lambda value, step: run.log({"loss": value}, step=step))
    trackio.finish()


def _tensorboardx(measure: Callable[[Record], None]) -> None:
    from tensorboardX import SummaryWriter  # noqa: PLC0415

    with SummaryWriter("tensorboardx") as writer:
        measure(lambda value, step: writer.add_scalar("loss", value, step))


def _wandb(measure: Callable[[Record], None]) -> None:
    import wandb  # noqa: PLC0415

    with wandb.init(project="benchmark", mode="offline") as run:
        measure(lambda value, step: run.log({"loss": value}, step=step))


def _measure(calls: int, record: Record) -> list[int]:
    """The nanoseconds of each call. The first hundred calls, which start threads and fill caches, do not count."""
    nanoseconds = []
    for step in range(calls + 100):
        hashlib.sha256(_STEP).digest()
        value = 1 / (step + 1)
        started = perf_counter_ns()
        record(value, step)
        nanoseconds.append(perf_counter_ns() - started)
    return nanoseconds[100:]


_LIBRARIES = {
    "training-events": _training_events,
    "mlflow": _mlflow,
    "mlflow-async": _mlflow_async,
    "trackio": _trackio,
    "tensorboardX": _tensorboardx,
    "W&B offline": _wandb,
}

if __name__ == "__main__":
    main()
