"""The zip has the same bytes wherever and whenever it is built, and an unchanged one is not built again."""

import os
import shutil
import zipfile
from pathlib import Path

import pytest

from stacks.packaging import lambda_package
from stacks.packaging.lambda_package import PackageError, Target, build
from stacks.settings import Settings
from stacks.settings.file import load

ARM = Target("python3.13", "arm64")
LAMBDA = lambda_package.SOURCE
LEFT_OUT = ("training_events/cli", "training_events/reading", "training_events/recorder", "boto", "lark", "pandas")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache with the wheels of the project's own cache, and without a package."""
    shutil.copytree(lambda_package.CACHE / "wheels", tmp_path / "cache" / "wheels")
    return tmp_path / "cache"


def test_folder_time_modes_and_leftover_files_do_not_change_the_zip(tmp_path: Path, cache: Path) -> None:
    first = build(ARM, cache=cache).read_bytes()
    copy = tmp_path / "another folder" / "lambda"
    shutil.copytree(LAMBDA, copy, ignore=shutil.ignore_patterns("__pycache__"))
    leftovers = copy / "training_events" / "__pycache__"
    leftovers.mkdir()
    (leftovers / "event.cpython-313.pyc").write_bytes(b"left")
    for file in copy.rglob("*"):
        os.utime(file, (1, 1))
        file.chmod(0o700)
    shutil.rmtree(cache / build(ARM, cache=cache).parent.name)
    assert build(ARM, source=copy, cache=cache).read_bytes() == first


def test_the_zip_contains_the_package_and_its_dependencies_for_the_target(cache: Path) -> None:
    with zipfile.ZipFile(build(ARM, cache=cache)) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert names == sorted(names)
    assert "training_events/handlers/event_processor.py" in names
    assert "aws_lambda_powertools/__init__.py" in names
    compiled = [name for name in names if name.endswith(".so")]
    assert compiled == ["msgspec/_core.cpython-313-aarch64-linux-gnu.so"]
    assert not [name for name in names if "__pycache__" in name or name.startswith(LEFT_OUT)]


def test_an_unchanged_package_is_not_built_again_and_a_changed_one_is(tmp_path: Path, cache: Path) -> None:
    source = tmp_path / "lambda"
    shutil.copytree(LAMBDA, source)
    first = build(ARM, source=source, cache=cache)
    made = first.stat().st_mtime_ns
    assert build(ARM, source=source, cache=cache) == first
    assert first.stat().st_mtime_ns == made
    with (source / "training_events" / "errors.py").open("a") as file:
        file.write("\n# changed\n")
    assert build(ARM, source=source, cache=cache) != first


def test_a_dependency_with_another_hash_is_an_error_of_one_line(tmp_path: Path) -> None:
    source = tmp_path / "lambda"
    shutil.copytree(LAMBDA, source)
    (source / "requirements.txt").write_text(f"msgspec==0.20.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(PackageError, match=r"the package for python3.13, arm64 cannot be built: ") as raised:
        build(ARM, source=source, cache=tmp_path / "cache")
    assert len(str(raised.value).splitlines()) == 1
    assert not list((tmp_path / "cache").rglob("*.whl"))


def test_a_settings_file_that_is_not_filled_in_stops_no_build_of_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def load_from_files(name: str) -> Settings:
        return load(name, tmp_path)

    (tmp_path / "staging.toml").write_text('account_id = ""\nregion = ""\n', encoding="utf-8")
    (tmp_path / "team.toml").write_text('account_id = "987654321098"\nregion = "eu-west-1"\n', encoding="utf-8")
    built: list[Target] = []
    monkeypatch.setattr(lambda_package, "environment_names", lambda: ["staging", "team"])
    monkeypatch.setattr(lambda_package, "load", load_from_files)
    monkeypatch.setattr(lambda_package, "build", built.append)
    assert lambda_package.main() == 0
    assert built == [Target.of(load("team", tmp_path))]
