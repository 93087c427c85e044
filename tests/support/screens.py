"""What commands show on a terminal of a given width, and the screens that are kept of it.

`python -m tests.support.screens` writes the kept ones again: read the difference before you keep it.
"""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training_events.event import Event

from tests.support.command_line import empty_store, make_event, record_events
from tests.support.environment import without_aws
from tests.support.paths import ROOT
from tests.support.patience import PATIENCE_SECONDS

WIDTHS = (60, 80, 160)
KEPT = ROOT / "tests" / "unit" / "cli" / "screens"
CALLS = [
    ["runs"],
    ["runs", "--all", "--group", "sweep-7"],
    ["runs", "--columns", "params.optimizer.lr,metrics.eval_loss,tags.team,requested_by,commit"],
    ["runs", "--where", "metrics.eval_loss < 0.2 and params.batch_size = 32", "--sort=-metrics.eval_accuracy"],
    ["models"],
    ["datasets"],
    ["serving"],
    ["show", "run/digits-1"],
    ["show", "run/digits-2"],
    ["show", "run/digits-failed"],
    ["show", "model/digits"],
    ["show", "dataset/digits"],
    ["show", "run/digits-1", "--as-of", "2026-11-22T15:09:05", "--packages"],
    ["lineage", "model/digits"],
    ["lineage", "dataset/digits", "--as-of", "2026-11-22T15:14:02"],
    ["compare", "run/digits-0", "run/digits-1"],
    ["compare", "run/digits-2@1", "run/digits-2@2"],
    ["compare", "run/digits-0", "run/digits-1", "run/digits-2", "run/digits-failed"],
    ["history", "run/digits-failed"],
    ["show", "run/digit-1"],
    ["runs", "--columns", "metrics.eval_los"],
]
"""Each call and what it prints stands in a file for each width."""

_SCRIPT = """
import json, sys
from training_events import cli
for arguments in json.loads(sys.argv[1]):
    print("$ training-events", *arguments, flush=True)
    cli.run(arguments)
    print(flush=True)
"""
_STYLES = re.compile(r"\x1b\[(0|1|3[0-7])m")


def screens(url: str, columns: int, **environment: str) -> str:
    """What all the calls print on a terminal of so many columns, with both of their outputs on it."""
    primary, secondary = pty.openpty()
    fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    given = without_aws(TRAINING_EVENTS_LOG=url, **environment)
    given = {name: value for name, value in given.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    command = [sys.executable, "-c", _SCRIPT, json.dumps(CALLS)]
    with subprocess.Popen(command, stdin=secondary, stdout=secondary, stderr=secondary, env=given | environment) as process:
        os.close(secondary)
        shown = b""
        try:
            while more := os.read(primary, 65536):
                shown += more
        except OSError:  # what Linux answers when no process has the terminal any more
            pass
        process.wait(PATIENCE_SECONDS)
    os.close(primary)
    return shown.decode().replace("\r\n", "\n")


def without_styles(shown: str) -> str:
    return _STYLES.sub("", shown)


def events() -> Iterator[Event]:
    """A sweep of three runs, one of which was resumed; a run that failed, one with an odd name; their dataset and model."""
    digits: dict[str, Any] = {
        "uri": "s3://training/datasets/digits.npz",
        "version_id": "3sL4kqtJlcpXroDTDmJ",
        "sha256": "e3b0c442" * 8,
    }
    yield make_event("dataset/digits", "DatasetRegistered", 0, rows=1797, bytes=57523, registered_by="ada", **digits)
    packages = {"numpy": "2.4.6", "scikit-learn": "1.9.1", "scipy": "1.17.1"}
    code = {"repository": "https://git.example.com/digits", "commit": "9a76a5d0" * 5, "dirty": False}
    for number in range(3):
        run, second = f"run/digits-{number}", 60 * number
        hyperparameters = {"batch_size": 32, "optimizer": {"name": "sgd", "lr": 10.0 ** -(number + 1)}}
        made_from: dict[str, Any] = {
            "code": code,
            "datasets": [digits],
            "packages": packages,
            "hyperparameters": hyperparameters,
        }
        yield make_event(run, "TrainingStarted", second + 1, model="digits", seeds=7, requested_by="ada", **made_from)
        yield from _metrics(run, second + 2, range(20), number)
        yield make_event(run, "CheckpointSaved", second + 30, step=19, uri=f"s3://training/runs/digits-{number}/19.joblib")
        yield make_event(run, "Tagged", second + 31, tags={"group": "sweep-7", "team": "vision"})
        if number == 2:
            more: dict[str, Any] = made_from | {"resumed_from": "run/digits-1"}
            yield make_event(run, "TrainingStarted", second + 32, model="digits", seeds=8, requested_by="ada", **more)
            yield from _metrics(run, second + 33, range(15, 25), number)
        yield make_event(run, "TrainingCompleted", second + 58)
    yield make_event(
        "run/digits-1", "Described", 130, name="the small rate", description="Of the paper's appendix.\nNot tuned."
    )
    yield make_event("run/digits-0", "Hidden", 131, by="ada", reason="the wrong digits")
    yield make_event("run/digits-failed", "TrainingStarted", 200, model="digits", hyperparameters={"optimizer": {"lr": 10}})
    yield make_event("run/digits-failed", "MetricsRecorded", 201, points=[{"name": "eval_loss", "value": "NaN", "step": 1}])
    error: dict[str, Any] = {
        "error": "ValueError: \x1b[2J</script> is no digit",
        "traceback": 'Traceback:\n  File "train.py", line 7\nValueError',
    }
    yield make_event("run/digits-failed", "TrainingFailed", 203, **error)
    yield make_event("run/چهره-😀-" + "nightly-" * 12 + "end", "TrainingStopped", 300, reason="spot")
    yield make_event("model/digits", "ModelRegistered", 400, version=1, run="run/digits-0", registered_by="ada")
    yield make_event("model/digits", "ModelRegistered", 401, version=2, run="run/digits-1", registered_by="ada")
    yield make_event("model/digits", "ModelPromoted", 402, version=1, stage="production", promoted_by="grace")
    yield make_event("model/digits", "ModelPromoted", 403, version=2, stage="staging", promoted_by="ada")
    yield make_event("model/digits", "Tagged", 404, tags={"owner": "team vision"})


def _metrics(run: str, second: int, steps: range, number: int) -> Iterator[Event]:
    for step in steps:
        values = {"eval_loss": (number + 1) / (step + 1), "eval_accuracy": 1 - 0.5 / (step + number + 1), "epoch": step / 5}
        points = [{"name": name, "value": value, "step": step} for name, value in values.items()]
        yield make_event(run, "MetricsRecorded", second + step, points=points)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, empty_store("sqlite", Path(folder)) as url:
        record_events(url, events())
        for columns in WIDTHS:
            (KEPT / f"{columns}.txt").write_text(without_styles(screens(url, columns)), encoding="utf-8")


if __name__ == "__main__":
    main()
