"""What must not be in the documentation site fails its build. `make docs` builds the real one."""

import shutil
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tools.site import build


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the site is built from."""
    for folder in ("docs", "lambda/training_events"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("mkdocs.yml", "tools/documented.py"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / file, tmp_path / file)
    return tmp_path


def test_dead_links_dead_anchors_and_pages_without_a_place_fail(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    links = "[gone](gone.md) [nowhere](guides/laptop.md#nowhere) [outside](../README.md)\n"
    with (project / "docs" / "index.md").open("a", encoding="utf-8") as index:
        index.write(links)
    (project / "docs" / "lost.md").write_text("# Lost\n", encoding="utf-8")
    assert build(project) == 1
    printed = capfd.readouterr().err
    for found in ("'gone.md'", "'#nowhere'", "'../README.md'", "lost.md"):
        assert found in printed


UNDOCUMENTED = """

class Undocumented:
    def __init__(self) -> None: ...

    def documented(self) -> None:
        'Has a docstring.'

    def undocumented(self) -> None: ...
"""


def test_a_public_name_without_a_docstring_fails(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    package = project / "lambda" / "training_events" / "__init__.py"
    text = package.read_text(encoding="utf-8").replace("__all__ = [", '__all__ = ["Undocumented", ', 1)
    package.write_text(text + UNDOCUMENTED, encoding="utf-8")
    assert build(project) == 1
    name = "training_events.Undocumented"
    assert f"public, and without a docstring: {name}, {name}.undocumented\n" in capfd.readouterr().err
