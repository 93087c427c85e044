"""A release applied as a pipeline would apply it: plain Terraform, no Python, emulators of its own, once for all tests here."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local import terraform
from local.deployment import bootstrap, run
from local.emulators import emulators
from local.endpoints import Endpoints
from local.environment import region
from local.progress import Progress
from tests.support.paths import ROOT


@dataclass(frozen=True)
class Machine:
    """A pipeline's machine: a folder for its home, Terraform and nothing else on its PATH."""

    home: Path
    endpoints: Endpoints

    def environment(self) -> dict[str, str]:
        commands = self.home / "bin"
        if not commands.exists():
            commands.mkdir(parents=True)
            (commands / "terraform").symlink_to(shutil.which("terraform") or "terraform")
        named = {**os.environ, **terraform.environment()}.get("TF_CLI_CONFIG_FILE", str(Path.home() / ".terraformrc"))
        # Where the machine gets its providers from is its own business; here it may be a mirror.
        configuration = {"TF_CLI_CONFIG_FILE": named} if Path(named).is_file() else {}
        given = {"PATH": str(commands), "HOME": str(self.home), "CHECKPOINT_DISABLE": "1", "NO_PROXY": "127.0.0.1"}
        return given | configuration | self.endpoints.variables()

    def terraform(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["terraform", *arguments],
            cwd=folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


@dataclass(frozen=True)
class HandedOver:
    """An archive unpacked, and applied with the commands of its README."""

    machine: Machine
    folder: Path

    def terraform(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.machine.terraform(self.folder, *arguments)


@pytest.fixture(scope="package")
def release(cdktf_out: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of the environment `local`, of what this session synthesized."""
    folder = tmp_path_factory.mktemp("release")
    (folder / "cdktf.out").symlink_to(cdktf_out)
    subprocess.run(
        [sys.executable, "-m", "local.terraform", sys.executable, "-m", "release", "local"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    (archive,) = (folder / "dist").glob("terraform-local-*.tar.gz")
    return archive


def unpacked(archive: Path, place: Path) -> Path:
    place.mkdir()
    subprocess.run(["tar", "-xzf", str(archive), "-C", str(place)], check=True)
    (folder,) = place.iterdir()
    return folder


@pytest.fixture(scope="package")
def handed_over(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HandedOver]:
    place = tmp_path_factory.mktemp("handed_over")
    with emulators(region(), place / "emulators", terraform.BUILD) as endpoints:
        bootstrap("local", endpoints.environment(), place / "bootstrap.log")
        folder, machine = unpacked(release, place / "unpacked"), Machine(place / "home", endpoints)
        (commands,) = re.findall(r"```sh\n(.+?)```", (folder / "README.md").read_text(encoding="utf-8"), re.DOTALL)
        script = f"cd '{folder}'\n{commands}"
        progress = Progress("applying the release", sys.stderr)
        run(["/bin/sh", "-ec", script], machine.environment(), place / "apply.log", progress)
        yield HandedOver(machine, folder)
