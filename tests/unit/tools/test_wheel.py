"""What is published is what PyPI takes: the wheel and the source archive, with version, readme and licence."""

import tarfile
import zipfile
from email.parser import BytesParser
from pathlib import Path

import pytest
import training_events

from command_line import CommandError
from tests.support.paths import ROOT
from tools import wheel


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return wheel.build(tmp_path_factory.mktemp("dist"))


def test_twine_accepts_both_strictly(built: list[Path]) -> None:
    version = training_events.__version__
    assert [file.name for file in built] == [
        f"training_events-{version}-py3-none-any.whl",
        f"training_events-{version}.tar.gz",
    ]
    wheel.check(built)


def test_a_file_that_pypi_would_not_take_is_one_line(tmp_path: Path, built: list[Path]) -> None:
    without_readme = tmp_path / built[0].name
    with zipfile.ZipFile(built[0]) as whole, zipfile.ZipFile(without_readme, "w") as part:
        for name in whole.namelist():
            data = whole.read(name)
            part.writestr(name, data.partition(b"\n\n")[0] if name.endswith("/METADATA") else data)
    with pytest.raises(CommandError, match=r"twine failed: .*long_description.*missing") as raised:
        wheel.check([without_readme])
    assert len(str(raised.value).splitlines()) == 1


def test_the_metadata_say_where_it_comes_from_and_what_it_needs(built: list[Path]) -> None:
    with zipfile.ZipFile(built[0]) as opened:
        (name,) = [name for name in opened.namelist() if name.endswith("/METADATA")]
        metadata = BytesParser().parsebytes(opened.read(name))
    assert metadata["Version"] == training_events.__version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["License-File"] == "LICENSE"
    assert metadata["Requires-Python"] == ">=3.11"
    urls = metadata.get_all("Project-URL", [])
    assert {url.partition(",")[0] for url in urls} == {"Changelog", "Documentation", "Issues", "Source"}
    assert metadata.get_all("Classifier")


def test_the_source_archive_holds_what_it_is_built_from(built: list[Path]) -> None:
    with tarfile.open(built[1]) as opened:
        held = {member.name.partition("/")[2] for member in opened.getmembers() if member.isfile()}
    assert {"LICENSE", "README.md", "pyproject.toml", "training_events/__init__.py"} <= held


def test_the_licence_is_that_of_the_repository() -> None:
    """pip and PyPI look for it beside pyproject.toml, and everybody else at the top."""
    assert (ROOT / "lambda" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
