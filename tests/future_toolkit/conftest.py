"""Synthesizes the app with CDK Terrain: a copy with renamed imports, in a virtual environment without CDKTF."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.installation import python_of
from tests.support.environment import without_aws
from tests.support.paths import ROOT
from tools.rename_to_cdktn import rename_in

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def run(python: Path, *arguments: str, project: Path, **variables: str) -> str:
    """The output of a command of that environment, run in the project's folder. Node is that of this project's environment."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [python, *arguments],
        cwd=project,
        env=without_aws(PATH=path, **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def cdktn_python() -> Path:
    with pytest.MonkeyPatch.context() as patch:
        # The bindings are 2,400 modules, and a synth runs 40 of them: compiling them all takes five times as long as the rest.
        patch.setenv("PIP_COMPILE", "0")
        return python_of(ROOT / ".build" / "cdktn", "CDK Terrain", REQUIREMENTS)


@pytest.fixture(scope="session")
def renamed_app(cdktf_out: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the app with renamed imports. It needs `cdktf_out`, which builds the packages that both need."""
    project = tmp_path_factory.mktemp("renamed")
    for file in ("main.py", "command_line.py"):
        shutil.copyfile(ROOT / file, project / file)
    for folder in ("stacks", "environments", "training", "lambda", "examples"):
        shutil.copytree(ROOT / folder, project / folder, ignore=shutil.ignore_patterns("__pycache__"))
    # The cache of packages and of downloaded wheels; both are stored by the hash of their content.
    (project / ".build").symlink_to(ROOT / ".build")
    rename_in([project / "main.py", project / "stacks"])
    return project


@pytest.fixture(scope="session")
def cdktn_out(renamed_app: Path, cdktn_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cdktn.out")
    run(cdktn_python, "main.py", project=renamed_app, CDKTF_OUTDIR=str(out))
    return out
