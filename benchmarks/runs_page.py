"""Compares the first page of the table of 10,000 runs in the ui with what MLflow's pages ask their server for to draw theirs.

The ui's answer is the whole page, as HTML. MLflow's is the JSON of as many runs. Its page also loads its scripts, draws the
table with them, and asks for the experiment, which is not counted.
"""

import json
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.asked_runs import RUNS
from benchmarks.asking import log_of_runs
from benchmarks.measure import Ratio, in_turns
from benchmarks.mlflow_server import mlflow_server, seconds_of_request
from local.installation import python_of
from local.terraform import BUILD

_HERE = Path(__file__).parent
_ROUNDS = 5
_ROWS = 100
"""As many as MLflow's page asks for."""
_CONDITION = "metrics.metric_3 > 0.5 and params.param_07 LIKE '0.1%'"
"""The same grammar for both."""


def measure() -> list[Ratio]:
    trackers = python_of(BUILD / "trackers", "MLflow and other trackers", _HERE / "requirements.txt")
    with tempfile.TemporaryDirectory() as folder:
        log_of_runs(Path(folder) / "log.db")
        _fill_mlflow(trackers, Path(folder))
        with _ui(Path(folder) / "log.db") as ui, mlflow_server(trackers, Path(folder) / "mlflow.db") as mlflow:

            def beside(subject: str, page: str, **search: Any) -> Ratio:
                body = {"experiment_ids": ["0"], "max_results": _ROWS, "run_view_type": "ACTIVE_ONLY", **search}
                pairs = in_turns(
                    lambda: seconds_of_request(f"{ui}/runs?limit={_ROWS}{page}"),
                    lambda: seconds_of_request(f"{mlflow}/ajax-api/2.0/mlflow/runs/search", json.dumps(body).encode()),
                    _ROUNDS,
                )
                return Ratio(subject, "the JSON for MLflow's", pairs, 0.5)

            return [
                beside(
                    f"a page with the newest {_ROWS} of {RUNS:,} runs",
                    "",
                    order_by=["attributes.start_time DESC"],
                ),
                beside(
                    f"a page with the best {_ROWS} of {RUNS:,} runs that meet a condition",
                    f"&{urlencode({'where': _CONDITION, 'sort': '-metrics.metric_5'})}",
                    filter=_CONDITION,
                    order_by=["metrics.metric_5 DESC"],
                ),
            ]


def _fill_mlflow(trackers: Path, folder: Path) -> None:
    command = [str(trackers), "-m", "benchmarks.asked_mlflow", str(folder)]
    subprocess.run(command, cwd=_HERE.parent, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)


@contextmanager
def _ui(log: Path) -> Iterator[str]:
    """The address of the ui of this log, until the block ends."""
    program = f"{sysconfig.get_path('scripts')}/training-events"
    command = [program, "ui", "--port", "0", "--json", "--log", f"sqlite:///{log}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None  # noqa: S101
        try:
            yield json.loads(server.stdout.readline())["address"].rstrip("/")
        finally:
            server.terminate()
