"""A recipe's program gets what SageMaker's training toolkit would give it."""

import json
import os
import sys
from pathlib import Path

from training_events.worker.program import command_of, environment_of
from training_events.worker.task import Task

TASK = Task(
    "run/digits-7",
    "digits",
    ["python", "train.py"],
    "/",
    hyperparameters={"epochs": 8, "lr": 1e-4, "deep": True, "k": 3, "name": "a b; rm -rf"},
    environment={"OMP_NUM_THREADS": "1", "TRAINING_EVENTS_RUN": "another"},
)


def test_hyperparameters_are_arguments_each_a_word_of_its_own():
    arguments = ["--epochs", "8", "--lr", "0.0001", "--deep", "True", "-k", "3", "--name", "a b; rm -rf"]
    assert command_of(TASK) == ["python", "train.py", *arguments]


def test_the_environment_has_the_recipes_variables_the_channels_and_the_run(tmp_path):
    channels = {"train": tmp_path / "train"}
    found = environment_of(TASK, channels, tmp_path / "origins.json", {"PATH": "/bin", "HOME": "/root"})
    assert json.loads(found["SM_HPS"]) == TASK.hyperparameters
    assert (found["SM_CHANNEL_TRAIN"], json.loads(found["SM_CHANNELS"])) == (str(tmp_path / "train"), ["train"])
    assert (found["HOME"], found["OMP_NUM_THREADS"]) == ("/root", "1")
    assert found["TRAINING_EVENTS_RUN"] == "digits-7"
    assert found["PATH"].split(os.pathsep) == [str(Path(sys.executable).parent), "/bin"]


def test_a_program_reproduces_a_run_only_where_its_own_request_says_so(tmp_path):
    base = {"TRAINING_EVENTS_REPRODUCES": "run/of-the-worker"}
    assert "TRAINING_EVENTS_REPRODUCES" not in environment_of(TASK, {}, tmp_path, base)
    task = Task("run/a", "digits", ["python"], "/", reproduces="run/digits-7")
    assert environment_of(task, {}, tmp_path, base)["TRAINING_EVENTS_REPRODUCES"] == "run/digits-7"
