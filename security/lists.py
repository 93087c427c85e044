"""Reads lists that people write by hand, as TOML, and reports a mistake in one line."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from security.errors import MisuseError


def read_toml(file: Path) -> dict[str, Any]:
    """The content of the file. Raises MisuseError."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MisuseError(f"{file}: cannot be read as TOML: {error}") from None


def misuse(file: Path, error: ValidationError) -> MisuseError:
    """An error for the first mistake: its place, its value, and what is allowed."""
    problem = error.errors()[0]
    path = ".".join(map(str, problem["loc"]))
    return MisuseError(f"{file.name}: {path} = {problem['input']!r}: {problem['msg']}")
