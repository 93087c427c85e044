"""What a worker asks for, refuses and would start, on a log in a file and in tables."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from training_events.event import Event
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.training.recipe_store import open_recipes
from training_events.worker.dataset_versions import DatasetVersions
from training_events.worker.deciding import Decider
from training_events.worker.note import Note
from training_events.worker.task import Task, task_files
from training_events.worker.worker import Worker

from tests.support.asking import Asked

RECIPE = """\
dataset = "digits"
on = "DatasetRegistered"
command = ["true"]
max_running = 3
[hyperparameters]
epochs = 8
[channels]
train = { dataset = "digits" }
"""


class Machine:
    """A worker that decides and starts nothing: `would_start` are its tasks."""

    def __init__(self, asked: Asked, folder: Path) -> None:
        self.asked, self.folder = asked, folder
        recipes = open_recipes(str(folder / "recipes"))
        self.notes: list[Note] = []
        self.would_start: list[Task] = []
        self._decide = Decider(asked.sources, recipes, self.send, self.notes.append)
        self._versions = DatasetVersions(asked.sources, recipes, folder, self.send)
        self.worker = Worker(
            asked.sources,
            folder,
            decide=self.decide,
            ask=self._versions.request_trainings,
            tell=self.notes.append,
            warn=pytest.fail,
        )

    def decide(self, stream: str, running: Iterable[Task]) -> None:
        task = self._decide(stream, running)
        self.would_start += [] if task is None else [task]

    def send(self, event: Event) -> None:
        self.asked.sources.log.append(event)
        if not isinstance(self.asked.sources.log, SqliteLog) and self.asked.sources.projector is not None:
            self.asked.sources.projector.refold(event.stream)

    def look(self) -> None:
        """As often as there is anything new."""
        for _ in range(3):
            self.worker.look()


def types(asked: Asked, stream: str) -> list[str]:
    return [recorded.event.type for recorded in asked.log.events(stream)]


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path / "spool"))
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "digits.toml").write_text(RECIPE, encoding="utf-8")
    return tmp_path


def test_a_request_becomes_a_task_with_all_that_the_recipe_has(asked, folder):
    asked.record("dataset/digits", "DatasetRegistered", "15:00:00", uri="s3://b/datasets/digits/a", version_id="v1")
    asked.record("run/a", "TrainingRequested", "15:00:01", recipe="digits", hyperparameters={"epochs": 2})
    machine = Machine(asked, folder)
    machine.look()
    [task] = machine.would_start
    assert (task.stream, task.command, task.hyperparameters) == ("run/a", ["true"], {"epochs": 2})
    assert [(dataset.role, dataset.version_id) for dataset in task.datasets] == [("train", "v1")]
    assert not list(task_files(folder)), "a task is kept only once it is to be started"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"recipe": "digitz"}, "unknown_recipe"),
        ({"recipe": "digits", "hyperparameters": {"epoch": 1}}, "invalid_request"),
        ({"recipe": "digits"}, "invalid_request"),  # the dataset has no version
    ],
)
def test_what_is_refused_is_recorded_once(asked, folder, data, reason):
    asked.record("run/a", "TrainingRequested", "15:00:01", **data)
    machine = Machine(asked, folder)
    machine.look()
    Machine(asked, folder).look()
    assert types(asked, "run/a") == ["TrainingRequested", "TrainingRefused"]
    assert asked.log.run("a").refused.reason == reason
    assert [(note.run, note.what) for note in machine.notes] == [("run/a", "refused")]


def test_a_new_version_of_a_dataset_is_asked_for_once_and_none_from_before(asked, folder):
    asked.record("dataset/digits", "DatasetRegistered", "15:00:00", uri="s3://b/datasets/digits/a", version_id="v1")
    machine = Machine(asked, folder)
    machine.look()
    assert machine.would_start == []
    asked.record("dataset/digits", "DatasetRegistered", "15:00:01", uri="s3://b/datasets/digits/a", version_id="v2")
    machine.look()
    [task] = machine.would_start
    assert [dataset.version_id for dataset in task.datasets] == ["v2"]
    later = Machine(asked, folder)
    later.look()
    assert types(asked, task.stream) == ["TrainingRequested"]
    assert [task.stream for task in later.would_start] == [task.stream], "it was not started, and so it is not lost"


def test_facts_that_ask_for_nothing_are_left_alone(asked, folder):
    asked.record("run/of-0.1.0", "TrainingRequested", "15:00:01", model="digits")
    asked.record("run/full", "TrainingRequested", "15:00:02", request={"TrainingJobName": "full"})
    machine = Machine(asked, folder)
    machine.look()
    assert (machine.would_start, machine.notes) == ([], [])
