"""What README.md, CHANGELOG.md, CONTRIBUTING.md, SECURITY.md and docs/ name is there: files, folders, links, make targets."""

import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import pytest

from tests.support.paths import ROOT

DOCUMENTS = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)
MADE = (
    "training-events.db",
    ".local/env",
    ".build/*",
    "cdktf.out",
    "cdk.tf.json",
    "manifest.json",
    "state.json",
    "*.refused",
    "*.jsonl",
    "dist/*",
    "evidence.json",
    "proofs.json",
    "artifacts.json",
    "provenance.dsse.json",
    "bom.cdx.json",
    "ro-crate-metadata.json",
    "_snapshots/*.json",
)
"""By make, by a recorder, by Terraform: what the texts name and no checkout has."""
EXAMPLES = ("environments/staging.toml", "train.py")
"""What a reader writes who follows the text."""
ENDINGS = (".cfg", ".ipynb", ".json", ".json5", ".lock", ".md", ".py", ".sh", ".toml", ".txt", ".yaml", ".yml")

document = pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.relative_to(ROOT).as_posix())


def tree() -> set[str]:
    """Every file that git has or would take, and every folder of theirs."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    files = [PurePosixPath(name) for name in listed.split("\0") if name and (ROOT / name).exists()]
    return {path.as_posix() for file in files for path in (file, *file.parents)} - {"."}


def paths_in(text: str, top: set[str]) -> list[str]:
    """What is set as code in running text and is a path: it begins with a folder of ours, or ends as a file does."""
    prose = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    named = re.findall(r"`([^`\s]+)`", prose)
    return [name for name in named if name.endswith(ENDINGS) or (name.partition("/")[0] in top and "/" in name)]


def there(name: str, paths: set[str]) -> bool:
    """Whether the name is a path, or the end of one; `<…>` stands for anything."""
    pattern = re.sub(r"<[^>]+>", "*", name.rstrip("/"))
    return any(fnmatch(path, pattern) or fnmatch(path, f"*/{pattern}") for path in paths)


@document
def test_every_path_is_there(file: Path) -> None:
    paths = tree()
    named = paths_in(file.read_text(encoding="utf-8"), {path for path in paths if "/" not in path})
    missing = [name for name in named if not there(name, paths) and not any(fnmatch(name, made) for made in MADE + EXAMPLES)]
    assert missing == []


@document
def test_every_link_leads_somewhere(file: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", file.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        path, _, heading = target.partition("#")
        linked = (file.parent / path) if path else file
        assert linked.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in [re.sub(r"[^\w\- ]", "", title).lower().replace(" ", "-") for title in headings], target


@document
def test_every_make_target_is_in_the_makefile(file: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", file.read_text(encoding="utf-8"), re.MULTILINE)) <= targets


def test_what_contributing_says_is_in_order_and_names_the_tree() -> None:
    paths = tree()
    named = paths_in((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), {path for path in paths if "/" not in path})
    assert len(named) > 50
    among = {"stacks/settings/model.py", "lambda/training_events/catalogue/dataset.py", "tests/unit/test_layers.py"}
    assert among <= set(named)


def test_a_path_that_is_nowhere_is_found_out() -> None:
    text = "See `stacks/gone.py`, `lambda/training_events/cli/<command>.py`, `folds/version.py`, `made_up.toml`, `run/<id>`."
    paths = tree()
    named = paths_in(text, {path for path in paths if "/" not in path})
    assert [name for name in named if not there(name, paths)] == ["stacks/gone.py", "made_up.toml"]


def test_the_readme_and_the_index_link_every_page() -> None:
    pages = {file for file in (ROOT / "docs").rglob("*.md") if file != ROOT / "docs" / "index.md"}
    for contents in (ROOT / "README.md", ROOT / "docs" / "index.md"):
        links = re.findall(r"\]\(([^)#\s]+)\)", contents.read_text(encoding="utf-8"))
        assert pages <= {(contents.parent / link).resolve() for link in links if "://" not in link}
