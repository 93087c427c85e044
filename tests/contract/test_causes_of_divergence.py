"""Real trainings of which one thing was changed: the verdict names that one and nothing else."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from training_events.catalogue.run import ReproductionDiverged, ReproductionVerified
from training_events.reproduction.verdict import judge
from training_events.stores.opening import open_store

from tests.support.asking import Asked
from tests.support.environment import without_aws

pytestmark = pytest.mark.slow  # each training is a process

STEPS = 4
TRAINING = """
import random, sys, time, zipfile
from pathlib import Path
from gentle import rate
from training_events import record_run

seed, data = int(sys.argv[2]), Path("data.txt")
numbers, chosen, weight = list(map(float, data.read_text().split())), random.Random(seed), 0.0
with record_run(model="mean", seeds={"draws": seed}, hyperparameters={"steps": 4}, datasets={"train": data}) as run:
    for step in range(4):
        weight += rate() * (chosen.choice(numbers) - weight)
        run.metrics({"loss": abs(weight - 2), "seconds": time.monotonic()}, step=step)
        with zipfile.ZipFile("model.zip", "w") as model:
            model.writestr(zipfile.ZipInfo("weight", (1980 + time.time_ns() % 100, 1, 1, 0, 0, 0)), str(weight))
        run.checkpoint("model.zip", step=step)
"""


class Project:
    """A repository with a training and its data, and a package that the training uses."""

    def __init__(self, folder: Path) -> None:
        self.root, self.packages = folder / "project", folder / "site-packages"
        self.log = f"sqlite:///{folder}/log.db"
        self.root.mkdir()
        self.write("train.py", TRAINING)
        self.write("unused.py", "")
        self.write(".gitignore", "model.zip\n")
        self.write("data.txt", "1 2 3 4")
        self.install("1.0", rate=0.5)
        self.git("init", "--quiet")
        self.commit()

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text, encoding="utf-8")

    def install(self, version: str, *, rate: float) -> None:
        for file in self.packages.glob("*/*"):
            file.unlink()
        metadata = self.packages / "gentle.dist-info" / "METADATA"
        metadata.parent.mkdir(parents=True, exist_ok=True)
        metadata.write_text(f"Metadata-Version: 2.1\nName: gentle\nVersion: {version}\n\n", encoding="utf-8")
        (self.packages / "gentle.py").write_text(f"def rate():\n    return {rate}\n", encoding="utf-8")

    def git(self, *arguments: str) -> None:
        options = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *options, *arguments], cwd=self.root, check=True, capture_output=True)

    def commit(self) -> None:
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", "change")

    def train(self, run: str, seed: int = 7) -> None:
        environment = without_aws(TRAINING_EVENTS_LOG=self.log, TRAINING_EVENTS_RUN=run, PYTHONDONTWRITEBYTECODE="1")
        environment["PYTHONPATH"] = os.pathsep.join([str(self.packages), *sys.path])
        command = [sys.executable, "train.py", "--seed", str(seed)]
        subprocess.run(command, cwd=self.root, env=environment, check=True, capture_output=True)


def change_code(project: Project) -> None:
    project.write("train.py", TRAINING.replace("- weight)", "- weight) + 0.25"))


def change_and_commit_code(project: Project) -> None:
    change_code(project)
    project.commit()


def change_data(project: Project) -> None:
    project.write("data.txt", "1 2 3 5")


def nothing(_project: Project) -> None: ...


CHANGES: dict[str, tuple[Callable[[Project], None], list[str], str]] = {
    "seed": (nothing, ["seeds.draws"], "the seed: draws 7 → 8"),
    "package": (lambda project: project.install("1.1", rate=0.25), ["packages.gentle"], "packages: gentle 1.0 → 1.1"),
    "code": (change_code, ["code.dirty", "code.diff"], "code: train.py changed"),
    "commit": (change_and_commit_code, ["code.commit"], "code: train.py changed"),
    "data": (change_data, ["datasets.train"], "data train: another content"),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A training that was done, done again, and done with each change, each time from the same beginning."""
    project = Project(tmp_path_factory.mktemp("trainings"))
    project.train("original")
    project.train("again")
    for name, (change, *_) in CHANGES.items():
        change(project)
        project.train(name, seed=8 if name == "seed" else 7)
        project.git("checkout", "--quiet", "--force", "--detach", "HEAD@{1}" if name == "commit" else "HEAD")
        change_back(project)
    return project


def change_back(project: Project) -> None:
    project.write("data.txt", "1 2 3 4")
    project.install("1.0", rate=0.5)


@pytest.fixture
def judged(project: Project, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """The fact on a run, out of this kind of log."""
    source = open_store(project.log).log
    monkeypatch.chdir(project.root)

    def fact_on(run: str) -> Any:
        for name in ("original", run):
            for recorded in source.read(f"run/{name}"):
                asked.sources.log.append(recorded.event)
        return judge(asked.sources, "original", run, tolerance=None).fact

    return fact_on


def test_a_training_that_is_done_again_as_it_was_is_verified(judged: Callable[[str], Any]):
    assert judged("again") == ReproductionVerified("run/again", metrics=1, artifacts=STEPS)


@pytest.mark.parametrize("changed", CHANGES)
def test_the_one_thing_that_was_changed_is_named_and_nothing_else(changed: str, judged: Callable[[str], Any]):
    _, inputs, cause = CHANGES[changed]
    fact = judged(changed)
    assert isinstance(fact, ReproductionDiverged)
    assert fact.first is not None
    assert fact.inputs == inputs
    assert fact.explanation == f"loss parts at step {fact.first.step}; {cause}"
