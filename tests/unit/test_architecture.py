"""The picture in docs/design/architecture.md has every module once, and its arrows are the imports."""

import ast
import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = {"stacks": ROOT / "stacks", "training_events": ROOT / "lambda" / "training_events"}
TEXT = (ROOT / "docs" / "design" / "architecture.md").read_text(encoding="utf-8")

Modules = dict[Path, str]
"""A file, and the box that it is drawn in."""
Arrows = set[tuple[str, str]]


def drawn(package: str) -> tuple[Modules, Arrows]:
    """What is drawn of a package: modules in boxes, arrows between boxes."""
    [picture] = re.findall(rf"subgraph {package} \[.+?\]\n(.+?)\n  end", TEXT, re.DOTALL)
    modules: Modules = {}
    for box, label in re.findall(r"(\w+)\[(.+?)\]", picture):
        for name in re.findall(r"\w+(?:\.py|/)", label):
            path = FOLDERS[package] / name
            for file in path.rglob("*.py") if path.is_dir() else [path]:
                assert file not in modules, f"{name} is drawn twice"
                modules[file] = box
    arrows: Arrows = set()
    for line in re.sub(r"\[.+?\]", "", picture).splitlines():
        ends = [part.strip().split(" & ") for part in line.split("-->")]
        arrows |= {arrow for one, other in itertools.pairwise(ends) for arrow in itertools.product(one, other)}
    return modules, arrows


def imported(file: Path, package: str) -> Iterator[Path]:
    """The files of the package that a file imports, what only types need left out."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == package:
            below = FOLDERS[package].joinpath(*(node.module or "").split(".")[1:])
            for name in node.names:
                places = (
                    below / f"{name.name}.py",
                    below / name.name / "__init__.py",
                    below.with_suffix(".py"),
                    below / "__init__.py",
                )
                yield next(place for place in places if place.exists())


def imports(modules: Mapping[Path, str], package: str) -> Arrows:
    """The imports from one box to another."""
    found = ((modules[file], modules.get(other)) for file in modules for other in imported(file, package))
    return {(one, other) for one, other in found if other is not None and one != other}


def beyond(box: str, arrows: Arrows) -> set[str]:
    """The boxes that the arrows lead to from this one."""
    reached = {other for one, other in arrows if one == box}
    return reached.union(*(beyond(other, arrows) for other in reached))


@pytest.mark.parametrize("package", FOLDERS)
def test_every_module_is_drawn(package: str) -> None:
    modules, _ = drawn(package)
    assert sorted(modules) == sorted(
        file for file in FOLDERS[package].rglob("*.py") if file != FOLDERS[package] / "__init__.py"
    )


@pytest.mark.parametrize("package", FOLDERS)
def test_every_arrow_is_an_import(package: str) -> None:
    modules, arrows = drawn(package)
    assert arrows
    assert not arrows - imports(modules, package)


@pytest.mark.parametrize("package", FOLDERS)
def test_every_import_is_along_the_arrows(package: str) -> None:
    modules, arrows = drawn(package)
    assert not [(one, other) for one, other in imports(modules, package) if other not in beyond(one, arrows)]


def test_the_two_packages_never_import_each_other() -> None:
    for package, other in itertools.permutations(FOLDERS):
        for file in FOLDERS[package].rglob("*.py"):
            assert not re.search(rf"^\s*(?:from|import) {other}\b", file.read_text(encoding="utf-8"), re.MULTILINE), file
