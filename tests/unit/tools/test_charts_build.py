"""How uPlot, which draws the charts of pages, comes into the package: by what is set up, else by npm, else not at all."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PLACE = "training_events/pages/static/uplot"
SCRIPT = f"{PLACE}/uPlot.iife.min.js"
SET_UP = ("node_modules", "uplot", "__pycache__")
NPM = """#!/bin/sh
test -f package-lock.json || exit 1
mkdir -p node_modules/uplot/dist
echo "a licence" >node_modules/uplot/LICENSE
echo "from npm: $*" >node_modules/uplot/dist/uPlot.iife.min.js
echo "a style" >node_modules/uplot/dist/uPlot.min.css
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The package as it is in a clone, where nothing was set up."""
    return Path(shutil.copytree(ROOT / "lambda", tmp_path / "lambda", ignore=shutil.ignore_patterns(*SET_UP)))


def built(source: Path, kind: str, npm: str) -> tuple[Path, str]:
    """A wheel or a source archive, and what was said. `npm` is the script that npm is meanwhile."""
    tools = source.parent / "bin"
    tools.mkdir()
    (tools / "npm").write_text(npm, encoding="utf-8")
    (tools / "npm").chmod(0o700)
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(source.parent / kind)]
    environment = {"PATH": f"{tools}:/usr/bin:/bin"}
    done = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True, check=True)
    [file] = (source.parent / kind).iterdir()
    return file, done.stderr + done.stdout


def test_npm_gets_it_for_whoever_builds_from_a_clone(clone: Path) -> None:
    wheel, _ = built(clone, "wheel", NPM)
    with zipfile.ZipFile(wheel) as opened:
        script = opened.read(SCRIPT).decode()
    assert script.startswith("/*! uPlot\na licence\n*/\nfrom npm: ci ")


def test_without_npm_the_package_is_built_and_says_what_it_lacks(clone: Path) -> None:
    wheel, said = built(clone, "wheel", "#!/bin/sh\nexit 7\n")
    with zipfile.ZipFile(wheel) as opened:
        assert SCRIPT not in opened.namelist()
        assert "training_events/pages/static/page.css" in opened.namelist()
    [line] = [line for line in said.splitlines() if "uPlot" in line]
    assert "built without uPlot, so that charts are drawings" in line


def test_what_is_set_up_is_taken_and_nothing_is_fetched(clone: Path) -> None:
    (clone / "node_modules").symlink_to(ROOT / "lambda" / "node_modules")
    wheel, _ = built(clone, "wheel", "#!/bin/sh\nexit 7\n")
    with zipfile.ZipFile(wheel) as opened:
        script = opened.read(SCRIPT).decode()
    assert "Permission is hereby granted" in script
    assert "uPlot (v1.6.32)" in script


def test_a_source_archive_has_it_and_a_wheel_is_built_from_that_without_npm(clone: Path, tmp_path: Path) -> None:
    archive, _ = built(clone, "sdist", NPM)
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path / "unpacked", filter="data")
    [source] = (tmp_path / "unpacked").iterdir()
    wheel, _ = built(source, "wheel", "#!/bin/sh\nexit 7\n")
    with zipfile.ZipFile(wheel) as packed:
        assert "from npm" in packed.read(SCRIPT).decode()
