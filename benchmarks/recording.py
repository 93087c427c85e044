"""Measures what recording costs a training: one call against other trackers', a step with and without it, a million points.

Everything that records runs in a process of its own, publishes to a bus server in this process, and has its spool in a
temporary folder. The other trackers write to the same folder, from a virtual environment of their own: MLflow to a SQLite
store, the others to what they keep without a server.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.measure import Ratio, duration_text
from local.installation import python_of
from local.terraform import BUILD
from tests.support.bus_server import BusServer

_HERE = Path(__file__).parent
_CALLS = {
    "training-events": 5_000,
    "mlflow-async": 1_000,
    "mlflow": 300,
    "trackio": 1_000,
    "tensorboardX": 1_000,
    "W&B offline": 300,
}
_LIMITS_SECONDS = {"p50": 10e-6, "p99.9": 1e-3}
_CALL_ROUNDS, _STEP_ROUNDS = 5, 9
FEW, MANY = 10_000, 1_000_000


def measure() -> list[Ratio]:
    trackers = python_of(BUILD / "trackers", "MLflow and other trackers", _HERE / "requirements.txt")
    with tempfile.TemporaryDirectory() as folder, BusServer() as bus:
        environment = _environment(bus, Path(folder))
        return [*_calls(trackers, environment, Path(folder)), _steps(environment), _points(bus, environment)]


def _calls(trackers: Path, environment: Mapping[str, str], folder: Path) -> list[Ratio]:
    """The libraries are measured in turns."""

    def percentiles(library: str) -> dict[str, float]:
        python = sys.executable if library == "training-events" else str(trackers)
        # -P: otherwise the script would import the modules beside it in place of packages of the same names
        script = [python, "-P", str(_HERE / "metric_calls.py"), library, str(_CALLS[library])]
        measured: dict[str, float] = json.loads(_output(script, environment, folder))
        return measured

    rounds = [{library: percentiles(library) for library in _CALLS} for _ in range(_CALL_ROUNDS)]
    for library in _CALLS:
        medians = {
            name: duration_text(median(seconds[library][name] for seconds in rounds)) for name in ("p50", "p99", "p99.9")
        }
        print(f"  a call of {library}: {', '.join(f'{name} {text}' for name, text in medians.items())}", file=sys.stderr)

    def within(name: str) -> Ratio:
        pairs = [(seconds["training-events"][name], _LIMITS_SECONDS[name]) for seconds in rounds]
        return Ratio(f"one run.metric() ({name})", "its limit", pairs, at_most=1)

    def beside(baseline: str, library: str, at_most: float) -> Ratio:
        pairs = [(seconds["training-events"]["p50"], seconds[library]["p50"]) for seconds in rounds]
        return Ratio("one run.metric()", baseline, pairs, at_most)

    return [
        *map(within, _LIMITS_SECONDS),
        beside("mlflow.log_metric", "mlflow", 1 / 100),
        beside("mlflow.log_metric(synchronous=False)", "mlflow-async", 1 / 100),
        *(beside(library, library, 1 / 10) for library in ("trackio", "tensorboardX", "W&B offline")),
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
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
        "TRACKIO_DIR": str(folder / "trackio"),
        "WANDB_ERROR_REPORTING": "false",
        "WANDB_SILENT": "true",
    }


def _output(command: Sequence[str], environment: Mapping[str, str], folder: Path | None = None) -> str:
    """The last line that a process prints. It runs in the folder, by default in this one."""
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stderr}")
    return done.stdout.splitlines()[-1]
