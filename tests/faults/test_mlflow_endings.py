"""Unchanged code that calls MLflow, whatever ends its program: what was recorded is in the log, and how the run ended.

MLflow takes seconds to import. One program does, and forks into one for each end.
"""

import json
import os
import signal
import subprocess
import sys

import pytest
from training_events.folds.run_state import RunState
from training_events.reading.opening import open_sources
from training_events.reading.states import state_of

PROGRAMS = """
import json, multiprocessing, os, signal, sys
import mlflow

def log_in_child(run_id):
    mlflow.MlflowClient().log_metric(run_id, "of a child", 0.25, step=1)

def train():
    for step in range(20):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)

codes = {}
for ending in sys.argv[1:]:
    child = os.fork()
    if not child:
        os.environ["MLFLOW_TRACKING_URI"] = f"training-events://{os.getcwd()}/{ending}.db"
        os.environ["TRAINING_EVENTS_SPOOL"] = f"{os.getcwd()}/{ending}"
        break
    codes[ending] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
else:
    print(json.dumps(codes))
    sys.exit()

if ending == "left by an exception":
    with mlflow.start_run():
        train()
        raise ValueError("no more data")
run = mlflow.start_run()
train()
if ending == "child":
    worker = multiprocessing.get_context("fork").Process(target=log_in_child, args=(run.info.run_id,))
    worker.start()
    worker.join()
elif ending == "exception":
    raise ValueError("no more data")
elif ending == "signal":
    os.kill(os.getpid(), signal.SIGTERM)
"""

ENDS = {
    "return": (0, "completed", None),
    "child": (0, "completed", None),
    "exception": (1, "failed", "ValueError: no more data"),
    "left by an exception": (1, "failed", "ValueError: no more data"),
    "signal": (-signal.SIGTERM, "stopped", "SIGTERM"),
}


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """The exit code of each program, and the folder with their logs and spools."""
    folder = tmp_path_factory.mktemp("programs")
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAMS, *ENDS], env=environment, cwd=folder, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1]), folder


@pytest.mark.parametrize("ending", ENDS)
def test_whatever_ends_a_program_its_run_says_how_and_has_all_that_was_recorded(ended, ending):
    codes, folder = ended
    sources = open_sources(f"sqlite:///{folder}/{ending}.db")
    [stream] = [stream for stream in sources.log.streams() if stream.startswith("run/")]
    state = state_of(sources, stream)
    assert isinstance(state, RunState)
    why = state.stop_reason if state.error is None else state.error.error
    assert (codes[ending], state.status, why) == ENDS[ending]
    assert state.metrics["loss"].points == 20
    assert ("of a child" in state.metrics) is (ending == "child")


@pytest.mark.parametrize("ending", [ending for ending in ENDS if ending != "signal"])
def test_a_program_that_ends_by_itself_leaves_nothing_in_its_spool(ended, ending):
    _, folder = ended
    assert not list((folder / ending).glob("*/*"))


def test_the_traceback_of_what_left_a_run_is_in_the_log(ended):
    _, folder = ended
    log = open_sources(f"sqlite:///{folder}/left by an exception.db").log
    [failed] = [entry for stream in log.streams() for entry in log.entries(stream) if entry.type == "TrainingFailed"]
    assert 'File "<string>", line' in json.loads(failed.data)["traceback"]
