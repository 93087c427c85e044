"""The notebook's start-up script: bash runs it in a folder of its own, with fakes for the commands of AWS."""

import base64
import hashlib
import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stacks.notebook_start import start_script
from tests.support.paths import EXAMPLE
from tests.support.patience import PATIENCE_SECONDS, is_readable

ROOT_FOLDERS = ("/etc/profile.d", "/usr/local/bin", "/home/ec2-user")
VARIABLES = {
    "TRAINING_EVENTS_BUS": "arn:aws:events:us-east-1:111122223333:event-bus/training-dev",
    "TRAINING_EVENTS_LOG": "dynamodb://training-dev-event-log?read_models=training-dev-read-models",
    "TRAINING_EVENTS_BUCKET": "training-dev-data-111122223333-us-east-1",
}
MAX_CHARACTERS = 16_384
"""The limit for a script in base64: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_NotebookInstanceLifecycleHook.html"""

# Each fake command writes down its caller and its arguments.
LOG_CALL = 'echo "$AS $(basename "$0") $*" >> "$CALLS"\n'
SYSTEMCTL = LOG_CALL + '[ ! -e "$ROOT/systemctl fails" ]\n'
AWS = LOG_CALL + '[ ! -p "$ROOT/wait" ] || read -r _ < "$ROOT/wait"\ncp "$ROOT/s3/${4#s3://}" "$5"\n'
# Writes to a pipe at the end; the test waits for that.
SUDO = f"""{LOG_CALL}[ "$1 $2 $3" = "-u ec2-user -i" ] || exit 9
env -i AS=ec2-user ROOT="$ROOT" CALLS="$CALLS" PATH="$PATH" bash -c '. "$ROOT/etc/profile.d/training-events.sh"; "$0"' "$4"
echo done > "$ROOT/done"
"""
CONDA = f"""{LOG_CALL}[ "$1 $4" = "create --prefix" ] || exit 9
[ ! -e "$ROOT/conda fails" ] || exit 1
mkdir -p "$5/bin"
cp "$ROOT/fakes/python" "$5/bin/python"
"""
PYTHON = (
    LOG_CALL
    + """[ "$*" != "-m pip --version" ] || exit 0
if [ "$1 $2 $3" = "-m pip install" ]; then
  [ ! -e "$ROOT/pip fails" ] || exit 1
  cp "$ROOT/fakes/training-events" "$(dirname "$0")"
fi
"""
)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Instance:
    """A notebook instance: a folder for its whole file system, and the deployed files in S3."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.volume = root / "home/ec2-user/SageMaker"
        self.place = self.volume / ".training-events"
        for folder in (*ROOT_FOLDERS, "/home/ec2-user/SageMaker", "/home/ec2-user/anaconda3/bin", "/fakes"):
            (root / folder.removeprefix("/")).mkdir(parents=True, exist_ok=True)
        fakes = {"systemctl": SYSTEMCTL, "aws": AWS, "sudo": SUDO, "python": PYTHON, "training-events": LOG_CALL}
        for name, body in fakes.items():
            self._fake_command(root / "fakes" / name, body)
        self._fake_command(root / "home/ec2-user/anaconda3/bin/conda", CONDA)
        os.mkfifo(root / "done")
        self.deploy(b"the wheel", EXAMPLE.read_bytes())

    def _fake_command(self, path: Path, body: str) -> None:
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
        """Start the instance. At the end of the block, wait until the installation in the background has ended."""
        self.calls_file = self.root / "calls"
        self.calls_file.unlink(missing_ok=True)
        done = os.open(self.root / "done", os.O_RDWR)  # for writing too, so that a read does not see the end of the pipe
        environment = {
            "AS": "root",
            "ROOT": str(self.root),
            "CALLS": str(self.calls_file),
            "PATH": f"{self.root}/fakes:{os.environ['PATH']}",
        }
        try:
            subprocess.run(["bash", "-c", self.script()], env=environment, check=True, timeout=PATIENCE_SECONDS)
            yield
            assert is_readable(done), self.calls_file.read_text()
            assert os.read(done, 100) == b"done\n"
        finally:
            os.close(done)

    def start(self) -> list[str]:
        """Start, wait until everything is done, and return the calls with their callers."""
        with self.starting():
            pass
        return self.calls()

    def calls(self) -> list[str]:
        return self.calls_file.read_text().replace(f"{self.root}", "").splitlines()

    def stop(self) -> None:
        """Remove what is not on the volume."""
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


def test_the_first_start_installs_the_client(instance: Instance) -> None:
    calls = instance.start()
    (call,) = _named(calls, "conda create")
    assert "--prefix /home/ec2-user/SageMaker/.training-events/environment " in call
    assert "python=3.12" in call
    wheel = "/home/ec2-user/SageMaker/.training-events/training_events-0.1.0-py3-none-any.whl"
    assert _named(calls, "pip install") == [
        f"ec2-user python -m pip install --quiet {wheel}[cli] ipykernel scikit-learn",
        f"ec2-user python -m pip install --quiet --force-reinstall --no-deps {wheel}",
    ]
    assert len(_named(calls, "ipykernel install --user --name training-events")) == 1
    assert "ec2-user training-events flush" in calls
    assert instance.log().endswith("The client is installed.\n")


def test_root_runs_nothing_from_the_users_volume(instance: Instance) -> None:
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
    environment = dict(line.split("=", 1) for line in shell.stdout.split("\0") if "=" in line)
    assert {name: environment[name] for name in VARIABLES} == VARIABLES
    assert environment["TRAINING_EVENTS_SPOOL"] == str(instance.place / "spool")
    assert environment["PATH"] == f"/usr/bin:/bin:{instance.place}/environment/bin"  # SageMaker's own commands come first


def test_the_example_gets_the_registered_kernel_and_is_otherwise_unchanged(instance: Instance) -> None:
    instance.start()
    (placed,) = (json.loads(content) for content in instance.notebooks().values())
    original = json.loads(EXAMPLE.read_bytes())
    assert placed["metadata"].pop("kernelspec")["name"] == "training-events"
    assert original["metadata"].pop("kernelspec")["name"] == "python3"
    assert placed == original


def test_the_next_start_installs_nothing_again_and_keeps_the_users_edits(instance: Instance) -> None:
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


def test_a_new_wheel_is_installed_into_the_existing_environment(instance: Instance) -> None:
    instance.start()
    instance.deploy(b"a newer wheel", EXAMPLE.read_bytes())
    calls = instance.start()
    assert not _named(calls, "conda")
    assert len(_named(calls, "pip install")) == 2
    assert len(_named(calls, "aws s3 cp")) == 1
    assert not _named(instance.start(), "pip install")


def test_a_new_example_is_put_beside_the_users_own_only_once(instance: Instance) -> None:
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
def test_after_any_failure_the_notebook_starts_and_the_next_start_repairs_it(instance: Instance, trouble: str) -> None:
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


def test_an_earlier_client_stays_usable_if_a_newer_one_cannot_be_fetched(instance: Instance) -> None:
    instance.start()
    instance.deploy(b"a newer wheel", EXAMPLE.read_bytes())
    next((instance.root / "s3").rglob("*.whl")).unlink()
    assert len(_named(instance.start(), "ipykernel install")) == 1
    assert "To try again" in instance.log()


def test_an_incomplete_environment_is_made_again(instance: Instance) -> None:
    python = instance.place / "environment/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/bash\nexit 1\n")
    python.chmod(0o755)
    assert len(_named(instance.start(), "conda create")) == 1
    assert instance.log().endswith("The client is installed.\n")


def test_the_start_does_not_wait_for_the_installation(instance: Instance) -> None:
    os.mkfifo(instance.root / "wait")
    with instance.starting():
        assert instance.notebooks() == {}  # the instance has started, although the download has not ended
        (instance.root / "wait").write_text("go on\n")
        (instance.root / "wait").rename(instance.root / "gone")
    assert set(instance.notebooks()) == {"train_digits.ipynb"}


def test_the_start_succeeds_even_if_jupyter_cannot_be_restarted(instance: Instance) -> None:
    (instance.root / "systemctl fails").touch()
    instance.start()
    assert set(instance.notebooks()) == {"train_digits.ipynb"}


def test_the_script_is_within_sagemakers_limit_and_has_nothing_that_terraform_replaces(instance: Instance) -> None:
    client: Any = SimpleNamespace(
        wheel=SimpleNamespace(uri="s3://" + "x" * 200, sha256="0" * 64),
        example=SimpleNamespace(uri="s3://" + "x" * 200, sha256="0" * 64),
    )
    script = start_script(dict.fromkeys(VARIABLES, "x" * 300), client)
    assert len(base64.b64encode(script.encode())) <= MAX_CHARACTERS
    assert not re.search("@[A-Z]", script)  # every placeholder is filled in
    assert "${" not in script  # Terraform would replace it
    assert "%{" not in script
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
