"""Measures what recording costs a training: one call against MLflow's, a step with and without it, and a million points.

Everything that records runs in a process of its own, publishes to a bus server in this process, and has its spool in a
temporary folder. MLflow writes to a SQLite store in the same folder, from a virtual environment of its own.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.measure import Ratio, duration_text
from local.installation import python_of
from local.terraform import BUILD
from tests.support.bus_server import BusServer

_HERE = Path(__file__).parent
_CALLS = {"training-events": 5_000, "mlflow-async": 1_000, "mlflow": 300}
_CALL_ROUNDS, _STEP_ROUNDS = 5, 9
FEW, MANY = 10_000, 1_000_000


def measure() -> list[Ratio]:
    mlflow = python_of(BUILD / "mlflow", "MLflow", _HERE / "requirements.txt")
    with tempfile.TemporaryDirectory() as folder, BusServer() as bus:
        environment = _environment(bus, Path(folder))
        return [*_calls(mlflow, environment), _steps(environment), _points(bus, environment)]


def _calls(mlflow: Path, environment: Mapping[str, str]) -> list[Ratio]:
    """The libraries are measured in turns."""
    pythons = {"training-events": Path(sys.executable), "mlflow-async": mlflow, "mlflow": mlflow}

    def median(library: str) -> float:
        # -P: otherwise the script would import the modules beside it in place of packages of the same names
        script = [str(pythons[library]), "-P", str(_HERE / "metric_calls.py"), library, str(_CALLS[library])]
        return float(_output(script, environment))

    rounds = [{library: median(library) for library in _CALLS} for _ in range(_CALL_ROUNDS)]

    def ratio(baseline: str, library: str) -> Ratio:
        pairs = [(medians["training-events"], medians[library]) for medians in rounds]
        return Ratio("one run.metric()", baseline, pairs, at_most=1 / 100)

    limit_seconds = 10e-6
    return [
        Ratio("one run.metric()", "its limit", [(medians["training-events"], limit_seconds) for medians in rounds], at_most=1),
        ratio("mlflow.log_metric", "mlflow"),
        ratio("mlflow.log_metric(synchronous=False)", "mlflow-async"),
    ]


def _steps(environment: Mapping[str, str]) -> Ratio:
    pairs = json.loads(_output([sys.executable, "-m", "benchmarks.training_steps", str(_STEP_ROUNDS)], environment))
    return Ratio("a training step, ten metrics recorded", "without recording", pairs, at_most=1.05)


def _points(bus: BusServer, environment: Mapping[str, str]) -> Ratio:
    pair = _record_points(MANY, bus, environment)["peak"], _record_points(FEW, bus, environment)["peak"]
    return Ratio(f"{MANY} points recorded", f"{FEW} points", [pair], at_most=1.25, unit="MB")


def _record_points(count: int, bus: BusServer, environment: Mapping[str, str]) -> dict[str, float]:
    """Record points in a process. Returns its measurements, and prints what reached the bus."""
    requests, events, sent_bytes = bus.requests, bus.accepted, bus.bytes
    measured: dict[str, float] = json.loads(
        _output([sys.executable, "-m", "benchmarks.recorded_points", str(count)], environment)
    )
    arrived = (
        f"{bus.accepted - events:,} events, {(bus.bytes - sent_bytes) / 1e6:,.1f} MB, in {bus.requests - requests:,} requests"
    )
    recorded, sent = duration_text(measured["recorded"]), duration_text(measured["sent"])
    print(f"  {count:,} points: recorded in {recorded}, sent in {sent}: {arrived}", file=sys.stderr)
    return measured


def _environment(bus: BusServer, folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        **bus.environment,
        "TRAINING_EVENTS_SPOOL": str(folder / "spool"),
        "OMP_NUM_THREADS": "1",  # leaves a CPU to the bus server and the recorder's threads
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }


def _output(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """The last line that a process prints."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stderr}")
    return done.stdout.splitlines()[-1]
