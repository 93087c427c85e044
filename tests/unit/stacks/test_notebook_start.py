"""The notebook's start-up script, run by bash in a folder of its own with stand-ins for what only AWS has."""

import base64
import hashlib
import json
import os
import re
import select
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stacks.client_files import EXAMPLE
from stacks.notebook import start_script
from tests.support.patience import PATIENCE_SECONDS

ROOT_FOLDERS = ("/etc/profile.d", "/usr/local/bin", "/home/ec2-user")
VARIABLES = {
    "TRAINING_EVENTS_BUS": "arn:aws:events:us-east-1:111122223333:event-bus/training-dev",
    "TRAINING_EVENTS_LOG": "dynamodb://training-dev-event-log?read_models=training-dev-read-models",
    "TRAINING_EVENTS_BUCKET": "training-dev-data-111122223333-us-east-1",
}
MOST_CHARACTERS = 16_384
"""Of a script in base64: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_NotebookInstanceLifecycleHook.html"""

# Each stand-in writes down who called it with what.
SAY = 'echo "$AS $(basename "$0") $*" >> "$CALLS"\n'
SYSTEMCTL = SAY + '[ ! -e "$ROOT/systemctl fails" ]\n'
AWS = SAY + '[ ! -p "$ROOT/wait" ] || read -r _ < "$ROOT/wait"\ncp "$ROOT/s3/${4#s3://}" "$5"\n'
# Ends by saying so, which the test waits for.
SUDO = f"""{SAY}[ "$1 $2 $3" = "-u ec2-user -i" ] || exit 9
env -i AS=ec2-user ROOT="$ROOT" CALLS="$CALLS" PATH="$PATH" bash -c '. "$ROOT/etc/profile.d/training-events.sh"; "$0"' "$4"
echo done > "$ROOT/done"
"""
CONDA = f"""{SAY}[ "$1 $4" = "create --prefix" ] || exit 9
[ ! -e "$ROOT/conda fails" ] || exit 1
mkdir -p "$5/bin"
cp "$ROOT/stand-ins/python" "$5/bin/python"
"""
PYTHON = (
    SAY
    + """[ "$*" != "-m pip --version" ] || exit 0
if [ "$1 $2 $3" = "-m pip install" ]; then
  [ ! -e "$ROOT/pip fails" ] || exit 1
  cp "$ROOT/stand-ins/training-events" "$(dirname "$0")"
fi
"""
)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Instance:
    """A notebook instance: a folder that stands for its whole file system, and the deployed files in S3."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.volume = root / "home/ec2-user/SageMaker"
        self.place = self.volume / ".training-events"
        for folder in (*ROOT_FOLDERS, "/home/ec2-user/SageMaker", "/home/ec2-user/anaconda3/bin", "/stand-ins"):
            (root / folder.removeprefix("/")).mkdir(parents=True, exist_ok=True)
        stand_ins = {"systemctl": SYSTEMCTL, "aws": AWS, "sudo": SUDO, "python": PYTHON, "training-events": SAY}
        for name, body in stand_ins.items():
            self._stand_in(root / "stand-ins" / name, body)
        self._stand_in(root / "home/ec2-user/anaconda3/bin/conda", CONDA)
        os.mkfifo(root / "done")
        self.deploy(b"the wheel", EXAMPLE.read_bytes())

    def _stand_in(self, path: Path, body: str) -> None:
        path.write_text(f"#!/bin/bash\n{body}")
        path.chmod(0o755)

    def deploy(self, wheel: bytes, example: bytes) -> None:
        self.files = {"training_events-0.1.0-py3-none-any.whl": wheel, "train_digits.ipynb": example}
        folder = self.root / "s3" / "data" / "client"
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.files.items():
            (folder / name).write_bytes(content)

    def script(self) -> str:
        wheel, example = (
            SimpleNamespace(uri=f"s3://data/client/{name}", sha256=_digest(content)) for name, content in self.files.items()
        )
        client: Any = SimpleNamespace(wheel=wheel, example=example)
        script = start_script(VARIABLES, client)
        for folder in ROOT_FOLDERS:
            script = script.replace(folder, f"{self.root}{folder}")
        return script

    @contextmanager
    def starting(self) -> Iterator[None]:
        """The instance has started; at the block's end the installation in the background is over."""
        self.calls_file = self.root / "calls"
        self.calls_file.unlink(missing_ok=True)
        done = os.open(self.root / "done", os.O_RDWR)  # for writing too, as then it has no end to be read
        environment = {
            "AS": "root",
            "ROOT": str(self.root),
            "CALLS": str(self.calls_file),
            "PATH": f"{self.root}/stand-ins:{os.environ['PATH']}",
        }
        try:
            subprocess.run(["bash", "-c", self.script()], env=environment, check=True, timeout=PATIENCE_SECONDS)
            yield
            readable, _, _ = select.select([done], [], [], 60)
            assert readable, self.calls_file.read_text()
            assert os.read(done, 100) == b"done\n"
        finally:
            os.close(done)

    def start(self) -> list[str]:
        """Start, and wait until everything is done; what was called, by whom."""
        with self.starting():
            pass
        return self.calls()

    def calls(self) -> list[str]:
        return self.calls_file.read_text().replace(f"{self.root}", "").splitlines()

    def stop(self) -> None:
        """What is not on the volume is gone."""
        for folder in ROOT_FOLDERS[:2]:
            for file in (self.root / folder.removeprefix("/")).iterdir():
                file.unlink()

    def log(self) -> str:
        return (self.place / "install.log").read_text()

    def notebooks(self) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in self.volume.glob("*.ipynb")}


def _named(calls: list[str], text: str) -> list[str]:
    return [call for call in calls if text in call]


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(tmp_path)


def test_the_first_start_makes_everything_ready(instance: Instance) -> None:
    calls = instance.start()
    (made,) = _named(calls, "conda create")
    assert "--prefix /home/ec2-user/SageMaker/.training-events/environment " in made
    assert "python=3.12" in made
    wheel = "/home/ec2-user/SageMaker/.training-events/training_events-0.1.0-py3-none-any.whl"
    assert _named(calls, "pip install") == [
        f"ec2-user python -m pip install --quiet {wheel}[cli] ipykernel scikit-learn",
        f"ec2-user python -m pip install --quiet --force-reinstall --no-deps {wheel}",
    ]
    assert len(_named(calls, "ipykernel install --user --name training-events")) == 1
    assert "ec2-user training-events flush" in calls
    assert instance.log().endswith("The client is installed.\n")


def test_what_is_the_users_is_touched_by_the_user_only(instance: Instance) -> None:
    calls = instance.start()
    assert [call for call in calls if call.startswith("root")] == [
        "root systemctl --no-block restart jupyter-server",
        "root sudo -u ec2-user -i /usr/local/bin/training-events-install",
    ]


def test_terminals_and_kernels_have_the_variables_and_the_commands(instance: Instance) -> None:
    instance.start()
    profile = shlex.quote(str(instance.root / "etc/profile.d/training-events.sh"))
    shell = subprocess.run(
        ["bash", "-c", f". {profile}; env -0"], env={"PATH": "/usr/bin:/bin"}, check=True, capture_output=True, text=True
    )
    said = dict(line.split("=", 1) for line in shell.stdout.split("\0") if "=" in line)
    assert {name: said[name] for name in VARIABLES} == VARIABLES
    assert said["TRAINING_EVENTS_SPOOL"] == str(instance.place / "spool")
    assert said["PATH"] == f"/usr/bin:/bin:{instance.place}/environment/bin"  # SageMaker's own commands come first


def test_the_example_has_the_kernel_that_was_registered_and_is_the_same_otherwise(instance: Instance) -> None:
    instance.start()
    (placed,) = (json.loads(content) for content in instance.notebooks().values())
    original = json.loads(EXAMPLE.read_bytes())
    assert placed["metadata"].pop("kernelspec")["name"] == "training-events"
    assert original["metadata"].pop("kernelspec")["name"] == "python3"
    assert placed == original


def test_the_next_start_does_nothing_twice_and_leaves_the_users_edits(instance: Instance) -> None:
    instance.start()
    instance.stop()
    (instance.volume / "train_digits.ipynb").write_text("edited")
    assert instance.start() == [
        "root systemctl --no-block restart jupyter-server",
        "root sudo -u ec2-user -i /usr/local/bin/training-events-install",
        "ec2-user python -m ipykernel install --user --name training-events --display-name Python 3 (training-events)",
        "ec2-user training-events flush",
    ]
    assert instance.notebooks() == {"train_digits.ipynb": b"edited"}


def test_a_new_wheel_is_installed_into_the_environment_that_is_there(instance: Instance) -> None:
    instance.start()
    instance.deploy(b"a newer wheel", EXAMPLE.read_bytes())
    calls = instance.start()
    assert not _named(calls, "conda")
    assert len(_named(calls, "pip install")) == 2
    assert len(_named(calls, "aws s3 cp")) == 1
    assert not _named(instance.start(), "pip install")


def test_a_new_example_is_put_beside_the_users_once(instance: Instance) -> None:
    instance.start()
    (instance.volume / "train_digits.ipynb").write_text("edited")
    newer = EXAMPLE.read_bytes() + b"\n"
    instance.deploy(b"the wheel", newer)
    beside = f"train_digits-{_digest(newer)[:8]}.ipynb"
    for _ in range(2):
        instance.start()
        assert set(instance.notebooks()) == {"train_digits.ipynb", beside}
        assert instance.notebooks()["train_digits.ipynb"] == b"edited"
    (instance.volume / beside).unlink()
    instance.start()
    assert set(instance.notebooks()) == {"train_digits.ipynb"}


@pytest.mark.parametrize("trouble", ["conda fails", "pip fails", "no wheel", "another wheel", "no example"])
def test_whatever_fails_the_notebook_starts_says_so_and_mends_itself_at_the_next_start(
    instance: Instance, trouble: str
) -> None:
    s3 = instance.root / "s3" / "data" / "client"
    if trouble == "no wheel":
        next(s3.glob("*.whl")).unlink()
    elif trouble == "no example":
        next(s3.glob("*.ipynb")).unlink()
    elif trouble == "another wheel":
        next(s3.glob("*.whl")).write_bytes(b"put there by somebody else")
    else:
        (instance.root / trouble).touch()
    calls = instance.start()
    assert instance.log().endswith("The client is not as it should be. To try again: training-events-install\n")
    assert instance.notebooks() == {}
    if trouble in {"no wheel", "another wheel"}:
        assert not _named(calls, "pip install")

    (instance.root / trouble).unlink(missing_ok=True)
    instance.deploy(*instance.files.values())
    instance.start()
    assert instance.log().endswith("The client is installed.\n")
    assert set(instance.notebooks()) == {"train_digits.ipynb"}


def test_an_earlier_client_stays_usable_when_a_newer_one_cannot_be_had(instance: Instance) -> None:
    instance.start()
    instance.deploy(b"a newer wheel", EXAMPLE.read_bytes())
    next((instance.root / "s3").rglob("*.whl")).unlink()
    assert len(_named(instance.start(), "ipykernel install")) == 1
    assert "To try again" in instance.log()


def test_an_environment_that_was_made_by_half_is_made_again(instance: Instance) -> None:
    python = instance.place / "environment/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/bash\nexit 1\n")
    python.chmod(0o755)
    assert len(_named(instance.start(), "conda create")) == 1
    assert instance.log().endswith("The client is installed.\n")


def test_the_start_waits_for_nothing(instance: Instance) -> None:
    os.mkfifo(instance.root / "wait")
    with instance.starting():
        assert instance.notebooks() == {}  # the download is held up, and the instance has started all the same
        (instance.root / "wait").write_text("go on\n")
        (instance.root / "wait").rename(instance.root / "gone")
    assert set(instance.notebooks()) == {"train_digits.ipynb"}


def test_the_start_succeeds_even_if_jupyter_cannot_be_restarted(instance: Instance) -> None:
    (instance.root / "systemctl fails").touch()
    instance.start()
    assert set(instance.notebooks()) == {"train_digits.ipynb"}


def test_the_script_is_within_sagemakers_limit_and_sound_for_terraform(instance: Instance) -> None:
    client: Any = SimpleNamespace(
        wheel=SimpleNamespace(uri="s3://" + "x" * 200, sha256="0" * 64),
        example=SimpleNamespace(uri="s3://" + "x" * 200, sha256="0" * 64),
    )
    script = start_script(dict.fromkeys(VARIABLES, "x" * 300), client)
    assert len(base64.b64encode(script.encode())) <= MOST_CHARACTERS
    assert not re.search("@[A-Z]", script)  # everything is filled in
    assert "${" not in script  # which would be Terraform's
    assert "%{" not in script
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
