"""The rename changes every import of the old toolkit, and nothing else."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tools.rename_to_cdktn import rename, rename_in

OLD, NEW = {"cdktf", "cdktf_cdktf_provider_aws"}, {"cdktn", "cdktn_provider_aws"}


def _importing() -> dict[Path, str]:
    """The Python files of this repository that import the toolkit, with their text."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.py"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode()
    files = [file for name in listed.split("\0") if (file := ROOT / name).is_file()]
    return {file: text for file in files if _packages(text := file.read_text(encoding="utf-8")) & OLD}


def _packages(text: str) -> set[str]:
    """The packages that Python code imports."""
    nodes = list(ast.walk(ast.parse(text)))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {name.split(".")[0] for name in plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from cdktf import App\n", "from cdktn import App\n"),
        ("import os\nimport cdktf\n\ncdktf.App()\n", "import os\nimport cdktn\n\ncdktn.App()\n"),
        ("def late():\n    from cdktf.testing import A\n", "def late():\n    from cdktn.testing import A\n"),
        ("from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket\n", "from cdktn_provider_aws.s3_bucket import S3Bucket\n"),
        ('_PACKAGE = "cdktf_cdktf_provider_aws"\n', '_PACKAGE = "cdktn_provider_aws"\n'),
    ],
)
def test_names_of_the_toolkit_in_code_are_renamed(before: str, after: str) -> None:
    assert rename(before) == after
    assert rename(after) == after


@pytest.mark.parametrize(
    "text", ['{"managed-by": "cdktf"}', "cdktf.json and cdktf.out stay", 'os.environ["CDKTF_OUTDIR"]', "# cdktf's own hash"]
)
def test_other_texts_with_the_old_name_are_not_changed(text: str) -> None:
    assert rename(text) == text


def test_every_import_in_this_repository_is_renamed() -> None:
    importing = _importing()
    assert len(importing) > 15
    for file, text in importing.items():
        before, after = _packages(text), _packages(rename(text))
        assert not after & OLD, file
        assert len(after & NEW) == len(before & OLD), file
        assert after - NEW == before - OLD, file


def test_files_and_folders_are_rewritten_in_place(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    contents = {"main.py": "import cdktf\n", "stacks/one.py": "from cdktf import Fn\n", "stacks/two.py": "import os\n"}
    for name, text in contents.items():
        (tmp_path / name).write_text(text)
    assert rename_in([tmp_path / "main.py", tmp_path / "stacks"]) == [tmp_path / "main.py", tmp_path / "stacks" / "one.py"]
    assert [(tmp_path / name).read_text() for name in contents] == ["import cdktn\n", "from cdktn import Fn\n", "import os\n"]
    assert rename_in([tmp_path]) == []


def test_the_documented_command_names_every_folder_with_an_import() -> None:
    guide = (ROOT / "docs" / "design" / "cdk-terrain.md").read_text(encoding="utf-8")
    (arguments,) = re.findall(r"^ *python3 -m tools\.rename_to_cdktn (.+)$", guide, re.MULTILINE)
    places = [ROOT / name for name in arguments.split()]
    assert all(place.exists() for place in places)
    for file in _importing():
        assert any(file == place or place in file.parents for place in places), file
