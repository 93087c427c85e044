"""The lists that people keep by hand, as TOML: read, and what makes no sense in them said in one line."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from security.errors import MisuseError


def content(file: Path) -> dict[str, Any]:
    """Raises MisuseError."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MisuseError(f"{file}: cannot be read as TOML: {error}") from None


def misuse(file: Path, error: ValidationError) -> MisuseError:
    """The first thing that makes no sense: where it stands, what it is, what is allowed."""
    problem = error.errors()[0]
    place = ".".join(map(str, problem["loc"]))
    return MisuseError(f"{file.name}: {place} = {problem['input']!r}: {problem['msg']}")
