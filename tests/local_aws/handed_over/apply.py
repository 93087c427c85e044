"""Applies a release as a pipeline would: with plain Terraform, without Python, on emulators of its own. It keeps these running:
`python -m tests.local_aws.handed_over.apply FOLDER`.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from local import terraform
from local.deployment import bootstrap, run
from local.emulators import emulators
from local.endpoints import Endpoints
from local.environment import region
from local.progress import Progress
from tests.support.deployments import APPLIED, keep, note_of
from tests.support.paths import ROOT
from tests.support.patience import DEPLOYMENT_SECONDS
from tests.support.session import synthesized


@dataclass(frozen=True)
class Machine:
    """A pipeline's machine: a folder as its home, and only Terraform on its PATH."""

    home: Path
    endpoints: Endpoints

    def environment(self) -> dict[str, str]:
        commands = self.home / "bin"
        if not commands.exists():
            commands.mkdir(parents=True)
            (commands / "terraform").symlink_to(shutil.which("terraform") or "terraform")
        named = {**os.environ, **terraform.environment()}.get("TF_CLI_CONFIG_FILE", str(Path.home() / ".terraformrc"))
        # The machine's own setting for providers, which may be a mirror.
        configuration = {"TF_CLI_CONFIG_FILE": named} if Path(named).is_file() else {}
        own = {"PATH": str(commands), "HOME": str(self.home), "CHECKPOINT_DISABLE": "1", "NO_PROXY": "127.0.0.1"}
        return own | configuration | self.endpoints.variables()

    def terraform(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["terraform", *arguments],
            cwd=folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=DEPLOYMENT_SECONDS,
        )


@dataclass(frozen=True)
class HandedOver:
    """An unpacked archive that was applied with the commands in its README."""

    archive: Path
    machine: Machine
    folder: Path

    def terraform(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.machine.terraform(self.folder, *arguments)


def unpacked(archive: Path, target: Path) -> Path:
    """Unpack the archive, and return the folder in it."""
    target.mkdir()
    subprocess.run(["tar", "-xzf", str(archive), "-C", str(target)], check=True)
    (folder,) = target.iterdir()
    return folder


def applied_release(folder: Path) -> HandedOver:
    """The release that this session's program keeps running."""
    note = note_of(folder, APPLIED)
    machine = Machine(Path(note["home"]), Endpoints(**note["endpoints"]))
    return HandedOver(Path(note["archive"]), machine, Path(note["folder"]))


@contextmanager
def _applied(session: Path) -> Iterator[dict[str, Any]]:
    base = session / "handed_over"
    archive = _released(session, base / "release")
    with emulators(region(), base / "emulators", terraform.BUILD) as endpoints:
        bootstrap("local", endpoints.environment(), base / "bootstrap.log")
        folder, machine = unpacked(archive, base / "unpacked"), Machine(base / "home", endpoints)
        (commands,) = re.findall(r"```sh\n(.+?)```", (folder / "README.md").read_text(encoding="utf-8"), re.DOTALL)
        script = f"cd '{folder}'\n{commands}"
        progress = Progress("applying the release", sys.stderr)
        run(["/bin/sh", "-ec", script], machine.environment(), base / "apply.log", progress)
        yield {"archive": str(archive), "home": str(machine.home), "folder": str(folder), "endpoints": asdict(endpoints)}


def _released(session: Path, folder: Path) -> Path:
    """The archive of the environment `local`, made from what this session has synthesized."""
    folder.mkdir(parents=True)
    (folder / "cdktf.out").symlink_to(synthesized(session))
    subprocess.run(
        [sys.executable, "-m", "local.terraform", sys.executable, "-m", "release", "local"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    (archive,) = (folder / "dist").glob("terraform-local-*.tar.gz")
    return archive


if __name__ == "__main__":
    keep(Path(sys.argv[1]), APPLIED, _applied(Path(sys.argv[1])))
