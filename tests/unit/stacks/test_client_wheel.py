"""The client's wheel has the same bytes wherever and whenever it is built, and pip can install it."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
import training_events

from stacks.packaging import client_wheel
from stacks.packaging.client_wheel import build
from stacks.packaging.lambda_package import SOURCE, PackageError
from tests.support.environment import without_aws
from tests.support.paths import ROOT


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The client's files in another checkout."""
    copy = tmp_path / "another folder" / "lambda"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def test_folder_time_modes_and_leftover_files_do_not_change_the_wheel(tmp_path: Path, source: Path) -> None:
    first = build(cache=tmp_path / "first")
    leftovers = source / "training_events" / "__pycache__"
    leftovers.mkdir()
    (leftovers / "event.cpython-313.pyc").write_bytes(b"left")
    (source / "dist").mkdir()
    (source / ".gitignore").write_text("cli\n")
    for file in source.rglob("*"):
        os.utime(file, (1, 1))
        file.chmod(0o700)
    second = build(source, cache=tmp_path / "second")
    assert (second.name, second.read_bytes()) == (first.name, first.read_bytes())


def test_an_unchanged_wheel_is_not_built_again_and_a_changed_one_is(tmp_path: Path, source: Path) -> None:
    first = build(source, cache=tmp_path)
    made = first.stat().st_mtime_ns
    assert build(source, cache=tmp_path) == first
    assert first.stat().st_mtime_ns == made
    with (source / "training_events" / "errors.py").open("a") as file:
        file.write("\n# changed\n")
    assert build(source, cache=tmp_path) != first


def test_the_wheel_contains_the_whole_client_with_its_types_and_pages(tmp_path: Path) -> None:
    with zipfile.ZipFile(build(cache=tmp_path)) as wheel:
        packed = {name for name in wheel.namelist() if name.startswith("training_events/")}
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "training_events"]
    own = subprocess.run(command, cwd=SOURCE, check=True, capture_output=True, text=True).stdout.splitlines()
    charts = {f"training_events/pages/static/uplot/{name}" for name in ("uPlot.iife.min.js", "uPlot.min.css")}
    assert packed == {*own} | charts


def test_without_what_draws_charts_there_is_no_wheel(tmp_path: Path, source: Path) -> None:
    """Otherwise it would depend on the network what is in it."""
    shutil.rmtree(source / "training_events" / "pages" / "static" / "uplot")
    with pytest.raises(PackageError, match="uplot is not there; make setup brings it"):
        build(source, cache=tmp_path / "cache")


def test_the_wheel_contains_the_licence_and_the_readme(tmp_path: Path) -> None:
    with zipfile.ZipFile(build(cache=tmp_path)) as wheel:
        (licence,) = [name for name in wheel.namelist() if name.endswith("/licenses/LICENSE")]
        (metadata,) = [name for name in wheel.namelist() if name.endswith("/METADATA")]
        assert wheel.read(licence) == (ROOT / "LICENSE").read_bytes()
        assert (SOURCE / "README.md").read_text(encoding="utf-8") in wheel.read(metadata).decode()


def test_pip_installs_the_wheel_and_its_command_runs(tmp_path: Path) -> None:
    """In a new environment, which uses the dependencies that are installed here."""
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    wheel = str(build(cache=tmp_path / "cache"))
    pip = [sys.executable, "-m", "pip", f"--python={python}", "install", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([*pip, wheel], env=without_aws(), check=True)
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))

    def output_of(*command: str) -> str:
        done = subprocess.run(command, env=without_aws(), cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    assert output_of(str(python), "-c", "import training_events; print(training_events.__file__)").startswith(str(site))
    assert output_of(str(environment / "bin" / "training-events"), "--version").endswith(training_events.__version__)


def test_a_wrong_project_file_is_an_error_of_one_line(tmp_path: Path, source: Path) -> None:
    (source / "pyproject.toml").write_text('[project]\nname = "training-events"\n')
    with pytest.raises(PackageError, match="the client's wheel cannot be built: ") as raised:
        build(source, cache=tmp_path / "cache")
    assert len(str(raised.value).splitlines()) == 1
    assert not list((tmp_path / "cache").rglob("*.whl"))


def test_the_cache_is_inside_the_checkout() -> None:
    assert client_wheel.CACHE.is_relative_to(SOURCE.parent / ".build")
