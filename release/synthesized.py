"""Reads one environment as `cdktf synth` wrote it: its JSON and the files that the JSON names; checks that these suffice."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from release.errors import ReleaseError

ROOT = Path(__file__).resolve().parent.parent
JSON = "cdk.tf.json"
PATH_FUNCTIONS = re.compile(r'\b(?:file\w*|templatefile|abspath|pathexpand)\(\s*"([^"]*)"')
"""Terraform's functions that take a path: https://developer.hashicorp.com/terraform/language/functions"""
PATH_ARGUMENTS = {"filename", "source"}
"""The arguments that take a path: a function's package, an object's content."""


@dataclass(frozen=True)
class Synthesized:
    """The stack `<name_prefix>-<environment>`: the content of its JSON, and every file that an apply needs, by its path."""

    name: str
    content: dict[str, Any]
    files: dict[str, bytes]


def read(folder: Path, name: str) -> Synthesized:
    """The stack `name` of a cdktf.out folder. Raises ReleaseError unless it works in any other folder.

    Files of Terraform in the folder (.terraform, a plan, a state), and files that the JSON does not name, are left out.
    """
    stack = folder / "stacks" / name
    try:
        text = (stack / JSON).read_text(encoding="utf-8")
        content = json.loads(text)
    except FileNotFoundError:
        raise ReleaseError(f"{stack / JSON}: does not exist: run `make synth` first") from None
    except (OSError, ValueError) as error:
        raise ReleaseError(f"{stack / JSON}: cannot be read as synthesized Terraform JSON: {error}") from None
    if not isinstance(content, dict) or not content.keys() >= {"terraform", "provider", "output"}:
        raise ReleaseError(f"{stack / JSON}: is not a stack of this app: run `make synth` again")
    for machine_folder in (ROOT, folder.resolve()):
        if str(machine_folder) in text:
            raise ReleaseError(f"{stack / JSON}: names {machine_folder}, a folder of this machine")
    # The `source` of a provider is not a path, and "//" has cdktf's own notes.
    named = set(paths({key: part for key, part in content.items() if key not in {"//", "terraform"}}))
    return Synthesized(name, content, {JSON: text.encode()} | {path: _file_content(stack, path) for path in sorted(named)})


def paths(value: Any, key: str = "") -> Iterator[str]:
    """Every path that Terraform would read: in an argument, and in a function of an expression."""
    match value:
        case dict():
            for below, part in value.items():
                yield from paths(part, below)
        case list():
            for part in value:
                yield from paths(part, key)
        case str() if "${" in value:
            yield from PATH_FUNCTIONS.findall(value)
            if key in PATH_ARGUMENTS:
                yield value
        case str() if key in PATH_ARGUMENTS:
            yield value


def _file_content(stack: Path, name: str) -> bytes:
    """The content of a file that the JSON names. Raises ReleaseError unless it is in the stack's folder, without any link."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or name.startswith("~") or "${" in name or str(path) != name:
        raise ReleaseError(
            f"{stack / JSON}: names {name!r}: a release can only contain files in its own folder, by their plain paths"
        )
    file = stack / path
    if any(part.is_symlink() for part in (file, *file.parents) if part.is_relative_to(stack) and part != stack):
        raise ReleaseError(f"{stack / JSON}: names {name!r}, which is a link, or in a folder that is one")
    if not file.is_file():
        raise ReleaseError(f"{stack / JSON}: names {name!r}, which does not exist")
    return file.read_bytes()
