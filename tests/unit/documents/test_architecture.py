"""The picture in docs/design/architecture.md has every room once, and its arrows are the imports between rooms."""

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.paths import ROOT

TEXT = (ROOT / "docs" / "design" / "architecture.md").read_text(encoding="utf-8")
[PICTURE] = re.findall(r"```mermaid\n(.+?)```", TEXT, re.DOTALL)
PACKAGE = ROOT / "lambda" / "training_events"
FOLDERS = {path.name: path for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
FOLDERS |= {name: ROOT / name for name in ("stacks", "stacks/packaging", "stacks/settings", "deploy")}


def boxes() -> dict[str, str]:
    """By the name of a box, what is written in it."""
    return dict(re.findall(r"(?<!subgraph )\b(\w+)\[(.+?)\]", PICTURE))


def box_of(file: Path) -> str:
    """The box of the innermost room that has the file."""
    rooms = {folder: name for name, folder in FOLDERS.items()}
    room = next((rooms[folder] for folder in file.parents if folder in rooms), None)
    return next(box for box, label in boxes().items() if re.match(rf"{room}/(?:<|$)" if room else "errors,", label))


def arrows() -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for line in re.sub(r"\[.+?\]", "", PICTURE).splitlines():
        ends = [part.strip().split(" & ") for part in line.split("-->")]
        found |= {arrow for one, other in itertools.pairwise(ends) for arrow in itertools.product(one, other)}
    return found


def imported(file: Path) -> Iterator[Path]:
    """The files of ours that a file imports, what only types need left out."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in {"training_events", "stacks", "deploy"}:
            parts = (node.module or "").split(".")
            below = (PACKAGE.parent if parts[0] == "training_events" else ROOT).joinpath(*parts)
            for name in node.names:
                places = (
                    below / f"{name.name}.py",
                    below / name.name / "__init__.py",
                    below.with_suffix(".py"),
                    below / "__init__.py",
                )
                yield next(place for place in places if place.exists())


def imports() -> set[tuple[str, str]]:
    """The imports from one box to another. The package's own __init__ hands on what is public, so it is in no room."""
    files = [file for folder in (PACKAGE, ROOT / "stacks", ROOT / "deploy") for file in folder.rglob("*.py")]
    found = {(box_of(file), box_of(other)) for file in files if file.parent != PACKAGE for other in imported(file)}
    return {(one, other) for one, other in found if one != other}


def beyond(box: str) -> set[str]:
    """The boxes that the arrows lead to from this one."""
    reached = {other for one, other in arrows() if one == box}
    return reached.union(*map(beyond, reached))


def test_every_room_is_drawn_once() -> None:
    drawn = re.findall(r"\[([\w/]+)/(?:<br>[^\]]*)?\]", PICTURE)
    assert sorted(drawn) == sorted(FOLDERS)


def test_every_module_outside_of_a_room_is_named() -> None:
    [label] = [label for label in boxes().values() if label.startswith("errors,")]
    assert sorted(re.findall(r"\w+", label.replace("<br>", ""))) == sorted(
        file.stem for file in PACKAGE.glob("*.py") if file.stem != "__init__"
    )


def test_every_arrow_is_an_import() -> None:
    assert arrows()
    assert not arrows() - imports()


def test_every_import_is_along_the_arrows() -> None:
    assert not [(one, other) for one, other in imports() if other not in beyond(one)]
