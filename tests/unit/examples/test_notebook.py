"""The example notebook runs from top to bottom on a laptop: without AWS and without a network, into a file."""

import hashlib
import re
from pathlib import Path

import nbformat
import pytest
from training_events.folds.model import ModelState
from training_events.folds.run import RunState
from training_events.projection.time_travel import state_at
from training_events.stores.opening import open_event_log

from stacks.client_files import EXAMPLE
from tests.conftest import without_aws
from tests.support.notebooks import Executed, execute


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("laptop")


@pytest.fixture(scope="module")
def executed(folder: Path) -> Executed:
    return execute(EXAMPLE, folder, without_aws())


@pytest.fixture(scope="module")
def run(executed: Executed) -> str:
    (name,) = re.findall(r"'(digits-\w+)'", executed.said("train"))
    return str(name)


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_its_run_is_recorded_from_dataset_to_checkpoint(folder: Path, run: str) -> None:
    state = state_at(open_event_log(f"sqlite:///{folder}/training-events.db"), f"run/{run}")
    assert isinstance(state, RunState)
    assert state.status == "completed"
    assert {name: metric.points for name, metric in state.metrics.items()} == {"accuracy": 8, "loss": 8}
    assert state.spec is not None
    (dataset,) = state.spec["datasets"]
    assert dataset["sha256"] == _sha256(folder / "digits.npz")
    (checkpoint,) = state.checkpoints
    assert checkpoint.stored.sha256 == _sha256(folder / "model.joblib")


def test_its_model_is_in_staging_and_a_moment_before_was_not(executed: Executed, folder: Path, run: str) -> None:
    state = state_at(open_event_log(f"sqlite:///{folder}/training-events.db"), "model/digits")
    assert isinstance(state, ModelState)
    assert state.stages == {"staging": run}
    assert state.versions[run].run == f"run/{run}"
    assert re.search(rf"{run[-8:]} +staging ", executed.said("now"))
    assert re.search(rf"{run[-8:]} +- ", executed.said("as-of"))


def test_its_commands_say_what_they_should_in_plain_text(executed: Executed, run: str) -> None:
    assert re.search(rf"run/{run} +completed +digits ", executed.said("runs"))
    assert "accuracy" in executed.said("show")
    listed = re.findall(r"(?:Training|Metrics|Checkpoint)[A-Z]\w+", executed.said("history"))
    assert list(dict.fromkeys(listed)) == [  # a slow training's points come in several events
        "TrainingStarted",
        "MetricsRecorded",
        "CheckpointSaved",
        "TrainingCompleted",
    ]
    assert [line.split()[1] for line in executed.said("verify").splitlines()[1:4]] == ["sound"] * 3
    assert "\x1b" not in "".join(executed.said(cell.id) for cell in executed.notebook.cells if cell.cell_type == "code")


def test_nothing_waits_to_be_sent(executed: Executed, folder: Path) -> None:
    assert not list((folder / "state").rglob("*.jsonl"))


def test_the_file_in_the_repository_has_no_outputs_and_a_kernel_that_everybody_has() -> None:
    notebook = nbformat.read(EXAMPLE, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)
    assert notebook.metadata.kernelspec.name == "python3"
