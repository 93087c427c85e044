"""Compares what is asked of a laptop's log with the same questions to MLflow and its SQLite store, about the same runs.

MLflow runs in a process and an environment of its own. Its store has the runs in its tables as its client would have put them.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import training_events
from training_events.event import Event
from training_events.reading.log import Log
from training_events.stores.sqlite.database import Database
from training_events.times import to_utc_text

from benchmarks.asked_runs import HISTORY, RUNS, STARTED_MS, asked_runs, history
from benchmarks.long_run import insert
from benchmarks.measure import Ratio, in_turns, seconds
from local.installation import python_of
from local.terraform import BUILD

_HERE = Path(__file__).parent
_ROUNDS = 2
_POINTS_IN_AN_EVENT = 1000
"""As a recorder sends them."""

AskMlflow = Callable[[str], float]
"""How many seconds MLflow takes for a question of `asked_mlflow.py`."""


def measure() -> list[Ratio]:
    trackers = python_of(BUILD / "trackers", "MLflow and other trackers", _HERE / "requirements.txt")
    with (
        tempfile.TemporaryDirectory() as folder,
        answering([str(trackers), "-m", "benchmarks.asked_mlflow", folder]) as ask,
    ):
        log = log_of_runs(Path(folder) / "log.db")

        def beside(subject: str, question: Callable[[], object], mlflow: str, at_most: float) -> Ratio:
            pairs = in_turns(lambda: seconds(question), lambda: ask(mlflow), _ROUNDS)
            return Ratio(subject, "MLflow", pairs, at_most)

        where = "metrics.metric_3 > 0.5 and params.param_07 LIKE '0.1%'"
        return [
            beside(
                f"50 of {RUNS:,} runs by a condition, in an order",
                lambda: log.runs(where, "-metrics.metric_5", 50),
                "search",
                0.2,
            ),
            beside(f"{RUNS:,} runs as a DataFrame", lambda: log.runs().to_pandas(), "frame", 0.5),
            beside("a metric's 100,000 points", lambda: list(log.points(HISTORY, "loss")), "history", 0.2),
        ]


@contextmanager
def answering(command: Sequence[str], environment: Mapping[str, str] = os.environ) -> Iterator[AskMlflow]:
    """A program that answers each question with a number of seconds, until the block ends."""
    with subprocess.Popen(
        command, cwd=_HERE.parent, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        answers, questions = process.stdout, process.stdin
        assert answers is not None  # noqa: S101
        assert questions is not None  # noqa: S101

        def answer() -> str:
            line = answers.readline()
            if not line:
                raise SystemExit(f"{' '.join(command)} ended with {process.wait()}")
            return line.strip()

        def ask(question: str) -> float:
            print(question, file=questions, flush=True)
            return float(answer())

        while answer() != "ready":  # the program may print lines of its own
            pass
        try:
            yield ask
        finally:
            questions.close()


def log_of_runs(file: Path, count: int = RUNS) -> Log:
    """A log in a file with the runs, and the run with the history, which is hidden: a list of all runs has the others only."""
    database = Database(str(file))
    events: list[Event] = []
    for run in asked_runs(count):
        points = [{"name": name, "value": value, "step": 0} for name, value in run.metrics.items()]
        started = {"model": "benchmark", "hyperparameters": run.hyperparameters}
        events += [
            _event(run.name, "TrainingStarted", run.started_ms, started),
            _event(run.name, "MetricsRecorded", run.started_ms + 1, {"points": points}),
            _event(run.name, "TrainingCompleted", run.started_ms + 30_000, {}),
        ]
    values = history()
    events.append(_event(HISTORY, "TrainingStarted", STARTED_MS, {"model": "benchmark"}))
    for start in range(0, len(values), _POINTS_IN_AN_EVENT):
        some = enumerate(values[start : start + _POINTS_IN_AN_EVENT], start)
        points = [{"name": "loss", "value": value, "step": step, "time": _time(STARTED_MS + step)} for step, value in some]
        events.append(_event(HISTORY, "MetricsRecorded", STARTED_MS + start + 1, {"points": points}))
    events.append(_event(HISTORY, "Hidden", STARTED_MS + len(values) + 1, {}))
    insert(database, events)
    print(
        f"  {count:,} runs: states, summaries and seals made in {seconds(lambda: _open(file).runs(limit=1)):.1f} s",
        file=sys.stderr,
    )
    return _open(file)


def _open(file: Path) -> Log:
    return training_events.open_log(f"sqlite:///{file}")


def _event(run: str, type_: str, at_ms: int, data: dict[str, Any]) -> Event:
    return Event(f"{run}-{at_ms}", f"run/{run}", type_, _time(at_ms), "benchmarks", data)


def _time(at_ms: int) -> str:
    return to_utc_text(at_ms)
