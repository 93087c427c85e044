"""A small training in a git repository of its own, and what it takes to do its run again without a package index.

`python -m tests.support.launches LOG RUN NEW_RUN [SPEC]` does it again as `training-events reproduce --launch` does, but with
no more packages than the recorder requires: the environment of the tests has ten times as many. SPEC is JSON, what the run is
to have recorded otherwise.
"""

import base64
import json
import re
import subprocess
import sys
from hashlib import sha256
from importlib.metadata import distribution, requires
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import msgspec
import training_events
from training_events.catalogue.stored import Stored
from training_events.errors import TrainingEventsError
from training_events.reproduction.launch.launching import launch

from tests.support.environment import without_aws
from tests.support.foreground import take_signals

TRAINING = """
import argparse, os, random, time
from pathlib import Path
from training_events import record_run

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int)
parser.add_argument("--wait", type=float, default=0)
options = parser.parse_args()
chance = random.Random(7)
with record_run(model="small", seeds=7, datasets={"train": "data/train.txt"}) as run:
    scale = len(Path("data/train.txt").read_text())
    for step in range(options.steps):
        run.metric("loss", scale * chance.random(), step=step)
    print("trained", os.environ.get("OMP_NUM_THREADS"), flush=True)
    time.sleep(options.wait)
"""


class Repository:
    """A clone with the training's code. `log` is the address of its log."""

    def __init__(self, folder: Path, wheels: Path) -> None:
        self.folder = folder / "repository"
        self.log = f"sqlite:///{folder}/log.db"
        self.wheels = wheels
        self.temporary = folder / "temporary"
        for made in (self.folder / "data", self.temporary):
            made.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.email", "somebody@example.com")
        self.git("config", "user.name", "Somebody")
        self.write(**{"train.py": TRAINING, ".gitignore": "data/\n"})
        (self.folder / "data" / "train.txt").write_text("all of the data")
        self.commit()

    def git(self, *command: str) -> str:
        done = subprocess.run(["git", *command], cwd=self.folder, env=without_aws(), check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder / name).write_text(text)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "as it is")

    def environment(self, **more: str) -> dict[str, str]:
        """That of a process which records to the log, and gets packages only from the folder of wheels."""
        own = {"TRAINING_EVENTS_LOG": self.log, "PIP_FIND_LINKS": str(self.wheels), "TMPDIR": str(self.temporary)}
        return without_aws(**own, **more)

    def train(self, run: str, *command: str, folder: Path | None = None, **variables: str) -> None:
        """Run the training as it is, in its clone or in another folder."""
        environment = self.environment(TRAINING_EVENTS_RUN=run, **variables)
        subprocess.run([sys.executable, *command], cwd=folder or self.folder, env=environment, check=True, capture_output=True)

    def launch(
        self,
        run: str,
        new_run: str,
        spec: dict[str, Any] | None = None,
        *,
        python: str = sys.executable,
        folder: Path | None = None,
        **variables: str,
    ) -> subprocess.Popen[str]:
        """Begin to do a run again, in the clone or in another folder. `spec` is what it is to have recorded otherwise."""
        pipe = subprocess.PIPE
        command = [python, "-m", "tests.support.launches", self.log, run, new_run, json.dumps(spec or {})]
        environment = self.environment(PYTHONPATH=str(Path(__file__).parents[2]), **variables)
        return subprocess.Popen(command, cwd=folder or self.folder, env=environment, stdout=pipe, stderr=pipe, text=True)

    def left_behind(self) -> list[str]:
        return [path.name for path in self.temporary.iterdir()]


def recorder_packages() -> dict[str, str]:
    """What the recorder requires, by normalized name, with the versions that are installed here."""
    packages: dict[str, str] = {}
    names = ["training-events"]
    while names:
        name = re.sub(r"[-_.]+", "-", names.pop()).lower()
        if name not in packages:
            packages[name] = distribution(name).version
            lines = [line for line in requires(name) or () if "extra ==" not in line]
            names += [found[0] for line in lines if (found := re.match(r"[\w.-]+", line))]
    return packages


def write_wheels(folder: Path) -> None:
    """The packages that the recorder requires, each as the wheel that it was installed from."""
    for name, version in recorder_packages().items():
        if name != "training-events":
            _write_wheel(folder, name, version)


def _write_wheel(folder: Path, name: str, version: str) -> None:
    installed = distribution(name)
    *_, tag = re.findall(r"^Tag: (\S+)", installed.read_text("WHEEL") or "", re.MULTILINE)  # of Python 2 and 3, that of 3
    files = [file for file in installed.files or () if ".." not in file.parts and "__pycache__" not in file.parts]
    with ZipFile(folder / f"{name.replace('-', '_')}-{version}-{tag}.whl", "w") as wheel:
        lines = []
        for file in files:
            if file.name in {"RECORD", "INSTALLER", "REQUESTED"}:
                continue
            content = file.read_binary()
            wheel.writestr(file.as_posix(), content)
            digest = base64.urlsafe_b64encode(sha256(content).digest()).rstrip(b"=").decode()
            lines.append(f"{file.as_posix()},sha256={digest},{len(content)}\n")
        (record,) = (file.as_posix() for file in files if file.name == "RECORD")
        wheel.writestr(record, "".join([*lines, f"{record},,\n"]))


def main() -> int:
    take_signals()
    log, run, new_run, *otherwise = sys.argv[1:]
    state = training_events.open_log(log).run(run)
    recorded = state.spec or {}
    state.spec = recorded | {"packages": recorder_packages()} | msgspec.json.decode(otherwise[0] if otherwise else "{}")
    diff = recorded["code"].get("diff")
    patch = None if diff is None else msgspec.convert(diff, Stored)
    try:
        return launch(state, patch=patch, new_run=new_run, log=log, out=sys.stdout)
    except TrainingEventsError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
