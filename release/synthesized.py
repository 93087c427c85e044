"""One environment as `cdktf synth` wrote it: its JSON and the files that the JSON names, and that these are all it needs."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from release.errors import ReleaseError

ROOT = Path(__file__).resolve().parent.parent
JSON = "cdk.tf.json"
READING = re.compile(r'\b(?:file\w*|templatefile|abspath|pathexpand)\(\s*"([^"]*)"')
"""Terraform's functions that take a path: https://developer.hashicorp.com/terraform/language/functions"""
NAMING = {"filename", "source"}
"""The arguments that take one: a function's package, an object's content."""


@dataclass(frozen=True)
class Synthesized:
    """The stack `training-<environment>`: what its JSON says, and every file to apply it with, by its path in the folder."""

    name: str
    content: dict[str, Any]
    files: dict[str, bytes]


def read(folder: Path, name: str) -> Synthesized:
    """The stack `name` of a cdktf.out folder. Raises ReleaseError unless it works wherever it is put.

    What Terraform has left in the folder (.terraform, a plan, a state) and what no JSON names any more is no part of it.
    """
    stack = folder / "stacks" / name
    try:
        text = (stack / JSON).read_text(encoding="utf-8")
        content = json.loads(text)
    except FileNotFoundError:
        raise ReleaseError(f"{stack / JSON}: is not there: run `make synth` first") from None
    except (OSError, ValueError) as error:
        raise ReleaseError(f"{stack / JSON}: cannot be read as synthesized Terraform JSON: {error}") from None
    if not isinstance(content, dict) or not content.keys() >= {"terraform", "provider", "output"}:
        raise ReleaseError(f"{stack / JSON}: is no stack of this app: run `make synth` again")
    for place in (ROOT, folder.resolve()):
        if str(place) in text:
            raise ReleaseError(f"{stack / JSON}: names {place}, a folder of this machine")
    # The `source` of a provider is no path, and "//" is cdktf's note to itself.
    named = set(paths({key: part for key, part in content.items() if key not in {"//", "terraform"}}))
    return Synthesized(name, content, {JSON: text.encode()} | {path: _content(stack, path) for path in sorted(named)})


def paths(value: Any, key: str = "") -> Iterator[str]:
    """Every path that Terraform would read: as an argument, and by a function in an expression."""
    match value:
        case dict():
            for below, part in value.items():
                yield from paths(part, below)
        case list():
            for part in value:
                yield from paths(part, key)
        case str() if "${" in value:
            yield from READING.findall(value)
            if key in NAMING:
                yield value
        case str() if key in NAMING:
            yield value


def _content(stack: Path, name: str) -> bytes:
    """The file's content. Raises ReleaseError unless it is a file in the stack's folder, and no link."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or name.startswith("~") or "${" in name or str(path) != name:
        raise ReleaseError(
            f"{stack / JSON}: names {name!r}: only a file in its own folder, by its plain path, can be handed over"
        )
    file = stack / path
    if any(part.is_symlink() for part in (file, *file.parents) if part.is_relative_to(stack) and part != stack):
        raise ReleaseError(f"{stack / JSON}: names {name!r}, which is a link to somewhere else")
    if not file.is_file():
        raise ReleaseError(f"{stack / JSON}: names {name!r}, which is not there")
    return file.read_bytes()
