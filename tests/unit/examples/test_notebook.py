"""The example notebook runs from top to bottom on a laptop: without AWS and without a network, into a file."""

import hashlib
import re
from pathlib import Path

import nbformat
import pytest
from training_events.folds.model import ModelState
from training_events.folds.run_state import RunState
from training_events.projection.time_travel import state_at
from training_events.stores.opening import open_event_log

from tests.support.environment import without_aws
from tests.support.notebooks import Executed, execute
from tests.support.paths import EXAMPLE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("laptop")


@pytest.fixture(scope="module")
def executed(folder: Path) -> Executed:
    return execute(EXAMPLE, folder, without_aws())


@pytest.fixture(scope="module")
def run(executed: Executed) -> str:
    (name,) = re.findall(r"'(digits-\w+)'", executed.output_of("train"))
    return str(name)


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_the_run_is_recorded_with_its_dataset_and_its_checkpoint(folder: Path, run: str) -> None:
    state = state_at(open_event_log(f"sqlite:///{folder}/training-events.db"), f"run/{run}")
    assert isinstance(state, RunState)
    assert state.status == "completed"
    assert {name: metric.points for name, metric in state.metrics.items()} == {"accuracy": 8, "loss": 8}
    assert state.spec is not None
    (dataset,) = state.spec["datasets"]
    assert dataset["sha256"] == _sha256(folder / "digits.npz")
    (checkpoint,) = state.checkpoints
    assert checkpoint.stored.sha256 == _sha256(folder / "model.joblib")


def test_the_model_is_in_staging_now_and_was_not_at_an_earlier_time(executed: Executed, folder: Path, run: str) -> None:
    state = state_at(open_event_log(f"sqlite:///{folder}/training-events.db"), "model/digits")
    assert isinstance(state, ModelState)
    assert state.stages == {"staging": run}
    assert state.versions[run].run == f"run/{run}"
    assert re.search(rf"{run[-8:]} +staging ", executed.output_of("now"))
    assert re.search(rf"{run[-8:]} +- ", executed.output_of("as-of"))


def test_the_commands_in_the_notebook_print_the_run_without_colours(executed: Executed, run: str) -> None:
    assert re.search(rf"run/{run} +completed +digits ", executed.output_of("runs"))
    assert "accuracy" in executed.output_of("show")
    listed = re.findall(r"(?:Training|Metrics|Checkpoint)[A-Z]\w+", executed.output_of("history"))
    assert list(dict.fromkeys(listed)) == [  # the points of a slow training are in several events
        "TrainingStarted",
        "MetricsRecorded",
        "CheckpointSaved",
        "TrainingCompleted",
    ]
    assert [line.split()[1] for line in executed.output_of("verify").splitlines()[1:4]] == ["sound"] * 3
    assert "\x1b" not in "".join(executed.output_of(cell.id) for cell in executed.notebook.cells if cell.cell_type == "code")


def test_no_event_is_left_in_the_spool(executed: Executed, folder: Path) -> None:
    assert not list((folder / "state").rglob("*.jsonl"))


def test_the_notebook_in_the_repository_has_no_outputs_and_a_common_kernel() -> None:
    notebook = nbformat.read(EXAMPLE, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)
    assert notebook.metadata.kernelspec.name == "python3"
